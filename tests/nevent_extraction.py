"""Runs tap-nevent as a user's command line would, and reads what it wrote."""

from __future__ import annotations

import json
from collections import defaultdict
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from io import BytesIO, TextIOWrapper
from typing import Any

from nevent_sandbox.credentials import NEVENT_REFRESH_TOKEN, NEVENT_TOKEN
from tap_nevent.tap import TapNevent

Record = dict[str, Any]


@dataclass
class Output:
    """What a run wrote."""

    text: str = ""
    schemas: dict[str, Record] = field(default_factory=dict)
    records: dict[str, list[Record]] = field(default_factory=lambda: defaultdict(list))
    states: list[Record] = field(default_factory=list)

    @property
    def state(self) -> Record:
        """The last state."""
        return self.states[-1]

    def of(self, stream: str, fan: str) -> list[Record]:
        """A stream's records about one fan."""
        return [r for r in self.records[stream] if fan in (r.get("fan_id"), r.get("id"))]


def read(text: str) -> Output:
    """Singer messages out of what a tap wrote."""
    output = Output(text)
    for line in text.splitlines():
        message = json.loads(line)
        if message["type"] == "SCHEMA":
            output.schemas[message["stream"]] = message["schema"]
        elif message["type"] == "RECORD":
            output.records[message["stream"]].append(message["record"])
        elif message["type"] == "STATE":
            output.states.append(message["value"])
    return output


def config(url: str, **changes: Any) -> Record:
    """Settings for a sandbox at this address."""
    return {
        "api_url": url,
        "data_api_url": url,
        "auth_token": NEVENT_TOKEN,
        "refresh_token": NEVENT_REFRESH_TOKEN,
        **changes,
    }


def run(
    url: str,
    state: Record | None = None,
    streams: tuple[str, ...] = (),
    **changes: Any,
) -> Output:
    """Run the tap to its end; `streams` selects some, default all."""
    buffer = BytesIO()
    out = TextIOWrapper(buffer, encoding="utf-8", write_through=True)
    with redirect_stdout(out):
        tap = TapNevent(config=config(url, **changes), state=state)
        for name, stream in tap.streams.items():
            stream.selected = not streams or name in streams
        tap.sync_all()
        out.flush()
    return read(buffer.getvalue().decode())
