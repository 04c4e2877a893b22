"""Reference data: nothing here is about one person, but for the members of segments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nevent_client.errors import NotServedError
from typing_extensions import override

from tap_nevent.client import ChangingStream, NeventStream
from tap_nevent.people import identity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from singer_sdk.helpers.types import Context, Record

    from tap_nevent.readings import Reading


class TenantsStream(NeventStream):
    """Tenants the token reaches."""

    name = "tenants"
    operation = "tenants"


class CustomFieldDefinitionsStream(NeventStream):
    """Fields of the tenant's own, and the column that each is in `fans`."""

    name = "custom_field_definitions"
    operation = "properties"

    @override
    def get_records(self, context: Context | None) -> Iterable[Record]:
        columns = {each.definition_id: each.name for each in self.run.custom}
        for row in self.run.definitions:
            yield {**self.shape(row), "column": columns.get(str(row["id"]))}


class NeventEventsStream(ChangingStream):
    """Concerts of the organiser."""

    name = "nevent_events"
    operation = "nevent_events"

    @override
    def post_process(self, row: Record, context: Context | None = None) -> Record | None:
        row["status"] = str(row["status"]).lower()
        return super().post_process(row, context)


class SegmentsStream(NeventStream):
    """Segments defined in Nevent, which of them are followed, and whose members this run tells."""

    name = "segments"
    operation = "segments"

    @override
    def get_records(self, context: Context | None) -> Iterable[Record]:
        segments = self.run.segments
        followed = segments.chosen if self.shows("followed") else ()
        told = segments.read if self.shows("members_told") and self.run.tells_members else ()
        self._followed = {each["id"] for each in followed}
        self._told = {each["id"] for each in told}
        return super().get_records(context)

    @override
    def post_process(self, row: Record, context: Context | None = None) -> Record | None:
        row["status"] = str(row["status"]).lower()
        row["followed"] = row["id"] in self._followed
        row["members_told"] = row["id"] in self._told
        return super().post_process(row, context)


class SegmentMembersStream(NeventStream):
    """Consenting members, as Nevent computes them now, of the segments that are read in this run.

    That a segment was read is in the state when the run is over: by then a loader has had all that
    tells it so, and one that was cut short gets them again.
    """

    name = "segment_members"
    operation = "segment_fans"
    keys = ("segment_id", "fan_id")
    _readings: dict[str, Reading] | None = None

    @override
    def get_records(self, context: Context | None) -> Iterable[Record]:
        segments = self.run.segments
        read, of = segments.read, segments.of
        named = False
        try:
            for person in self.run.identified_members():
                named = True
                for place in of[person["id"]]:
                    yield {
                        "segment_id": read[place]["id"],
                        "segment_name": read[place]["name"],
                        **identity(person),
                    }
        except NotServedError as exc:
            self.log("%s Stream '%s' is left out.", exc, self.name, level=30)
            return
        if named or segments.whole:  # a loader takes nobody off its lists when nobody is named
            self._readings = segments.told

    @override
    def log_sync_costs(self) -> None:
        """Once all streams are read, which is when the SDK calls it."""
        super().log_sync_costs()
        if self._readings is not None:
            self.stream_state["readings"] = self._readings
            self.state_manager.is_flushed = False
            self._write_state_message()
