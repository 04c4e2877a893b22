"""What events can be told apart and filtered by, in SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nevent_sandbox.klaviyo.attribution import LAST_TOUCH
from nevent_sandbox.klaviyo.metrics import NATIVE_SERVICE
from nevent_sandbox.klaviyo.touching import METRICS

if TYPE_CHECKING:
    from collections.abc import Iterable

_CHANNELS = {"email": "email", "sms": "sms", "mobile_push": "push-notification"}


def _channel(event: str) -> str:
    """Of the message that an event of Klaviyo's own is about: its metric's name tells."""
    cases = " ".join(
        f"WHEN '{name}' THEN '{_CHANNELS[channel]}'"
        for channel, names in METRICS.items()
        for name in names.values()
    )
    return (
        f"(SELECT CASE told.name {cases} END FROM events of JOIN metrics told "  # noqa: S608  # our own names
        f"ON told.n = of.metric WHERE of.n = {event})"
    )


_OWED = (  # what an event is owed to; Klaviyo's own are owed to nothing
    "LEFT JOIN touches owed ON owed.event = "  # noqa: S608  # our own names
    "CASE (SELECT service FROM metrics WHERE n = e.metric) "
    f"WHEN '{NATIVE_SERVICE}' THEN NULL ELSE {LAST_TOUCH} END"
)
_OWN = "LEFT JOIN touches own ON own.event = e.n"
_COMPUTED = {
    "$attributed_channel": _channel("owed.event"),
    "$attributed_flow": "(SELECT id FROM flows WHERE n = owed.flow)",
    "$attributed_message": "owed.message",
    "$attributed_variation": "NULL",
    "$campaign_channel": f"CASE WHEN own.campaign IS NOT NULL THEN {_channel('own.event')} END",
    "$flow_channel": f"CASE WHEN own.flow IS NOT NULL THEN {_channel('own.event')} END",
    "$value_currency": "e.currency",
}


def column(dimension: str) -> str:
    """Where SQL finds a dimension of event `e`: computed, or among its properties."""
    computed = _COMPUTED.get(dimension)
    if computed is not None:
        return computed
    return f"CAST(json_extract(CAST(e.properties AS TEXT), '$.\"{dimension}\"') AS TEXT)"


def tables(dimensions: Iterable[str]) -> str:
    """What must be joined for these dimensions."""
    used = " ".join(column(each) for each in dimensions)
    return " ".join(join for join, name in ((_OWED, "owed."), (_OWN, "own.")) if name in used)


def told(value: str | None) -> str:
    """A dimension's value in an answer; one that an event lacks is empty."""
    return value or ""
