"""Whether a load may put people into a segment: pure functions over its definition.

Groups of conditions are ANDed, conditions inside a group ORed (`SegmentDefinition`, OpenAPI
revision 2026-07-15). Somebody may enter a segment because the load changes what a condition looks
at, or as a newcomer. What is not known is taken as a dependence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from target_klaviyo.loads import bare
from target_klaviyo.newcomers import ODD, takes_newcomers
from target_klaviyo.payloads import LOCATION

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from target_klaviyo.loads import Load

Condition = dict[str, Any]
Path = tuple[str, ...]


class Segment(NamedTuple):
    """A segment as Klaviyo tells it."""

    name: str
    definition: dict[str, Any] | None

    @property
    def condition_groups(self) -> list[list[Condition]]:
        """The conditions, group by group."""
        groups = (self.definition or {}).get("condition_groups") or ()
        return [list(group.get("conditions") or ()) for group in groups]

    @property
    def conditions(self) -> list[Condition]:
        """The conditions of all groups."""
        return [condition for group in self.condition_groups for condition in group]

    @property
    def groups(self) -> set[str]:
        """Ids of the lists and segments that it refers to."""
        return {each for condition in self.conditions for each in condition.get("group_ids") or ()}


class Seen(NamedTuple):
    """What was read of an account; None where the key may not look."""

    metrics: Mapping[str, str] | None  # id to name
    segments: Mapping[str, Segment] | None
    lists: Mapping[str, str]  # id to name, as far as looked up


def entered(identifier: str, load: Load, seen: Seen) -> str | None:
    """Why the load may put people into this segment, as what the segment does; None: it cannot.

    "depends on the property vip_status", "takes in people who are new to Klaviyo".
    """
    if what := _changed(identifier, load, seen, ()):
        return f"depends on {what}"
    if takes_newcomers(identifier, seen):
        return "takes in people who are new to Klaviyo"
    return None


def _changed(identifier: str, load: Load, seen: Seen, path: Path) -> str | None:
    """What a segment's conditions look at and the load changes."""
    segment = (seen.segments or {}).get(identifier)
    if segment is None or identifier in path:
        return None
    for condition in segment.conditions:
        kind = str(condition.get("type"))
        rule = _RULES.get(kind)
        if rule is None:
            return f"a condition of an unknown kind, '{kind}'"
        try:
            what = rule(condition, load, seen, (*path, identifier))
        except ODD:
            return f"a condition '{kind}' of an unknown form"
        if what:
            return what
    return None


def _property(condition: Condition, load: Load, _: Seen, __: Path) -> str | None:
    return load.fills(condition["property"])


def _metric(condition: Condition, load: Load, seen: Seen, _: Path) -> str | None:
    return _counted(condition["metric_id"], load, seen)


def _funnel(condition: Condition, load: Load, seen: Seen, _: Path) -> str | None:
    counted = (_counted(step["metric_id"], load, seen) for step in condition["steps"])
    return next(filter(None, counted), None)


def _counted(identifier: str, load: Load, seen: Seen) -> str | None:
    if not load.happens:
        return None
    if seen.metrics is None:
        return "a metric whose name could not be read: the key lacks metrics:read"
    name = seen.metrics.get(identifier)
    if name is None:
        return f"the metric {identifier}, which is none of the account's"
    if name in load.metrics or name in load.history or load.makes_native(name):
        return f"the metric '{name}'"
    return None


def _group(condition: Condition, load: Load, seen: Seen, path: Path) -> str | None:
    for group in condition["group_ids"]:
        if group in load.list_ids:
            return f"the list '{seen.lists.get(group, group)}'"
        if what := _changed(group, load, seen, path):
            return f"the segment '{(seen.segments or {})[group].name}', which depends on {what}"
    return None


def _consent(condition: Condition, load: Load, _: Seen, __: Path) -> str | None:
    channel = condition["consent"]["channel"]
    return f"consent by {channel}" if channel in load.consents else None


def _permission(condition: Condition, load: Load, _: Seen, __: Path) -> str | None:
    channel = condition["channel"].partition("_")[0]  # whatsapp_marketing
    return f"consent by {channel}" if channel in load.consents else None


def _place(_: Condition, load: Load, __: Seen, ___: Path) -> str | None:
    places = sorted({bare(name) for name in load.attributes} & LOCATION)
    return f"the attribute {places[0]}" if places else None


def _prediction(_: Condition, load: Load, __: Seen, ___: Path) -> str | None:
    return "predictions, which events change" if load.metrics or load.history else None


def _untouched(_: Condition, __: Load, ___: Seen, ____: Path) -> str | None:
    return None


_RULES: dict[str, Callable[[Condition, Load, Seen, Path], str | None]] = {
    "profile-property": _property,
    "profile-metric": _metric,
    "profile-metric-funnel": _funnel,
    "profile-group-membership": _group,
    "profile-marketing-consent": _consent,
    "profile-permissions": _permission,
    "profile-region": _place,
    "profile-postal-code-distance": _place,
    "profile-predictive-analytics": _prediction,
    "profile-has-custom-object": _untouched,
}
