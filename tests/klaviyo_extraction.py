"""Runs tap-klaviyo-engagement as a user's command line would, and reads what it wrote."""

from __future__ import annotations

from contextlib import redirect_stdout
from io import BytesIO, TextIOWrapper
from typing import Any

from nevent_extraction import Output, Record, read
from tap_klaviyo_engagement.tap import TapKlaviyoEngagement

__all__ = ["Output", "Record", "config", "read", "run"]


def config(url: str, **changes: Any) -> Record:
    """Settings for a sandbox at this address."""
    return {"api_url": url, "api_key": "pk_sandbox_full", **changes}


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
        tap = TapKlaviyoEngagement(config=config(url, **changes), state=state)
        for name, stream in tap.streams.items():
            stream.selected = not streams or name in streams
        try:
            tap.sync_all()
        finally:
            tap.run.session.close()
        out.flush()
    return read(buffer.getvalue().decode())
