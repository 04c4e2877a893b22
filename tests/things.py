"""A small target for tests: it loads things into a file of JSON lines, and can be run.

Its vendor is that file: what it refuses, and how long it takes, is told by settings.
"""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from singer_outcomes.rejects import RejectedError
from singer_outcomes.settings import SETTINGS
from singer_outcomes.sink import OutcomeSink, WithheldError
from singer_outcomes.target import OutcomeTarget
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Mapping

    from singer_outcomes.ledger import Ticket

Message = dict[str, Any]


class ThingsSink(OutcomeSink):
    """Queues things; refuses those that have an unwanted name."""

    target: ThingsTarget

    @override
    def process_record(self, record: Message, context: Message) -> None:
        if record.get("name") in self.target.config["unwanted"]:
            raise RejectedError("the name is unwanted", column="name")
        if record.get("name") in self.target.config["withheld"]:
            raise WithheldError("the name is withheld")
        self.target.queue(self, record, key=context["key"])


class ThingsTarget(OutcomeTarget):
    """Loads things into a file."""

    name = "target-things"
    kinds: ClassVar[Mapping[str, type[OutcomeSink]]] = {"things": ThingsSink}
    advice: ClassVar[Mapping[str, str]] = {"the name is unwanted": "Choose another name."}
    config_jsonschema: ClassVar[Message] = {
        "type": "object",
        "properties": {
            **SETTINGS,
            "loaded_path": {"type": "string"},
            "unwanted": {"type": "array", "items": {"type": "string"}, "default": []},
            "withheld": {"type": "array", "items": {"type": "string"}, "default": []},
            "refused": {"type": "array", "items": {"type": "string"}, "default": []},
            "hangs_at": {"type": "integer", "default": 0},
            "dry_run": {"type": "boolean", "default": False},
        },
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._queued: list[tuple[ThingsSink, Message, str, Ticket]] = []
        self._file = Path(self.config["loaded_path"])
        self._let_go = threading.Event()

    def queue(self, sink: ThingsSink, record: Message, *, key: str) -> None:
        """Keep it until the end."""
        ticket = self.ledger.ticket()
        ticket.records += 1
        self.ledger.seal(ticket)
        self._queued.append((sink, record, key, ticket))

    @override
    def requeue(self, stream: str, payload: Any, *, key: str) -> None:
        sink = self.sink_of(stream)
        assert isinstance(sink, ThingsSink)
        self.queue(sink, payload["thing"], key=key)

    @override
    def check(self) -> None:
        pass

    @override
    def finish(self) -> None:
        """Write all of it, then tell its fate."""
        for place, (sink, record, key, ticket) in enumerate(self._queued, start=1):
            if place == self.config["hangs_at"]:
                self._let_go.wait()
                return
            if record.get("name") in self.config["refused"]:
                error = RejectedError("Vendor: refused", pointer="/name")
                self.reject(sink, error, key=key, payload={"thing": record})
            else:
                with self._file.open("a") as file:
                    file.write(json.dumps({"stream": sink.stream_name, **record}) + "\n")
                self.summary.count(sink.stream_name, "written")
            self.ledger.settle([ticket])
        self._queued = []

    @override
    def expire(self) -> None:
        self._let_go.set()

    @override
    def stop(self) -> None:
        pass
