"""A tenant's own fields of fans: by their technical names, in the types they are defined with."""

from __future__ import annotations

from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING, Any

from nevent_client.paging import Pager
from singer_outcomes.rejects import RejectedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_nevent.calls import Calls

Columns = dict[str, Any]
_DATE = len("2026-01-31")


class CustomFields:
    """The definitions of the tenant, read once."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def __contains__(self, name: str) -> bool:
        return name in self._definitions

    def value(self, name: str, custom: Columns) -> Any:
        """What a fan has in this field, `custom` being values by definition id."""
        return custom.get(self._definitions[name]["id"])

    def body(self, values: Mapping[str, Any]) -> list[Columns]:
        """These values by technical name as Nevent takes them."""
        return [
            {"propertyDefinitionId": self._definitions[name]["id"], "value": value}
            for name, value in values.items()
        ]

    def moment(self, name: str, at: str) -> str:
        """A time as this field takes it: a date where it holds dates."""
        return at[:_DATE] if self._definitions[name]["dataType"] == "DATE" else at

    def fit(self, name: str, value: Any) -> Any:
        """A value in the type of this field.

        Raises:
            RejectedError: it is none of that type.
        """
        kind = self._definitions[name]["dataType"]
        if value is None or (kind == "LIST" and isinstance(value, list)):
            return value
        text = str(value)
        if kind == "BOOLEAN" and text.lower() in {"true", "false"}:
            return text.lower() == "true"
        if kind == "NUMBER" and not isinstance(value, bool):
            try:
                number = float(text)
            except ValueError:
                pass  # told below
            else:
                return int(number) if number.is_integer() else number
        if kind in {"BOOLEAN", "NUMBER", "LIST"}:
            raise RejectedError(f"{kind} is wanted by the custom field", column=name)
        return text

    @cached_property
    def _definitions(self) -> dict[str, Columns]:
        pager = Pager(self._calls.session)
        rows: list[Columns] = []
        for number in count():
            page = pager.page("properties", number)
            rows += page.rows
            if page.last:
                break
        return {row["name"]: row for row in rows if row.get("propertyType") == "CUSTOM"}
