"""What can be said of an operation, and of a limit that its query brings with it."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Operation(NamedTuple):
    """One method on one path. Limits are requests per second, minute and day."""

    name: str  # "GET /api/profiles/{id}"
    burst: int
    steady: int
    scopes: str  # separated by spaces
    daily: int | None = None
    page: tuple[int, int] | None = None  # default and most; None: no page[size]
    sorts: str = ""
    filters: Mapping[str, str] = MappingProxyType({})
    includes: str = ""
    fields: str = ""  # resource types that take fields[…]
    additional: str = ""  # "profile" takes additional-fields[profile]
    cursor: bool = False
    report_cursor: bool = False  # page_cursor, as reports have it

    @property
    def method(self) -> str:
        """GET, POST, PATCH or DELETE."""
        return self.name.partition(" ")[0]

    @property
    def path(self) -> str:
        """The path template."""
        return self.name.partition(" ")[2]


class ExtraLimit(NamedTuple):
    """A stricter limit that a query brings with it, counted across operations and in addition."""

    parameter: str
    value: str
    burst: int
    steady: int
    operation: str | None = None  # None: whichever takes the parameter
