"""The base of a target that knows the fate of every record.

What the SDK's own target lacks (singer-sdk 0.54): a rejected record that does not end the run, a
STATE that waits for the records before it, and an orderly end on a signal.
"""

from __future__ import annotations

import abc
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk._logging import _setup_console_logging
from singer_sdk.cli import plugin_cli
from singer_sdk.exceptions import FatalSyncError
from singer_sdk.plugin_base import _plugin_log_level
from typing_extensions import override

from singer_outcomes.commands import group
from singer_outcomes.history import REPLAY
from singer_outcomes.recorded import RecordedTarget
from singer_outcomes.rejects import Reject, RejectedError, RejectsFile, record_hash
from singer_outcomes.replay import CannotRequeueError, LineKey, Replay
from singer_outcomes.sources import Sources

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import click

    from singer_outcomes.sink import OutcomeSink

Record = dict[str, Any]


class OutcomeTarget(RecordedTarget):
    """Settles every record: written, accepted, withheld, or rejected with its reason.

    A subclass names its kinds of stream, and sends in the background what its sinks queue.
    """

    advice: ClassVar[Mapping[str, str]] = {}
    """Beginning of a reject's reason -> what to do next, besides the advice on maps and schemas."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.sources = Sources(self.store)
        self.replaying: Replay | None = None
        self.rejects = RejectsFile(
            self.config["rejects_path"],
            run=self.run,
            store_records=self.config["store_rejected_records"],
        )
        self._closed = False

    @plugin_cli
    def cli(cls: type[OutcomeTarget]) -> click.Command:  # noqa: N805  # of a class
        """The command line: what loads, and the commands beside it."""
        _setup_console_logging(log_level=_plugin_log_level(plugin_name=cls.name))
        return group(cls)

    # What a subclass does.

    @abc.abstractmethod
    def expire(self) -> None:
        """The grace period after a signal is over: let go of every wait. Any thread may call."""

    @abc.abstractmethod
    def stop(self) -> None:
        """End what runs in the background; what is not settled by now comes with the next run."""

    def requeue(self, stream: str, payload: Any, *, key: str) -> None:
        """Queue a payload that was refused once more, as a row of this stream.

        A target that can, overrides it; `sink_of(stream)` is where the row comes from.

        Raises:
            CannotRequeueError: this target cannot.
            RejectedError, WithheldError: an outcome, as of a sink.
        """
        del stream, payload, key
        raise CannotRequeueError(
            f"{self.name} cannot send a refused payload again: run the tap again"
        )

    @property
    def leaves_some(self) -> bool:
        """Whether records are left for another run, as was told; the state stays before them."""
        return False

    def details(self) -> Record:
        """More for the summary, such as requests and seconds waited for limits."""
        return {}

    # Outcomes.

    @override
    def reject(
        self,
        sink: OutcomeSink,
        error: RejectedError,
        *,
        key: str,
        record: Record | None = None,
        payload: Any = None,
        identity: str | None = None,
    ) -> None:
        """Note one record as rejected, with itself or with the payload that was refused.

        Args:
            sink: of its stream.
            error: why.
            key: what its source calls it.
            record: as it was read, where it never became a request.
            payload: what was sent, where the vendor refused it.
            identity: hash of what was sent; else of the record or payload itself.
        """
        now = datetime.now(tz=UTC)
        self.summary.reject(sink.stream_name, error.reason)
        if self.replaying is not None and isinstance(key, LineKey):
            self.rejects.write(self.replaying.reject(key, error), at=now, again=True)
            return
        source = self.source_of(sink.stream_name)
        line: Reject = {
            "source": source,
            "stream": sink.stream_name,
            "key": key,
            "hash": identity or record_hash(payload if record is None else record),
            "reason": error.reason,
            "column": error.column,
            "pointer": error.pointer,
        }
        if record is None:
            line["payload"] = payload
        else:
            line["record"] = record
            if source is not None and self.config["store_rejected_records"]:
                self.sources.remember(source, *self._schemas[source])
        self.rejects.write(line, at=now)

    @override
    def before_state(self) -> None:
        self.rejects.flush()

    @override
    def too_many_rejects(self) -> list[str]:
        """Streams with more rejects than allowed."""
        number, sign, _ = str(self.config["max_rejects"]).partition("%")
        return [
            stream
            for stream, fates in self.summary.fates.items()
            if fates["rejected"]
            > (max(10, int(number) * fates["read"] / 100) if sign else int(number))
        ]

    def replay(self, *, streams: Collection[str] = (), reasons: Collection[str] = ()) -> Replay:
        """Send the rejects on file once more and take out those that succeed; then `close`.

        `replaying` is set meanwhile: what is read is not all that there is.
        """
        self.command = REPLAY
        self.replaying = Replay(self, streams=streams, reasons=reasons)
        self.begin()
        self.replaying.run()
        self._read_all = True
        return self.replaying

    # The end.

    @override
    def process_endofpipe(self) -> None:
        self.finish()
        if not self.signal and self.ledger.open and not self.leaves_some:
            raise FatalSyncError("Some records have no fate: the state stays before them.")
        self._read_all = True
        self.close()
        if self.signal:
            sys.exit(128 + self.signal)
        if streams := self.too_many_rejects():
            self.logger.error(
                "Too many rejects in %s (see max_rejects). The state is out and everything else "
                "was loaded; read the reasons in %s, correct the records or the maps, and replay.",
                ", ".join(streams),
                self.rejects.path,
            )
            sys.exit(1)

    def close(self) -> None:
        """Stop what runs in the background and tell what happened; also after an error."""
        if self._closed:
            return
        self._closed = True
        try:
            self.stop()
            self.cancel_grace()
            for sink in (*self._sinks_to_clear, *self._sinks_active.values()):
                sink.clean_up()
            self.rejects.close()
        finally:
            self.progress.stop()
            self.note_end()
        details = self.details()
        if self.rejects.count:
            details["rejects_file"] = str(self.rejects.path)
        self.summary.log(self.logger, **details)
        self.store.close()
