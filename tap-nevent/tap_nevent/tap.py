"""Settings and wiring of tap-nevent."""

from __future__ import annotations

import sys
from functools import cached_property
from typing import TYPE_CHECKING, Any

from nevent_client.errors import NeventError
from singer_outcomes import mistakes
from singer_outcomes.maps import check_names, check_streams
from singer_outcomes.writer import FastWriter
from singer_sdk import Tap
from singer_sdk.exceptions import ConfigValidationError, StreamMapConfigError
from typing_extensions import override

from tap_nevent import groups, settings
from tap_nevent.client import ChangingStream, NeventStream, declared
from tap_nevent.run import Run
from tap_nevent.streams import STREAMS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

    import click
    from singer_sdk.streams import Stream


class TapNevent(Tap):
    """Extractor for Nevent, the ticketing CRM of festivals, venues and promoters."""

    name = "tap-nevent"
    package_name = "tap-nevent"
    config_jsonschema = settings.CONFIG
    message_writer_class = FastWriter
    dynamic_catalog = True

    @cached_property
    def run(self) -> Run:
        """What the streams share."""
        return Run(self.config, f"tap-nevent/{self.plugin_version}")

    @override
    def discover_streams(self) -> Sequence[NeventStream]:
        on = self.run.groups
        return [each(self) for each in STREAMS if groups.schema(each.name, declared(each.name), on)]

    @property
    @override
    def streams(self) -> dict[str, Stream]:
        """Streams in the order of STREAMS: reference data, fans, what fans did."""
        found = super().streams
        if list(found) == sorted(found):
            ordered = {each.name: found[each.name] for each in STREAMS if each.name in found}
            found.clear()
            found.update(ordered)
        return found

    @override
    def setup_mapper(self) -> None:
        stream_maps = self.config.get("stream_maps") or {}
        check_streams(stream_maps, [each.name for each in STREAMS])
        for stream in self.streams.values():
            check_names(stream_maps, stream.name, stream.schema["properties"])
        super().setup_mapper()

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
        if follows_segments or "fan_activity" in asked:
            self.run.check_data_service()
        if follows_segments or ("segments" in asked and self._shows("segments", "followed")):
            _ = self.run.segments.chosen
        if "fan_activity" in asked:
            _ = self.run.rules

    def _shows(self, name: str, column: str) -> bool:
        stream = self.streams.get(name)
        return isinstance(stream, NeventStream) and stream.shows(column)

    @override
    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """End at once: a thread may be waiting minutes for Nevent to take a request again."""
        writer = self.message_writer
        if isinstance(writer, FastWriter) and writer.postpone(
            lambda: self._handle_termination(signum, None)
        ):
            return
        for stream in (self._streams or {}).values():
            if isinstance(stream, ChangingStream):
                stream.save()
        if "run" in vars(self):  # else nothing was begun
            self.run.session.close()
        try:
            super()._handle_termination(signum, frame)
        except SystemExit as exc:  # the SDK's says 0, but a run cut short is no success
            raise SystemExit(128 + signum) from exc

    @classmethod
    @override
    def invoke(cls, **kwargs: Any) -> None:
        with _plain_errors(cls):
            super().invoke(**kwargs)

    @classmethod
    @override
    def cb_discover(cls, ctx: click.Context, param: click.Option, value: bool) -> None:
        with _plain_errors(cls):
            super().cb_discover(ctx, param, value)

    @classmethod
    @override
    def cb_test(cls, ctx: click.Context, param: click.Option, value: str) -> None:
        with _plain_errors(cls):
            super().cb_test(ctx, param, value)


class _plain_errors:  # noqa: N801 (reads as a verb where it is used)
    """Ends the program with the message alone: who must act, not where the code stood."""

    def __init__(self, tap: type[Tap]) -> None:
        self._tap = tap

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, stack: object) -> None:
        if isinstance(error, ConfigValidationError):
            for text in mistakes.told(error, settings.CONFIG):
                self._tap.logger.error("%s", text)
            sys.exit(1)
        if isinstance(error, NeventError | StreamMapConfigError):
            self._tap.logger.error("%s", error)
            sys.exit(1)
