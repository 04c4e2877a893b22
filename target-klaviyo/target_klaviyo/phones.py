"""Whose phone number is whose, of the people read last."""

from __future__ import annotations

MOST = 100_000  # numbers of one generation, some 80 bytes each; two are kept


class Phones:
    """Tells that a number is another person's before Klaviyo does.

    Klaviyo gives a number to one profile only and fails the others, an import error each; of those
    it tells 250 a second, a hundredth of what it imports. Families share numbers, so that binds.

    Of the owner a byte is kept: of 256 other owners one is taken for the first, and then it is
    Klaviyo who tells.
    """

    def __init__(self) -> None:
        self._owners: dict[int, int] = {}
        self._before: dict[int, int] = {}

    def of_another(self, number: str, owner: str) -> bool:
        """Whether somebody else was read with this number before.

        Args:
            number: in E.164.
            owner: who has it now, by what stays the same when an address changes.
        """
        key, mine = int(number), hash(owner) & 0xFF
        first = self._owners.get(key)
        if first is None:
            if len(self._owners) >= MOST:
                self._before, self._owners = self._owners, {}
            first = self._owners[key] = self._before.get(key, mine)
        return first != mine
