"""People whose e-mail address has changed: their profile follows, the old address gets no mail."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from klaviyo_client import RejectedError as RefusedError
from klaviyo_client.limits import MERGE_PROFILES, PATCH_PROFILE, SUPPRESS, UNSUBSCRIBE

from target_klaviyo.shipments import BLAMES_ITEMS, SUPPRESSIONS, UNSUBSCRIPTIONS, Envelope, encode
from target_klaviyo.valve import NOT_SAID, known_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from klaviyo_client import KlaviyoSession
    from singer_outcomes.queues import Row
    from singer_outcomes.summary import Summary

    from target_klaviyo.people import People
    from target_klaviyo.plan import Plan

CONFLICT, GONE = 409, 404
RENAMED = "e-mail changed: the profile has the new one"
MERGED = "e-mail changed: merged into the profile that has the new one"


class Former(NamedTuple):
    """A profile of the same external id with another address, and what was said about that one."""

    id: str
    opt_outs: frozenset[str]  # reasons


class Identity:
    """Finds profiles by external id, a hundred a request, before their people are imported.

    An opt-out under the old address goes to the new one: Klaviyo keeps opt-outs by address.
    """

    def __init__(
        self, session: KlaviyoSession, people: People, summary: Summary, plan: Plan | None
    ) -> None:
        self._session = session
        self._people = people
        self._summary = summary
        self._plan = plan

    def follow(self, rows: Iterable[Row]) -> None:
        """Give the profiles of these people their new addresses."""
        addresses = {}
        for row in rows:
            external = next((each[3:] for each in row.people if each.startswith("id:")), None)
            if external and "@" in row.people[0]:
                addresses[external] = row.people[0]
        for address, former in self._changed(addresses).items():
            for each in former:
                self._move(each, address)

    def _changed(self, addresses: dict[str, str]) -> dict[str, list[Former]]:
        """New address → profiles of that person with another one."""
        found: defaultdict[str, list[Former]] = defaultdict(list)
        for profile in self._people.find("external_id", addresses, consent=True):
            attributes = profile["attributes"]
            new, old = addresses.get(attributes["external_id"]), attributes.get("email")
            if new and old and old.lower() != new:
                known = known_of("email", attributes.get("subscriptions") or {})
                reasons = frozenset(each.reason for each in known.opt_outs if not each.list_id)
                found[new].append(Former(profile["id"], reasons))
        return found

    def _move(self, former: Former, address: str) -> None:
        if self._plan is not None:
            self._plan.request(PATCH_PROFILE)
            self._plan.renamed(address)
            self._summary.note(RENAMED)
            return
        # First: a run that is killed in between finds no former profile to carry it from.
        self._carry(former, address)
        data: dict[str, Any] = {"type": "profile", "id": former.id}
        body = encode({"data": {**data, "attributes": {"email": address}}})
        try:
            self._session.patch(PATCH_PROFILE, body, path_id=former.id)
            self._summary.note(RENAMED)
        except RefusedError as error:
            # Else another run was first (404), or it is no address to Klaviyo, which the import
            # then says of the row.
            if error.status == CONFLICT:
                self._merge(former, address, error)

    def _merge(self, former: Former, address: str, error: RefusedError) -> None:
        """Pour the old profile into the one that has the new address."""
        kept = next((p.duplicate_id for p in error.problems if p.duplicate_id), None)
        if kept is None:
            found = next(iter(self._people.find("email", [address])), None)
            kept = found["id"] if found else None
        if kept is None or kept == former.id:
            return
        source = {"data": [{"type": "profile", "id": former.id}]}
        data = {"type": "profile-merge", "id": kept, "relationships": {"profiles": source}}
        try:
            self._session.post(MERGE_PROFILES, encode({"data": data}))
        except RefusedError as refusal:
            if refusal.status != GONE:
                raise
            return  # another run was first
        self._summary.note(MERGED)

    def _carry(self, former: Former, address: str) -> None:
        try:
            self._say_no_for(former, address)
        except RefusedError as error:
            if error.status not in BLAMES_ITEMS:
                raise  # else it is no address to Klaviyo, which the import then says of the row

    def _say_no_for(self, former: Former, address: str) -> None:
        profile: dict[str, Any] = {"type": "profile", "attributes": {"email": address}}
        if "USER_SUPPRESSED" in former.opt_outs:
            self._session.post(SUPPRESS, Envelope(SUPPRESSIONS).body([encode(profile)]))
        if former.opt_outs - NOT_SAID:
            profile["attributes"]["subscriptions"] = {
                "email": {"marketing": {"consent": "UNSUBSCRIBED"}}
            }
            self._session.post(UNSUBSCRIBE, Envelope(UNSUBSCRIPTIONS).body([encode(profile)]))
