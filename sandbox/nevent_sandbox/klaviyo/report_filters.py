"""Filters inside bodies: the grammar of the query's, refused with a pointer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nevent_sandbox.klaviyo.errors import ApiError, invalid, refused
from nevent_sandbox.klaviyo.filters import Condition, read

if TYPE_CHECKING:
    from collections.abc import Mapping

POINTER = "/data/attributes/filter"
MOST_ITEMS = 100
CHANNELS = ("email", "sms", "push-notification", "whatsapp")
_SEVERAL = frozenset({"any", "contains-any", "contains-all"})


def conditions(
    text: str | None, allowed: Mapping[str, str], pointer: str = POINTER
) -> list[Condition]:
    """The conditions of a filter, all of which must hold; `allowed` names operators by field.

    Raises:
        ApiError: 400 for a broken filter, and for what the report does not filter by.
    """
    if not text:
        return []
    try:
        found = read(text)
    except ApiError:
        raise refused(invalid("Invalid filter provided.", pointer)) from None
    for each in found:
        problem = _problem(each, allowed)
        if problem:
            raise refused(invalid(problem, pointer))
    return found


def once(found: list[Condition], pointer: str = POINTER) -> list[Condition]:
    """The same conditions, no two of which are about one field.

    Raises:
        ApiError: 400, two are.
    """
    if len({each.field for each in found}) < len(found):
        raise refused(invalid("Only one filter can be used per attribute.", pointer))
    return found


def holds(condition: Condition, value: str | None) -> bool:
    """Whether a value is the one, or among those, that a condition asks for."""
    wanted = condition.value if isinstance(condition.value, list) else [condition.value]
    return value in wanted


def _problem(condition: Condition, allowed: Mapping[str, str]) -> str | None:
    op, field, value = condition
    if op not in allowed.get(field, "").split():
        return f"'{op}' is not an allowed filter operator for '{field}'."
    values = value if isinstance(value, list) else [value]
    if (op in _SEVERAL) != isinstance(value, list) or not all(isinstance(v, str) for v in values):
        return f"'{op}' does not take this kind of value."
    if len(values) > MOST_ITEMS:
        return f"'{op}' takes {MOST_ITEMS} items at most."
    if field == "send_channel" and not set(values) <= set(CHANNELS):
        return f"'send_channel' takes {', '.join(CHANNELS)}."
    return None
