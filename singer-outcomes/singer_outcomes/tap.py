"""The base of a tap: streams in a chosen order, an end in plain words, in order on a signal."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from singer_sdk import Tap
from singer_sdk.exceptions import ConfigValidationError, StreamMapConfigError
from typing_extensions import override

from singer_outcomes import collector, mistakes
from singer_outcomes.maps import check_names, check_streams
from singer_outcomes.writer import FastWriter

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType

    import click
    from singer_sdk.streams import Stream


class PlainTap(Tap):
    """What the SDK's tap lacks (singer-sdk 0.54).

    A stream may have `save()`: what belongs into the state besides its bookmark.
    """

    message_writer_class = FastWriter
    order: ClassVar[Sequence[str]]
    """Names of all streams, in the order in which they are read."""
    run_errors: ClassVar[tuple[type[Exception], ...]]
    """What ends a run with its text alone: who must act, not where the code stood."""

    def let_go(self) -> None:
        """End what waits for the vendor; nothing may have begun yet."""

    @property
    @override
    def streams(self) -> dict[str, Stream]:
        found = super().streams
        if list(found) == sorted(found):
            ordered = {name: found[name] for name in self.order if name in found}
            found.clear()
            found.update(ordered)
        return found

    @override
    def setup_mapper(self) -> None:
        stream_maps = self.config.get("stream_maps") or {}
        check_streams(stream_maps, self.order)
        for stream in self.streams.values():
            check_names(stream_maps, stream.name, stream.schema["properties"])
        super().setup_mapper()

    @override
    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """End at once: a thread may be waiting minutes for the vendor to take a request again."""
        writer = self.message_writer
        if isinstance(writer, FastWriter) and writer.postpone(
            lambda: self._handle_termination(signum, None)
        ):
            return
        for stream in (self._streams or {}).values():
            if save := getattr(stream, "save", None):
                save()
        self.let_go()
        try:
            super()._handle_termination(signum, frame)
        except SystemExit as exc:  # the SDK's says 0, but a run cut short is no success
            raise SystemExit(128 + signum) from exc

    @classmethod
    @override
    def invoke(cls, **kwargs: Any) -> None:
        collector.spare()
        with cls.plainly():
            super().invoke(**kwargs)

    @classmethod
    @override
    def cb_discover(cls, ctx: click.Context, param: click.Option, value: bool) -> None:
        with cls.plainly():
            super().cb_discover(ctx, param, value)

    @classmethod
    @override
    def cb_test(cls, ctx: click.Context, param: click.Option, value: str) -> None:
        with cls.plainly():
            super().cb_test(ctx, param, value)

    @classmethod
    @contextlib.contextmanager
    def plainly(cls) -> Iterator[None]:
        """Ends the program with the message alone, and with 1."""
        try:
            yield
        except ConfigValidationError as error:
            cls._end(*mistakes.told(error, cls.config_jsonschema))
        except StreamMapConfigError as error:
            cls._end(str(error))
        except cls.run_errors as error:
            cls._end(str(error))

    @classmethod
    def _end(cls, *texts: str) -> NoReturn:
        for text in texts:
            cls.logger.error("%s", text)
        sys.exit(1)
