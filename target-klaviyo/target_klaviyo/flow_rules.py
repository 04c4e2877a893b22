"""Whether a load would start a flow: pure functions over the triggers of its definition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from target_klaviyo.newcomers import ODD
from target_klaviyo.segment_rules import entered

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_klaviyo.loads import Load
    from target_klaviyo.segment_rules import Seen

Trigger = dict[str, Any]

# What the audience of a price drop or of a low stock did, by words of its metrics' names.
_AUDIENCES = {"checkout-started": "checkout", "added-to-cart": "cart"}


def could_start(trigger_type: str | None, load: Load) -> bool:
    """Whether a flow whose attributes tell this trigger type is worth a look at its definition."""
    if trigger_type == "Metric":
        return bool(load.metrics or load.consents or load.list_ids)
    if trigger_type in {"Price Drop", "Low Inventory"}:
        return bool(load.metrics or load.history)
    return any(load)


def started(triggers: list[Trigger], trigger_type: str | None, load: Load, seen: Seen) -> str:
    """Why a load starts a flow with these triggers, in plain words; empty: it does not."""
    if not triggers:
        unset = trigger_type in {None, "Unconfigured"}
        return "" if unset else f"its definition does not tell its trigger ({trigger_type})"
    return "; ".join(filter(None, (_reason(trigger, load, seen) for trigger in triggers)))


def _reason(trigger: Trigger, load: Load, seen: Seen) -> str | None:
    kind = str(trigger.get("type"))
    rule = _RULES.get(kind)
    if rule is None:
        return f"its trigger '{kind}' is not known"
    try:
        return rule(trigger, load, seen)
    except ODD:
        return f"its trigger '{kind}' has a form that is not known"


def _metric(trigger: Trigger, load: Load, seen: Seen) -> str | None:
    if not could_start("Metric", load):
        return None
    if seen.metrics is None:
        return "its trigger is a metric whose name could not be read: the key lacks metrics:read"
    name = seen.metrics.get(trigger.get("id") or "")
    if name is None:
        return "its trigger is a metric that is none of the account's, so it cannot be told"
    if name in load.metrics:
        return f"its trigger is the metric '{name}', of which events are sent that are no history"
    if load.makes_native(name):
        return f"its trigger is the metric '{name}', which consents or list members change"
    return None


def _list(trigger: Trigger, load: Load, seen: Seen) -> str | None:
    identifier = trigger.get("id")
    if identifier is None:
        return "its trigger is a list that its definition does not name" if load.list_ids else None
    if identifier not in load.list_ids:
        return None
    return f"people are added to its list '{seen.lists.get(identifier, identifier)}'"


def _segment(trigger: Trigger, load: Load, seen: Seen) -> str | None:
    if seen.segments is None:
        return "its trigger is a segment that could not be read: the key lacks segments:read"
    identifier = trigger.get("id") or ""
    segment = seen.segments.get(identifier)
    if segment is None or segment.definition is None:
        return "its trigger is a segment whose definition Klaviyo does not tell"
    what = entered(identifier, load, seen)
    return what and f"its segment '{segment.name}' {what}"


def _date(trigger: Trigger, load: Load, _: Seen) -> str | None:
    kind = trigger["date_field_type"]
    if kind == "custom-object":
        return None  # no load writes one
    if kind != "profile-property":
        return f"its kind of date, '{kind}', is not known"
    what = load.fills(trigger["date_profile_property"])
    return what and f"its date is {what}, which is filled"


def _catalogue(trigger: Trigger, load: Load, _: Seen) -> str | None:
    for did in trigger["audience"]:
        word = _AUDIENCES.get(did, did)
        for name in sorted(load.metrics | load.history):
            if word in name.lower():
                return f"people with the metric '{name}' may be its audience"
    return None


_RULES: dict[str, Callable[[Trigger, Load, Seen], str | None]] = {
    "metric": _metric,
    "list": _list,
    "segment": _segment,
    "date": _date,
    "price-drop": _catalogue,
    "low-inventory": _catalogue,
}
