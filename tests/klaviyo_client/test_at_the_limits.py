"""Requests over HTTP as fast as Klaviyo allows, in minutes of six seconds."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from klaviyo_client import KlaviyoSession, pacing
from klaviyo_client.limits import GET_CAMPAIGNS, GET_METRICS, LIST_IMPORT_JOBS
from nevent_sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from klaviyo_client import Operation

SCALE = 10
MINUTE = 60 / SCALE
THREADS = 8
LATENCY = {GET_METRICS: 0.0, LIST_IMPORT_JOBS: 0.05, GET_CAMPAIGNS: 0.2}  # seconds, at full scale
ASKED = {GET_CAMPAIGNS: {"filter": "equals(messages.channel,'email')"}}
# Asks until a moment (argument 2) as fast as it may; says how often in the minute before it.
ASKING = f"""
import sys, time
from klaviyo_client import KlaviyoSession, pacing
from klaviyo_client.limits import GET_METRICS
pacing.SECOND, pacing.MINUTE = {1 / SCALE}, {MINUTE}
session, end, asked = KlaviyoSession("pk_sandbox_full", api_url=sys.argv[1]), float(sys.argv[2]), []
while time.time() < end:
    session.get(GET_METRICS)
    asked.append(time.time())
print(sum(end - {MINUTE} < each < end for each in asked), session.retries)
"""


@pytest.fixture(scope="module")
def hasty() -> Iterator[Sandbox]:
    """A sandbox whose minutes are short."""
    with Sandbox(fans=0, limits=f"scaled={SCALE}") as served:
        yield served


def test_all_of_the_quota_is_used_at_every_latency_and_nothing_is_refused(
    hasty: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three operations at once, over two minutes and the beginning of a third."""
    monkeypatch.setattr(pacing, "SECOND", 1 / SCALE)
    monkeypatch.setattr(pacing, "MINUTE", MINUTE)
    for operation, latency in LATENCY.items():
        hasty.klaviyo.delay(operation.name, latency / SCALE, times=None)
    for _ in range(3):  # a machine that is busy with something else may be too slow once
        shares = _asked_for_two_minutes(hasty)
        if min(shares) >= 0.97:
            break
    assert min(shares) >= 0.97


def _asked_for_two_minutes(hasty: Sandbox) -> list[float]:
    """How much of the steady rate of each operation was used."""
    hasty.klaviyo.clear_requests()
    session = KlaviyoSession("pk_sandbox_full", api_url=hasty.klaviyo.url)
    end = time.monotonic() + 2.2 * MINUTE

    def ask(operation: Operation) -> None:
        while time.monotonic() < end:
            session.get(operation, **ASKED.get(operation, {}))

    with ThreadPoolExecutor(len(LATENCY) * THREADS) as pool:
        list(pool.map(ask, [each for each in LATENCY for _ in range(THREADS)]))
    session.close()
    assert session.retries == 0
    shares = []
    for operation in LATENCY:
        asked = [datetime.fromisoformat(x["at"]) for x in hasty.klaviyo.requests(operation.name)]
        seconds = (max(asked) - min(asked)).total_seconds()
        shares.append((len(asked) - 1) / seconds * MINUTE / operation.steady)
    return shares


def test_two_processes_share_the_quota_of_one_key(hasty: Sandbox) -> None:
    """One begins later; in the third minute both have about half, and all of it is used."""
    hasty.klaviyo.clear_faults()
    end = time.time() + 3 * MINUTE
    command = [sys.executable, "-c", ASKING, hasty.klaviyo.url, str(end)]
    first = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as second:
        told = [each.communicate()[0].split() for each in (first, second)]
    asked, retries = ([int(each[i]) for each in told] for i in (0, 1))
    assert min(asked) >= 0.35 * GET_METRICS.steady
    assert sum(asked) >= 0.85 * GET_METRICS.steady
    assert max(retries) <= 3
