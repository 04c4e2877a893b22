"""Fans, those who took consent back, and those erased."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from nevent_client.errors import NotServedError
from nevent_client.paging import chunked
from nevent_client.rows import moment
from typing_extensions import override

from tap_nevent import segments
from tap_nevent.client import ChangingStream, declared
from tap_nevent.custom_fields import value
from tap_nevent.people import identity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nevent_client.rows import Row
    from singer_sdk.helpers.types import Context, Record

    from tap_nevent.custom_fields import CustomColumn


class FansStream(ChangingStream):
    """People known to one Nevent tenant who consent to third parties."""

    name = "fans"
    operation = "users"

    @override
    def whole_schema(self) -> dict[str, Any]:
        schema = declared(self.name)
        schema["properties"] |= {each.name: each.schema for each in self.run.custom}
        return schema

    @override
    def get_records(self, context: Context | None) -> Iterable[Record]:
        self._moved: set[str] = set()
        self._consenting: set[str] = set()  # as far as they are in segments
        if not self.shows("nevent_segments"):
            yield from super().get_records(context)
            return
        names = self.run.segments.names
        kept = self.stream_state.get("segments", {})
        if kept is None and segments.are_too_many(names):  # as at the last run: nobody is asked for
            self.stream_state["segments"] = segments.packed(names)
            yield from super().get_records(context)
            return
        if kept:
            before, silent = segments.unpacked(kept), segments.unpacked_silent(kept)
            moved = segments.joined_or_left(before, names)
            self._moved = {fan for fan in moved if segments.hashed(fan) not in silent}
            self._consenting = set(before)
        else:  # whoever is read from now on bears these names or later ones
            self._consenting = self._consenting_members()
            self._keep(names)
        yield from super().get_records(context)
        yield from self._movers()
        self._keep(names)

    @override
    def records(self, rows: list[Row]) -> Iterator[Record]:
        names = self.run.segments.names if self.shows("nevent_segments") else {}
        rule, custom, zone = self.run.people.rule, self._custom, self.run.zone
        for fan in rows:
            key = fan["id"]
            if not rule.granted(fan):
                self._consenting.discard(key)
                continue
            self._moved.discard(key)
            if key in names:
                self._consenting.add(key)
            record: Record = self.shape(fan)
            if "nevent_segments" in record:
                record["nevent_segments"] = list(names.get(key, ()))
            record.update(rule.columns(fan))
            for each in fan.get("customFieldValues") or ():
                if column := custom.get(each.get("propertyDefinitionId")):
                    record[column.name] = value(column.data_type, each.get("value"), zone)
            yield record

    @override
    def _identity(self, record: Record) -> tuple[str, ...]:
        return (*super()._identity(record), *(record.get("nevent_segments") or ()))

    @cached_property
    def _custom(self) -> dict[str, CustomColumn]:
        """Columns by the definition they come from."""
        return {each.definition_id: each for each in self.run.custom}

    def _movers(self) -> Iterator[Record]:
        """Fans who joined or left a segment and did not change otherwise."""
        try:
            for fans in chunked(self.run.people.by_ids(sorted(self._moved)), 1000):
                yield from self.records(list(fans))
        except NotServedError as exc:
            self.log("%s Segment names follow only other changes of a fan.", exc, level=30)

    def _consenting_members(self) -> set[str]:
        """Ids of the segments' members who consent."""
        try:
            return self.run.members
        except NotServedError as exc:
            self.log("%s Segment names follow only other changes of a fan.", exc, level=30)
            return set()

    def _keep(self, names: dict[str, segments.Names]) -> None:
        if self.replication_method == "INCREMENTAL":
            known = {fan: each for fan, each in names.items() if fan in self._consenting}
            self.stream_state["segments"] = segments.packed(known, names.keys() - known.keys())


class _SinceFirstRunStream(ChangingStream):
    """What tells of fans given by an earlier run, so nothing on a first one."""

    @override
    def get_records(self, context: Context | None) -> Iterable[Record]:
        if self.replication_method != "INCREMENTAL" or "first_run_at" not in self.stream_state:
            self.stream_state["first_run_at"] = self.run.started
            self.bookmark.reach(self.run.started)
            return
        yield from super().get_records(context)
        self.bookmark.reach(self.run.started)


class FanWithdrawalsStream(_SinceFirstRunStream):
    """Fans who took consent back since the first run: identifiers, to stop processing them.

    The country comes with them: without it a national phone number is another one elsewhere.
    """

    name = "fan_withdrawals"
    operation = "users"
    keys = ("fan_id",)
    changed_key = "changed_at"

    @override
    def get_records(self, context: Context | None) -> Iterable[Record]:
        if self.run.people.rule.undated:
            self.log(
                "Withdrawals cannot be told: the consent field '%s' keeps no dates, so a fan who "
                "took consent back looks like one who never gave it.",
                self.run.people.rule.field,
                level=30,
            )
        return super().get_records(context)

    @override
    def records(self, rows: list[Row]) -> Iterator[Record]:
        since = self.bookmark.since or ""
        for row in rows:
            at = self.run.people.rule.withdrawn_at(row)
            learnt = moment(row.get("updatedAt")) or ""
            if at and learnt >= self.stream_state["first_run_at"]:
                person = {**identity(row), "country": row.get("country")}
                yield {**person, "changed_at": at if at >= since else learnt}


class FanDeletionsStream(_SinceFirstRunStream):
    """Fans erased in Nevent since the first run, so that the erasure reaches others."""

    name = "fan_deletions"
    operation = "deletions"
    changed_key = "deleted_at"

    @override
    def records(self, rows: list[Row]) -> Iterator[Record]:
        records = sorted(map(self.shape, rows), key=lambda each: str(each["deleted_at"]))
        began = self.stream_state["first_run_at"]
        return (each for each in records if each["deleted_at"] and each["deleted_at"] >= began)
