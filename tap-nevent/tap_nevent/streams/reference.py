"""Reference data: nothing here is about one person, but for the members of segments."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from nevent_client.errors import NotServedError
from typing_extensions import override

from tap_nevent.client import ChangingStream, NeventStream
from tap_nevent.people import identity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from singer_sdk.helpers.types import Context, Record


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
    """Segments defined in Nevent, and which of them are followed."""

    name = "segments"
    operation = "segments"

    @cached_property
    def followed(self) -> set[str]:
        """Ids of the segments whose members are read; none where nobody asks."""
        return (
            {each["id"] for each in self.run.segments.chosen} if self.shows("followed") else set()
        )

    @override
    def post_process(self, row: Record, context: Context | None = None) -> Record | None:
        row["status"] = str(row["status"]).lower()
        row["followed"] = row["id"] in self.followed
        return super().post_process(row, context)


class SegmentMembersStream(NeventStream):
    """Consenting members of the chosen segments, as Nevent computes them now."""

    name = "segment_members"
    operation = "segment_fans"
    keys = ("segment_id", "fan_id")

    @override
    def get_records(self, context: Context | None) -> Iterable[Record]:
        chosen, of = self.run.segments.chosen, self.run.segments.of
        try:
            for person in self.run.identified_members():
                for place in of[person["id"]]:
                    yield {
                        "segment_id": chosen[place]["id"],
                        "segment_name": chosen[place]["name"],
                        **identity(person),
                    }
        except NotServedError as exc:
            self.log("%s Stream '%s' is left out.", exc, self.name, level=30)
