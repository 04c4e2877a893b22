"""What fans' purchases, attendance and likes add up to, for those concerned by a change."""

from __future__ import annotations

import json
import logging
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from nevent_client.analytics import Filter, groups, where
from nevent_client.errors import NotServedError, RefusedError
from nevent_client.paging import chunked
from typing_extensions import override

from tap_nevent.activity import Facts, Programme, Rules, activity
from tap_nevent.client import ChangingStream
from tap_nevent.concerts import Artist
from tap_nevent.people import identity
from tap_nevent.streams.concerned import Concerned
from tap_nevent.streams.orders import COMPLETED

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence

    from nevent_client.rows import Page, Row
    from singer_sdk.helpers.types import Context, Record

_VALID = ("ACTIVE", "USED", "TRANSFERRED")  # the last one is its new holder's
_CHECKED = ("CHECKED_IN", "CHECKED_OUT")


class FanActivityStream(ChangingStream):
    """One row a fan: totals, first and last, next, favourites, VIP."""

    name = "fan_activity"
    operation = "analytics"
    keys = ("fan_id",)
    changed_key = "activity_at"

    @override
    def get_records(self, context: Context | None) -> Iterable[Record]:
        self._uncounted: Counter[str] = Counter()
        state = self.stream_state if self.replication_method == "INCREMENTAL" else {}
        settings, reached = self._settings(), self.run.started
        try:
            if self.bookmark.value is None:
                reached = yield from self._everybody(state)
            else:
                concerned = Concerned(self.run, self.bookmark)
                yield from self._of(self.run.people.by_ids(sorted(concerned.fans())), ranged=False)
                concerned.remember()
                yield from self._under_other_rules(state.get("settings"), concerned)
        except (NotServedError, RefusedError) as exc:
            self._refuse_to_vanish(exc)
            self.log(
                "%s Stream '%s' needs these analytics and is left out.",
                *(exc, self.name),
                level=logging.WARNING,
            )
            return
        state |= {"settings": settings, "served": True}
        self.bookmark.reach(reached)
        for currency, number in self._uncounted.items():
            self.log(
                "total_spent leaves out %d fans' purchases in %s: exchange_rates has no rate.",
                *(number, currency),
                level=logging.WARNING,
            )

    @override
    def _increment_stream_state(
        self, latest_record: Record, *, context: Context | None = None
    ) -> None:
        """Nothing: the bookmark moves when all who are concerned are through."""

    def _everybody(self, state: dict[str, Any]) -> Generator[Record, None, str]:
        """All fans; a run cut short goes on at its last page. Returns when the first one began."""
        first = state.setdefault("first_run", {"at": self.run.started, "fans": 0})
        size = self.run.pager.page_size
        start = max(first["fans"] // size - 1, 0)
        for number, page in self._by_id(start, first.get("total")):
            yield from self._of(page.rows, ranged=True)
            first |= {"fans": (number + 1) * size, "total": page.total}
        del state["first_run"]
        return str(first["at"])

    def _by_id(self, first: int = 0, total: int | None = None) -> Iterator[tuple[int, Page]]:
        """All fans, in the order of their ids."""
        query = {"sort": "id,asc"}
        return self.run.pager.unskipped("users", query=query, first=first, total=total)

    def _under_other_rules(self, before: str | None, concerned: Concerned) -> Iterator[Record]:
        """After a change of settings, the fans of whom they now say something else."""
        if before in {None, self._settings()}:
            return
        old = Rules(**json.loads(before or "{}"))
        for _, page in self._by_id():
            rows = [row for row in page.rows if row["id"] not in concerned.found]
            yield from self._of(rows, ranged=True, old=old)

    def _of(
        self, fans: Iterable[Row], *, ranged: bool, old: Rules | None = None
    ) -> Iterator[Record]:
        size = self.run.pager.page_size if ranged else self.run.session.operation("users").max_ids
        chunks = chunked(fans, size)

        def known(some: tuple[Row, ...]) -> tuple[list[Row], dict[str, Facts]]:
            people = [each for each in some if self.run.people.rule.granted(each)]
            return people, self._facts([each["id"] for each in people], ranged=ranged)

        if "music" in self.run.groups:  # read here: in a thread it would wait for threads
            _ = self.run.concerts.artists
        for people, facts in self.run.pager.each(known, chunks):
            programme = self._programme(facts)
            for fan in people:
                found = facts[fan["id"]]
                record = activity(fan, found, programme, self.run.rules)
                if old and activity(fan, found, programme, old) == record:
                    continue
                self._uncounted.update(
                    {c for c, _ in found.spent} - {self.run.rules.currency, *self.run.rules.rates}
                )
                person = {**identity(fan), "country": fan.get("country")}
                yield {**record, **person, "activity_at": self.run.started}

    def _facts(self, ids: Sequence[str], *, ranged: bool) -> dict[str, Facts]:
        """What analytics tell of these fans, in four questions whatever their number."""
        facts: dict[str, Facts] = defaultdict(Facts)
        if not ids:
            return facts
        whom: list[Filter] = [where("user_id", "in", list(ids))]
        if ranged:  # neighbours by id: two bounds say as much as a thousand ids
            whom = [where("user_id", "gte", min(ids)), where("user_id", "lte", max(ids))]
        on, session = self.run.groups, self.run.session
        if "attendance" in on:
            some = [*whom, where("status", "in", list(_CHECKED))]
            for row in groups(session, "attendance", by=["user_id", "event_id"], filters=some):
                facts[row["user_id"]].attended.append(row["event_id"])
        if "purchases" in on:
            completed = [*whom, where("state", "in", list(COMPLETED))]
            sums = {"total": "total_price", "back": "refunded_amount"}
            by = ["user_id", "currency"]
            for row in groups(session, "purchases", by=by, sums=sums, filters=completed):
                cents = int(row["total"] or 0) - int(row["back"] or 0)
                facts[row["user_id"]].spent.append((row["currency"], cents))
            valid = [*completed, where("status", "in", list(_VALID))]
            by = ["user_id", "event_id", "ticket_type", "vip"]
            for row in groups(session, "tickets", by=by, filters=valid):
                ticket = (row["event_id"], str(row["ticket_type"]), bool(row["vip"]))
                facts[row["user_id"]].tickets.append(ticket)
        if "music" in on:
            by = ["user_id", "performer_id", "performer_name"]
            for row in groups(session, "likes", by=by, filters=whom):
                artist = Artist(row["performer_name"], ())
                known = self.run.concerts.artists.get(row["performer_id"], artist)
                facts[row["user_id"]].liked.append(known)
        return facts

    def _programme(self, facts: dict[str, Facts]) -> Programme:
        concerts, now = self.run.concerts, self.run.started
        lineups = {}
        if "music" in self.run.groups:
            wanted = {each for fan in facts.values() for each in fan.attended}
            wanted |= {each.id for each in concerts.all.values() if each.is_on_sale(now)}
            concerts.read_lineups(wanted)
            lineups = {each: concerts.lineup(each) for each in wanted}
        return Programme(concerts.all, lineups, now)

    def _settings(self) -> str:
        rules = self.run.rules
        told = {
            "currency": rules.currency,
            "rates": dict(rules.rates),
            "vip": rules.vip,
            "vip_definition": rules.vip_definition,
        }
        return json.dumps(told, sort_keys=True)
