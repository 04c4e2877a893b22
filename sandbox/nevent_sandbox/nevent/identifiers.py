"""24-digit hexadecimal ids which tell what they name and, to this sandbox, its number."""

from nevent_sandbox.nevent.arithmetic import mix

_KINDS = {
    "user": "5f1c20aa",
    "event": "5e0b71c4",
    "purchase": "61d4e2b0",
    "ticket": "61d4e2b7",
    "attendance": "62a90f13",
    "performer": "5d3a88e1",
    "newsletter": "5dce4f02",
    "subscription": "63b7c5d9",
    "property": "5c88ab31",
    "segment": "64e01f7a",
    "interaction": "66c3d81e",
}
_LENGTH = 24
_DIGITS = 8


class Identifiers:
    """Makes and reads the ids of one seed; ids of a kind sort by their numbers."""

    def __init__(self, seed: int) -> None:
        tag = f"{mix(seed, 77) & 0xFFFFFFFF:08x}"
        self._prefixes = {kind: prefix + tag for kind, prefix in _KINDS.items()}

    def prefix(self, kind: str) -> str:
        """The first 16 digits of every id of a kind; the rest is the number, in 8."""
        return self._prefixes[kind]

    def make(self, kind: str, number: int) -> str:
        """The id of the number-th thing of a kind."""
        return f"{self._prefixes[kind]}{number:08x}"

    def number(self, kind: str, identifier: str) -> int | None:
        """The number behind an id; None for what is no id of this kind and seed."""
        prefix = self._prefixes[kind]
        if len(identifier) != _LENGTH or not identifier.startswith(prefix):
            return None
        try:
            return int(identifier[-_DIGITS:], 16)
        except ValueError:
            return None
