"""Erased people: every profile of theirs is deleted, and what is kept of them here is purged."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from klaviyo_client import RejectedError as RefusedError
from klaviyo_client.limits import DELETE_PERSON

from target_klaviyo.fates import told
from target_klaviyo.shipments import BLAMES_ITEMS, decode, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from klaviyo_client import KlaviyoSession
    from singer_outcomes.tombstones import Tombstones

    from target_klaviyo.fates import Fates
    from target_klaviyo.people import People
    from target_klaviyo.plan import Plan
    from target_klaviyo.queues import Row
    from target_klaviyo.records import Records

REACHED_BY = ("email", "phone_number")
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
        profiles = self._people.ids(people)
        for row, identifiers in people:
            wanted: list[dict[str, Any]] = [
                {"id": each, "attributes": {}} for each in profiles.get(id(row), ())
            ]
            if not wanted:  # Klaviyo may know them and not show them yet
                one = next((each for each in REACHED_BY if each in identifiers), None)
                wanted = [{"attributes": {one: identifiers[one]}}] if one else []
            try:
                for each in wanted:
                    self._delete(row, each)
            except RefusedError as error:
                if error.status not in BLAMES_ITEMS or not error.problems:
                    raise
                problem = error.problems[0]
                self._fates.refuse(row, told(problem), pointer=problem.pointer, payload=identifiers)
                continue
            self._forget(row)
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

    def _forget(self, row: Row) -> None:
        """From now on nothing of this person is sent, and nothing of them is kept."""
        if self._plan is not None:
            return
        self._tombstones.add(row.people, at=datetime.now(tz=UTC))
        self._purge(row.people)
        self._records.acted("delete", [row.people], reason="erased in the source")
