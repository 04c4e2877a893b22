"""A tap that is told to stop, as a process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from nevent_extraction import read

if TYPE_CHECKING:
    from pathlib import Path

    from nevent_sandbox.nevent_handle import NeventHandle


def test_sigterm_ends_a_tap_that_waits_and_leaves_a_state(
    nevent: NeventHandle, tmp_path: Path
) -> None:
    """Nevent asked for ten minutes; nobody has them when a container is stopped."""
    nevent.refuse("GET /purchases", status=429, times=None, retry_after=600)
    names = {
        "API_URL": nevent.url,
        "DATA_API_URL": nevent.url,
        "AUTH_TOKEN": "nevent-sandbox-token",
    }
    env = {**os.environ, **{f"TAP_NEVENT_{name}": each for name, each in names.items()}}
    command = [sys.executable, "-m", "tap_nevent", "--config=ENV"]
    written = tmp_path / "out.jsonl"
    with (
        written.open("w") as out,
        subprocess.Popen(command, env=env, stdout=out, stderr=subprocess.PIPE, text=True) as tap,
    ):
        assert tap.stderr is not None
        for line in tap.stderr:
            if "trying again" in line:
                break
        tap.send_signal(signal.SIGTERM)
        try:
            tap.communicate(timeout=60)
        finally:
            tap.kill()
    assert tap.returncode == 128 + signal.SIGTERM
    output = read(written.read_text("utf-8"))
    assert output.records["fans"]
    assert output.state["bookmarks"]["fans"]["replication_key_value"]
