"""Changes of consent: who subscribed, objected, or left a list."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from klaviyo_client import ForbiddenError
from klaviyo_client.limits import GET_EVENTS, GET_PROFILES, MAX_EVENTS_PAGE
from klaviyo_client.own_metrics import LEFT_LIST
from singer_outcomes.bookmark import written
from typing_extensions import override

from tap_klaviyo_engagement import people
from tap_klaviyo_engagement.client import ChangingStream
from tap_klaviyo_engagement.consents import Consent, consents
from tap_klaviyo_engagement.spans import Collection, Reader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from singer_sdk.helpers.types import Context, Record

_SUPPRESSIONS = (
    "subscriptions.email.marketing.suppression.timestamp",
    "subscriptions.email.marketing.list_suppressions.timestamp",
)
_OVERLAP = timedelta(hours=1)
_TELLING = ("subscribed", "unsubscribed", "spam", "bounced", LEFT_LIST)  # types of metrics


class ConsentChangesStream(ChangingStream):
    """A row for each channel of a person whose consent changed, and for each list they left.

    Nobody documents that a change of consent moves a profile's `updated`, and a suppression by
    hand writes no event. So people are found in three ways: by the time of their suppressions, by
    Klaviyo's events about consent, by `updated`. What a row says is the person's state when read.
    """

    name = "consent_changes"
    operations = (GET_PROFILES,)
    keys = ("profile_id", "channel")
    changed_key = "changed_at"

    @override
    def records(self) -> Iterator[Record]:
        started = written(self.run.started)
        since = self.bookmark.since
        seen: set[str] = set()
        if since is not None:
            yield from self._changed(self._suppressed(since), "suppression", seen)
            yield from self._changed(self._told_of(since, seen), "event", seen)
        yield from self._changed(self._updated(since), "profile", seen)
        self.bookmark.reach(started)
        if self.replication_method == "INCREMENTAL":
            self.stream_state["replication_key"] = self.changed_key
            self.stream_state["profiles_until"] = started

    @override
    def identity(self, record: Record) -> tuple[str, ...]:
        """The state that it tells: who is found again, unchanged, is not given again."""
        columns = ("profile_id", "channel", "list_id", "status", "reason", "changed_at")
        return tuple(str(record[each]) for each in (*columns, "consented_at", "can_receive"))

    @override
    def _increment_stream_state(
        self, latest_record: Record, *, context: Context | None = None
    ) -> None:
        """Remember the record; the bookmark moves when everybody has been looked at."""
        if self.replication_method == "INCREMENTAL":
            self.bookmark.meet(latest_record["recorded_at"], *self.identity(latest_record))

    def _changed(
        self, profiles: Iterable[people.Resource], basis: str, seen: set[str]
    ) -> Iterator[Record]:
        since = self.bookmark.since or ""
        for profile in profiles:
            if profile["id"] in seen:
                continue
            if since:  # without one nobody is met twice, and seen would hold the whole audience
                seen.add(profile["id"])
            for consent in consents(profile["attributes"]):
                if consent.recorded_at >= since:
                    yield self._record(profile, consent, basis)

    def _record(self, profile: people.Resource, consent: Consent, basis: str) -> Record:
        group = self.run.catalogue.group(consent.list_id) if consent.list_id else None
        return {
            **people.identity(profile),
            **consent._asdict(),
            "basis": basis,
            "list_name": group.name if group else None,
        }

    def _suppressed(self, since: str) -> Iterator[people.Resource]:
        return self._read(
            Collection(GET_PROFILES, field, people.ASKED, since) for field in _SUPPRESSIONS
        )

    def _updated(self, since: str | None) -> Iterator[people.Resource]:
        """Everybody on a first run.

        `updated` is Klaviyo's own clock and shows within minutes, while a look-back of days would
        read all whom anything touched in those days, run after run.
        """
        until = self.bookmark.moment(self.stream_state.get("profiles_until")) if since else None
        if until:
            since = written(datetime.fromisoformat(until) - _OVERLAP)
        field = "updated" if since else "created"
        return self._read([Collection(GET_PROFILES, field, people.ASKED, since, inclusive=False)])

    def _told_of(self, since: str, seen: set[str]) -> Iterator[people.Resource]:
        """The people of Klaviyo's events about consent who are not at hand yet."""
        asked = {"fields[event]": "datetime", "page[size]": str(MAX_EVENTS_PAGE)}
        found: dict[str, None] = {}
        try:
            collections = [
                Collection(
                    GET_EVENTS, "datetime", asked, since, where=f'equals(metric_id,"{each.id}")'
                )
                for each in self.run.metrics.of(_TELLING)
            ]
            for event in self._read(collections):
                related = (event.get("relationships") or {}).get("profile") or {}
                person = (related.get("data") or {}).get("id")  # not every event has one
                if person and person not in seen:
                    found[person] = None
        except ForbiddenError as exc:
            self.log(
                "%s Changes of consent are found by suppressions and profiles only.",
                exc,
                level=30,
            )
        return people.read(self.run.session, found, concurrency=self.config["concurrency"])

    def _read(self, collections: Iterable[Collection]) -> Iterator[people.Resource]:
        reader = Reader(self.run.session, self.config["concurrency"])
        for page in reader.pages(collections):
            yield from page.rows
