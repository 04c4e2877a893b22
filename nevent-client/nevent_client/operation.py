"""What can be known of one thing that Nevent is asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from nevent_client.errors import UnknownError

if TYPE_CHECKING:
    from collections.abc import Mapping

Evidence = Literal["A", "B", "C", "assumed"]
PAGED = MappingProxyType({"page": "page", "size": "size", "sort": "sort", "since": "updatedFrom"})


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing Nevent can be asked.

    `params` maps our names (page, size, sort, since, ids) to the query's, `headers` (key) to those
    of the request; `fields` maps columns to paths in a row, or in the body of a writing one;
    `changed` is the path of the time that `since` filters and `sort` orders by; `subject` is what
    a 404 says is unknown: what the path names. What is not `repeatable` would be done twice if its
    answer got lost and it were asked again.
    """

    evidence: Evidence
    path: str
    method: str = "GET"
    service: Literal["api", "data"] = "api"
    params: Mapping[str, str] = field(default_factory=lambda: PAGED)
    max_size: int = 1000
    max_ids: int = 100
    key: str = "id"
    changed: str = "updatedAt"
    fields: Mapping[str, str] = field(default_factory=dict)
    assumed: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    subject: str = ""
    repeatable: bool = True

    @property
    def label(self) -> str:
        """What messages call it: nothing of the people in its path."""
        return f"{self.method} {self.path}"

    def filled(self, parts: Mapping[str, str]) -> str:
        """The path with these parts in it, each as one step.

        Raises:
            UnknownError: a part that can be no step, and so names nobody.
        """
        for part, value in parts.items():
            if not value.strip(". \t\r\n"):
                raise UnknownError(f"{self.label}: Nevent has nothing with such a value of {part}.")
        return self.path.format(**{part: quote(value, safe="") for part, value in parts.items()})
