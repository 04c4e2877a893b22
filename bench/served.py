"""The sandbox as processes of its own, one for each side, so that each has its CPU to itself."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from nevent_sandbox.handle import Handle
from nevent_sandbox.handles import KlaviyoHandle
from nevent_sandbox.nevent_handle import NeventHandle

from bench.processes import FailedError, Usage, seen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

H = TypeVar("H", bound=Handle)

_KEPT = TemporaryDirectory(prefix="nevent-pages-")  # until the bench ends
BIN = Path(sys.executable).parent


class Side(Generic[H]):
    """One side of a sandbox that runs as a process."""

    def __init__(self, name: str, process: subprocess.Popen[str], handle: H) -> None:
        self.name = name
        self.handle = handle
        self._process = process
        self._before = Usage()

    @property
    def url(self) -> str:
        """Where it is served."""
        return self.handle.url

    def usage(self) -> Usage:
        """What it used since the last asking; the peak is that of its whole life."""
        now = seen(self._process.pid)
        if now is None:
            raise FailedError("The sandbox has ended.")
        spent = Usage(now.cpu - self._before.cpu, now.peak)
        self._before = now
        return spent


@contextmanager
def nevent(fans: int, *, latency_ms: float = 0, keep: bool = True) -> Iterator[Side[NeventHandle]]:
    """Nevent's side, with so many fans.

    Its pages are kept for the next run: what is measured is who reads them. Not so with `keep` off,
    for an audience that changes.
    """
    kept = ("--keep", _KEPT.name) if keep else ()
    with _served(fans, latency_ms, more=kept) as (process, url, _), NeventHandle(url) as handle:
        side = Side("nevent", process, handle)
        side.usage()  # starting is not what is measured
        yield side


@contextmanager
def klaviyo(*, latency_ms: float = 0, limits: str = "real") -> Iterator[Side[KlaviyoHandle]]:
    """Klaviyo's side, an empty account with its limits."""
    with _served(0, latency_ms, limits) as (process, _, url), KlaviyoHandle(url) as handle:
        side = Side("klaviyo", process, handle)
        side.usage()
        yield side


@contextmanager
def _served(
    fans: int, latency_ms: float, limits: str = "real", more: Sequence[str] = ()
) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """A sandbox and its two addresses.

    It serves both sides; who needs both starts two, so that each has a process, and the sides
    that nobody asks do nothing.
    """
    process = subprocess.Popen(
        [
            str(BIN / "sandbox"),
            *("serve", "--nevent-port", "0", "--klaviyo-port", "0", "--limits", limits),
            *("--fans", str(fans), "--latency-ms", str(latency_ms), *more),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield (process, *_addresses(process))
    finally:
        process.terminate()
        process.communicate()


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
