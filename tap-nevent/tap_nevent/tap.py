"""Settings and wiring of tap-nevent."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from nevent_client.errors import NeventError
from singer_outcomes.tap import PlainTap
from typing_extensions import override

from tap_nevent import groups, settings
from tap_nevent.client import ChangingStream, NeventStream, declared
from tap_nevent.readings import common
from tap_nevent.run import Run
from tap_nevent.streams import STREAMS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_nevent.readings import Reading


class TapNevent(PlainTap):
    """Extractor for Nevent, the ticketing CRM of festivals, venues and promoters."""

    name = "tap-nevent"
    package_name = "tap-nevent"
    config_jsonschema = settings.CONFIG
    dynamic_catalog = True
    order = tuple(each.name for each in STREAMS)
    run_errors = (NeventError,)

    @cached_property
    def run(self) -> Run:
        """What the streams share."""
        return Run(self.config, f"tap-nevent/{self.plugin_version}")

    @override
    def discover_streams(self) -> Sequence[NeventStream]:
        on = self.run.groups
        return [each(self) for each in STREAMS if groups.schema(each.name, declared(each.name), on)]

    @override
    def _set_compatible_replication_methods(self) -> None:
        """What sync_all, which is final, does before the first stream."""
        self._check_settings()
        super()._set_compatible_replication_methods()

    def _check_settings(self) -> None:
        """What can only be checked with Nevent's answers, before the first record.

        Raises:
            ConfigValidationError: a segment or custom field that does not exist.
            AddressError: data_api_url is somebody else's.
        """
        asked = {stream.name for stream in self.streams.values() if stream.selected}
        named = "fans" in asked and self._shows("fans", "nevent_segments")
        follows_segments = named or "segment_members" in asked
        if follows_segments:
            self.run.tells_members = "segment_members" in asked
            tellers = ["segment_members"] * self.run.tells_members + ["fans"] * named
            self.run.segments.known = common(map(self._readings, tellers))
        if follows_segments or "fan_activity" in asked:
            self.run.check_data_service()
        if follows_segments or ("segments" in asked and self._shows("segments", "followed")):
            _ = self.run.segments.chosen
        if "fan_activity" in asked:
            _ = self.run.rules

    def _shows(self, name: str, column: str) -> bool:
        stream = self.streams.get(name)
        return isinstance(stream, NeventStream) and stream.shows(column)

    def _readings(self, name: str) -> dict[str, Reading]:
        """When this stream told which segments; nothing where it has to tell all of them."""
        stream = self.streams[name]
        whole = stream.emit_activate_version_messages  # then what is not told exists no more
        if isinstance(stream, ChangingStream):
            whole = not stream.incremental
        return {} if whole else stream.stream_state.get("readings", {})

    @override
    def let_go(self) -> None:
        if "run" in vars(self):  # else nothing was begun
            self.run.session.close()
