"""Erased people: every profile of theirs is deleted, and what is kept of them here is purged."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from klaviyo_client import RejectedError as RefusedError
from klaviyo_client.limits import DELETE_PERSON
from singer_outcomes.tombstones import theirs_alone

from target_klaviyo.refusals import told
from target_klaviyo.shipments import BLAMES_ITEMS, decode, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from klaviyo_client import KlaviyoSession
    from singer_outcomes.fates import Fates
    from singer_outcomes.queues import Row
    from singer_outcomes.tombstones import Tombstones

    from target_klaviyo.people import People
    from target_klaviyo.plan import Plan
    from target_klaviyo.records import Records

NOT_FOUND = 404


class Deletions:
    """Klaviyo takes one identifier a request; a person may have several profiles.

    Args:
        purge: removes what is kept of people here (rejects), told all their identifiers.
    """

    def __init__(
        self,
        session: KlaviyoSession,
        fates: Fates,
        people: People,
        records: Records,
        tombstones: Tombstones,
        *,
        purge: Callable[[Sequence[str]], None],
        plan: Plan | None,
    ) -> None:
        self._session = session
        self._fates = fates
        self._people = people
        self._records = records
        self._tombstones = tombstones
        self._purge = purge
        self._plan = plan

    def deliver(self, rows: list[Row]) -> None:
        """Delete these people's profiles and settle the rows; a body holds the identifiers."""
        people: list[tuple[Row, dict[str, str]]] = [(row, decode(row.body)) for row in rows]
        profiles = self._people.profiles(people)
        for row, identifiers in people:
            own = [each for each in profiles.get(id(row), ()) if _theirs(each, identifiers)]
            wanted = _wanted(own, identifiers)
            try:
                for each in wanted:
                    self._delete(row, each)
            except RefusedError as error:
                if error.status not in BLAMES_ITEMS or not error.problems:
                    raise
                problem = error.problems[0]
                reason = told(problem)
                self._fates.refuse(row, reason, pointer=problem.pointer, payload=identifiers)
                continue
            self._forget(row, _held(own))
            self._fates.settle([row], "accepted" if wanted else "unchanged")

    def _delete(self, row: Row, profile: dict[str, Any]) -> None:
        streams = {origin.sink.stream_name for origin in row.origins}
        if self._plan is not None:
            self._plan.request(DELETE_PERSON)
            self._fates.summary.request(streams, waited=0)
            return
        data = {"type": "profile", **profile}
        body = {
            "type": "data-privacy-deletion-job",
            "attributes": {"profile": {"data": data}},
        }
        before = self._session.waited_here()
        try:
            self._session.post(DELETE_PERSON, encode({"data": body}))
        except RefusedError as error:
            if error.status != NOT_FOUND:
                raise  # else gone already
        finally:
            self._fates.summary.request(streams, waited=self._session.waited_here() - before)

    def _forget(self, row: Row, held: list[str]) -> None:
        """From now on nothing of this person is sent, and nothing of them is kept.

        `held` are addresses and numbers under which Klaviyo knew them.
        """
        if self._plan is not None:
            return
        people = tuple(dict.fromkeys((*theirs_alone(row.people), *held)))
        self._tombstones.add(people, at=datetime.now(tz=UTC))
        self._purge(people)
        self._records.acted("delete", [people], reason="erased in the source")


def _held(profiles: list[dict[str, Any]]) -> list[str]:
    """E-mails and phone numbers of a person's own profiles."""
    return [
        str(value).lower()
        for each in profiles
        for value in (each["attributes"].get("email"), each["attributes"].get("phone_number"))
        if value
    ]


def _theirs(profile: dict[str, Any], identifiers: dict[str, str]) -> bool:
    """Whether a profile is of this person, and not only of somebody with the same phone."""
    attributes = profile["attributes"]
    if profile["id"] == identifiers.get("id"):
        return True
    pairs = [(identifiers.get(each), attributes.get(each)) for each in ("email", "external_id")]
    known = [(own, its) for own, its in pairs if own and its]
    if any(own.lower() == its.lower() for own, its in known):
        return True
    return not known and attributes.get("phone_number") == identifiers.get("phone_number")


def _wanted(own: list[dict[str, Any]], identifiers: dict[str, str]) -> list[dict[str, Any]]:
    """What to delete: the profiles found, and whoever Klaviyo knows and does not show yet."""
    wanted: list[dict[str, Any]] = [{"id": each["id"], "attributes": {}} for each in own]
    shown = {str(each["attributes"].get("email")).lower() for each in own}
    email, phone = identifiers.get("email"), identifiers.get("phone_number")
    if email and email not in shown:
        wanted.append({"attributes": {"email": email}})
    elif phone and not email and not own:
        wanted.append({"attributes": {"phone_number": phone}})
    return wanted
