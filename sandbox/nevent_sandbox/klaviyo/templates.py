"""JSON that a thousand resources of a page share, written once and filled in for each.

All of it is bytes: text with a letter beyond ASCII would be widened, and narrowed again, each time.
"""

from __future__ import annotations

import re
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_PLACE = re.compile(rb'"@=([a-z0-9_.]+)@"|@([a-z0-9_.]+)@')
_encode = msgspec.json.Encoder().encode


def within(name: str) -> str:
    """A place inside of a text, for plain characters."""
    return f"@{name}@"


def instead(name: str) -> str:
    """A place for a whole value, which is given as JSON."""
    return f"@={name}@"


class Template:
    """A document with places in it; `names` are those that it has, each once for every time."""

    def __init__(self, document: Any) -> None:
        self.names: list[str] = []

        def placed(found: re.Match[bytes]) -> bytes:
            self.names.append((found[1] or found[2]).decode())
            return b"%b"

        self._text = _PLACE.sub(placed, _encode(document).replace(b"%", b"%%"))

    def filler(self, order: Sequence[str]) -> Callable[[Sequence[bytes]], msgspec.Raw]:
        """Makes the document of the parts with these names, given in this order."""
        text = self._text
        picked = itemgetter(*(order.index(name) for name in self.names))
        return lambda parts: msgspec.Raw(text % picked(parts))
