"""Fans, those who took consent back, and those erased."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from nevent_client.errors import NotServedError
from nevent_client.paging import chunked
from nevent_client.rows import moment
from typing_extensions import override

from tap_nevent.client import ChangingStream, declared
from tap_nevent.custom_fields import value
from tap_nevent.memberships import Memberships
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
    _memberships: Memberships | None = None

    @override
    def whole_schema(self) -> dict[str, Any]:
        schema = declared(self.name)
        schema["properties"] |= {each.name: each.schema for each in self.run.custom}
        return schema

    @override
    def get_records(self, context: Context | None) -> Iterable[Record]:
        if not self.shows("nevent_segments"):
            yield from super().get_records(context)
            return
        state = self.stream_state if self.incremental else {}
        members = self._memberships = Memberships(self.run.segments, state)
        if members.are_new:  # whoever is read from now on bears these names or later ones
            members.begin(self._consenting_members())
        yield from super().get_records(context)
        yield from self._movers(members)
        members.keep()

    @override
    def save(self) -> None:
        super().save()
        if self._memberships:
            self._memberships.save()

    @override
    def records(self, rows: list[Row]) -> Iterator[Record]:
        members = self._memberships
        rule, custom, zone = self.run.people.rule, self._custom, self.run.zone
        for fan in rows:
            if not rule.granted(fan):
                if members:
                    members.silence(fan["id"])
                continue
            record: Record = self.shape(fan)
            if members:
                record["nevent_segments"] = members.of(fan["id"])
            record.update(rule.columns(fan))
            for each in fan.get("customFieldValues") or ():
                if column := custom.get(each.get("propertyDefinitionId")):
                    record[column.name] = value(column.data_type, each.get("value"), zone)
            yield record

    @override
    def post_process(self, row: Record, context: Context | None = None) -> Record | None:
        """Without names of segments that are not known: null would say that there are none."""
        record = super().post_process(row, context)
        if record and self._memberships:
            named = record["nevent_segments"] is not None
            self._memberships.told(record["id"], named=named)
            if not named:
                del record["nevent_segments"]
        return record

    @override
    def _identity(self, record: Record) -> tuple[str, ...]:
        members = self._memberships
        if members is None or members.too_many:  # their names follow no change but the fan's own
            return super()._identity(record)
        return (*super()._identity(record), *(record.get("nevent_segments") or ()))

    @cached_property
    def _custom(self) -> dict[str, CustomColumn]:
        """Columns by the definition they come from."""
        return {each.definition_id: each for each in self.run.custom}

    def _movers(self, members: Memberships) -> Iterator[Record]:
        """Fans who joined or left a segment and did not change otherwise."""
        try:
            for fans in chunked(self.run.people.by_ids(members.movers()), 1000):
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
