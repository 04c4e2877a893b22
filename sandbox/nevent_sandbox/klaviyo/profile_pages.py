"""Pages of profiles, found by filters and sorted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nevent_sandbox.klaviyo import optouts
from nevent_sandbox.klaviyo.documents import collection
from nevent_sandbox.klaviyo.filters import where
from nevent_sandbox.klaviyo.paging import Selection, page
from nevent_sandbox.klaviyo.profile_texts import profile_texts
from nevent_sandbox.klaviyo.profiles import COLUMNS, FILTERS, narrowed

if TYPE_CHECKING:
    from nevent_sandbox.klaviyo.calls import Answer, Call

_SORTS = {"created": "p.created", "updated": "p.updated", "id": "p.id"}
_DATED = frozenset({"created", "updated"})
_SORTS["email"] = "coalesce(p.email, '')"


def list_profiles(call: Call) -> Answer:
    """One page of profiles; unsorted ones come in order of creation."""
    if not _DATED.isdisjoint([each.field for each in call.query.conditions]) or (
        (call.query.sort or "").removeprefix("-") in _DATED
    ):
        call.account.store.index("profiles")
    now = call.account.clock.time()
    plain = [each for each in call.query.conditions if each.field in FILTERS]
    clauses, values = where(plain, FILTERS, now)
    sort = call.query.sort or "n"
    found_by = optouts.source(call.query.conditions, call.query.sort, now)
    near, numbers = narrowed(call, "p.n")
    selection = Selection(
        COLUMNS,
        found_by.tables,
        ["p.visible <= ?", *clauses, *near, *found_by.clauses],
        [now, *values, *numbers, *found_by.values],
        _SORTS.get(sort.removeprefix("-"), found_by.sort),
        found_by.n,
        descending=sort.startswith("-"),
    )
    found = page(call.account.store.reading(), selection, call.query)
    return collection(call, profile_texts(call, [row[2:] for row in found.rows]), found)


HANDLERS = {"GET /api/profiles": list_profiles}
