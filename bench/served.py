"""The sandbox as processes of its own, one for each side, so that each has its CPU to itself."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nevent_sandbox.handles import KlaviyoHandle
from nevent_sandbox.nevent_handle import NeventHandle

from bench.processes import FailedError, Usage, seen

if TYPE_CHECKING:
    from collections.abc import Iterator

BIN = Path(sys.executable).parent


class Side:
    """One side of a sandbox that runs as a process."""

    def __init__(self, process: subprocess.Popen[str], nevent: str, klaviyo: str) -> None:
        self._process = process
        self.nevent = NeventHandle(nevent)
        self.klaviyo = KlaviyoHandle(klaviyo)
        self._before = Usage()

    def usage(self) -> Usage:
        """What it used since the last asking; the peak is that of its whole life."""
        now = seen(self._process.pid)
        if now is None:
            raise FailedError("The sandbox has ended.")
        spent = Usage(now.cpu - self._before.cpu, now.peak)
        self._before = now
        return spent

    def close(self) -> None:
        """End it."""
        self.nevent.close()
        self.klaviyo.close()
        self._process.terminate()
        self._process.communicate()


@contextmanager
def side(*, fans: int = 0, latency_ms: float = 0) -> Iterator[Side]:
    """A sandbox with real limits, of which one side is used.

    Both sides are always there; who needs both starts two, and the unused sides do nothing.
    """
    process = subprocess.Popen(
        [
            str(BIN / "sandbox"),
            *("serve", "--nevent-port", "0", "--klaviyo-port", "0", "--limits", "real"),
            *("--fans", str(fans), "--latency-ms", str(latency_ms)),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        served = Side(process, *_addresses(process))
    except BaseException:
        process.kill()
        process.communicate()
        raise
    served.usage()  # starting is not what is measured
    try:
        yield served
    finally:
        served.close()


def _addresses(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Nevent's and Klaviyo's, from the lines for Meltano that it prints."""
    told: dict[str, Any] = {}
    assert process.stdout is not None  # noqa: S101  # it was asked for
    for line in process.stdout:
        name, _, value = line.strip().partition("=")
        told[name] = value
        if name == "TARGET_KLAVIYO_API_URL":
            return told["TAP_NEVENT_API_URL"], value
    raise FailedError("The sandbox did not start.")
