"""Settings and wiring of tap-klaviyo-engagement."""

from __future__ import annotations

import sys
from functools import cached_property
from typing import TYPE_CHECKING, Any

from klaviyo_client import KlaviyoError
from singer_outcomes import mistakes
from singer_outcomes.maps import check_names, check_streams
from singer_outcomes.writer import FastWriter
from singer_sdk import Tap
from singer_sdk.exceptions import ConfigValidationError, StreamMapConfigError
from singer_sdk.tap_base import CliTestOptionValue
from typing_extensions import override

from tap_klaviyo_engagement import access, settings
from tap_klaviyo_engagement.client import KlaviyoStream
from tap_klaviyo_engagement.run import Run
from tap_klaviyo_engagement.streams import STREAMS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

    import click
    from klaviyo_client import ForbiddenError
    from singer_sdk.streams import Stream


class TapKlaviyoEngagement(Tap):
    """Extractor for Klaviyo: who is subscribed, and what each person did with which message."""

    name = "tap-klaviyo-engagement"
    package_name = "tap-klaviyo-engagement"
    config_jsonschema = settings.CONFIG
    message_writer_class = FastWriter

    @cached_property
    def run(self) -> Run:
        """What the streams share."""
        return Run(self.config, f"tap-klaviyo-engagement/{self.plugin_version}")

    @override
    def discover_streams(self) -> Sequence[KlaviyoStream]:
        return [each(self) for each in STREAMS]

    @property
    @override
    def streams(self) -> dict[str, Stream]:
        """Streams in the order of STREAMS: reference data, people, what they did, reports."""
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
        _ = self.run  # settings are checked before the first record
        super()._set_compatible_replication_methods()

    def leave_out(self, stream: KlaviyoStream, exc: ForbiddenError) -> None:
        """Go on without a stream that the key may not read.

        Raises:
            ForbiddenError: it may read none of those selected.
        """
        self.run.left_out.add(stream.name)
        stream.log("%s Stream '%s' is left out.", exc, stream.name, level=30)
        if self.run.left_out >= {each.name for each in self.streams.values() if each.selected}:
            raise exc

    def check_access(self) -> bool:
        """Tell for each selected stream whether the key may read it, and what it lacks."""
        selected = [each for each in self.streams.values() if each.selected]
        needed = {each.name: each.scopes() for each in selected if isinstance(each, KlaviyoStream)}
        lacking = access.missing(self.run.session, {s for each in needed.values() for s in each})
        for name, scopes in needed.items():
            missing = [scope for scope in scopes if scope in lacking]
            if missing:
                self.logger.error("Stream '%s': the key lacks %s.", name, ", ".join(missing))
            else:
                self.logger.info("Stream '%s': may be read.", name)
        if lacking:
            self.logger.error(
                "The scopes of a key cannot be edited: create a new private key in Klaviyo with "
                "%s besides those it has, or deselect these streams. A run leaves them out.",
                ", ".join(sorted(lacking)),
            )
        return not lacking

    @override
    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """End at once: a thread may be waiting minutes for Klaviyo to take a request again."""
        writer = self.message_writer
        if isinstance(writer, FastWriter) and writer.postpone(
            lambda: self._handle_termination(signum, None)
        ):
            return
        for stream in (self._streams or {}).values():
            if isinstance(stream, KlaviyoStream):
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
        """As the SDK's; `--test` itself reads no record, but says what the key may read."""
        with _plain_errors(cls):
            if value != CliTestOptionValue.All.value:
                super().cb_test(ctx, param, value)
                return
            given = ctx.params.get("config")
            tap = cls(
                config=given.config if given else None,
                parse_env_config=bool(given and given.parse_env),
                validate_config=True,
            )
            ctx.exit(0 if tap.check_access() else 1)


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
        if isinstance(error, KlaviyoError | StreamMapConfigError):
            self._tap.logger.error("%s", error)
            sys.exit(1)
