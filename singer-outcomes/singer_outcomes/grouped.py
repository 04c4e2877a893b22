"""Rejects by stream and reason, told without naming anyone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypedDict

from singer_outcomes.advice import advice
from singer_outcomes.rejects import identity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from singer_outcomes.rejects import Reject

HIDDEN = "(personal: --show)"

_PERSONAL = re.compile(r"@|^\+?[\d\s().\-/]{9,}$")  # an address, or what may be a phone number


class Group(TypedDict):
    """Rejects of one stream for one reason; `newest` is ISO 8601, `key` that of the newest."""

    stream: str
    reason: str
    count: int
    newest: str
    key: str
    replayable: int
    next_step: str


def groups(rejects: Iterable[Reject], own_advice: Mapping[str, str]) -> list[Group]:
    """The most frequent first; of several lines about one record the newest counts."""
    newest = {identity(each): each for each in rejects}
    found: dict[tuple[str, str], Group] = {}
    for each in newest.values():
        stream, reason, at = each["stream"], each["reason"], each.get("rejected_at", "")
        group = found.get((stream, reason))
        if group is None:
            group = found[stream, reason] = {
                "stream": stream,
                "reason": reason,
                "count": 0,
                "newest": "",
                "key": "",
                "replayable": 0,
                "next_step": advice(reason, own_advice),
            }
        group["count"] += 1
        group["replayable"] += each.get("payload") is not None or (
            each.get("record") is not None and bool(each.get("source"))
        )
        if at >= group["newest"]:
            group["newest"], group["key"] = at, _shown(each["key"])
    return sorted(found.values(), key=lambda each: -each["count"])


def _shown(key: str) -> str:
    """A key that is an address or a number names someone."""
    return HIDDEN if any(_PERSONAL.search(part) for part in key.split("|")) else key
