"""Whether somebody of whom nothing but who it is is known belongs to a segment.

A load makes such people: they enter every segment whose conditions are met by having no data, such
as "has not bought" or "is not on the list", although the load fills nothing that these look at.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from target_klaviyo.loads import OF_EVERYBODY, bare
from target_klaviyo.payloads import IDENTIFIERS

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_klaviyo.segment_rules import Seen

Condition = dict[str, Any]
Path = tuple[str, ...]

ODD = (LookupError, TypeError, AttributeError)  # a definition of another form than documented
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "equals": operator.eq,
    "not-equals": operator.ne,
    "greater-than": operator.gt,
    "greater-than-or-equal": operator.ge,
    "less-than": operator.lt,
    "less-than-or-equal": operator.le,
}


def takes_newcomers(identifier: str, seen: Seen, path: Path = ()) -> bool:
    """Whether a segment does. `path` holds the segments that this one is a part of."""
    segment = (seen.segments or {}).get(identifier)
    if segment is None or identifier in path:
        return False
    path = (*path, identifier)
    return all(
        any(_met(condition, seen, path) for condition in group)
        for group in segment.condition_groups
    )


def _met(condition: Condition, seen: Seen, path: Path) -> bool:
    rule = _RULES.get(str(condition.get("type")))
    try:
        return rule is not None and rule(condition, seen, path)
    except ODD:
        return True  # in doubt it is


def _property(condition: Condition, _: Seen, __: Path) -> bool:
    name, how = bare(condition["property"]), str(condition["filter"]["operator"])
    if name in IDENTIFIERS or name in OF_EVERYBODY:
        return True  # everybody has some of these; which values is not known
    if how.startswith("length-"):
        return _zero({**condition["filter"], "operator": how.removeprefix("length-")})
    return how.startswith("not-") or how in {"nregex", "phone-country-code-not-in"}


def _count(condition: Condition, _: Seen, __: Path) -> bool:
    return _zero(condition["measurement_filter"])


def _objects(condition: Condition, _: Seen, __: Path) -> bool:
    return _zero(condition["filter"])


def _zero(comparison: Condition) -> bool:
    compare = _COMPARISONS.get(comparison["operator"])
    return compare is None or compare(0, comparison["value"])


def _funnel(condition: Condition, _: Seen, __: Path) -> bool:
    return not any(step["metric_exists"] for step in condition["steps"])


def _group(condition: Condition, seen: Seen, path: Path) -> bool:
    inside = any(takes_newcomers(group, seen, path) for group in condition["group_ids"])
    return inside is bool(condition["is_member"])


def _consent(condition: Condition, _: Seen, __: Path) -> bool:
    """Who never said anything may be mailed, but gets no text message and no push."""
    consent = condition["consent"]
    subscription = consent["consent_status"]["subscription"]
    if consent["can_receive_marketing"]:
        return bool(consent["channel"] == "email" and subscription != "subscribed")
    return bool(consent["channel"] != "email" and subscription != "unsubscribed")


def _permission(condition: Condition, _: Seen, __: Path) -> bool:
    return str(condition["permission"]["reachable_status"]).endswith("unreachable")


def _region(condition: Condition, _: Seen, __: Path) -> bool:
    return not condition["in_region"]


# Distances and predictions are met by nobody without a place or without purchases.
_RULES: dict[str, Callable[[Condition, Seen, Path], bool]] = {
    "profile-property": _property,
    "profile-metric": _count,
    "profile-metric-funnel": _funnel,
    "profile-group-membership": _group,
    "profile-marketing-consent": _consent,
    "profile-permissions": _permission,
    "profile-region": _region,
    "profile-has-custom-object": _objects,
}
