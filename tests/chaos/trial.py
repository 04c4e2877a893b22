"""One scenario from beginning to end, and the undisturbed run that it is compared with."""

from __future__ import annotations

import shutil
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from chaos.account import prepare
from chaos.compare import Outcome, differences, outcome, traces
from chaos.process import Ended, Run
from chaos.workload import COUNTER, Workload

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chaos.scenario import Attempt, Scenario
    from nevent_sandbox.handles import KlaviyoHandle

LIST = "Nevent - All Contacts"
TOLD = 300  # characters of a log that ends in a traceback


class Report(NamedTuple):
    """What one scenario came to."""

    scenario: Scenario
    differences: list[str]
    kills: int
    ordered: int
    struck: int
    runs: int
    seconds: float
    logs: list[str]


class Reference(NamedTuple):
    """What an undisturbed run of an input leaves."""

    workload: Workload
    outcome: Outcome
    traces: set[str]


class Ground:
    """A sandbox and a folder, used by one trial after the other."""

    def __init__(self, klaviyo: KlaviyoHandle, folder: Path) -> None:
        self.klaviyo = klaviyo
        self.folder = folder
        self.since = ""
        self.rejects = folder / "rejects.jsonl"
        self._runs = 0

    def clear(self, workload: Workload, *, job_seconds: float = 0) -> None:
        """An account as it was before, which does not take what it will never take; no files."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.since = datetime.now(tz=UTC).isoformat(timespec="seconds")
        self.klaviyo.reset()
        self.klaviyo.knobs(job_seconds=job_seconds, pointers=workload.pointers)
        prepare(self.klaviyo, workload.deeds)
        # These are never lifted: a request that a killed run left behind may come at any time.
        if workload.failing:
            self.klaviyo.fail_rows(emails=workload.failing, times=None)
        if workload.malformed:
            self.klaviyo.malformed(workload.malformed, "*", times=None)

    def run(self, data: bytes, *, grace: float = 5, patience: float = 1.0, **more: Any) -> Run:
        """Start the command, which waits for a job so many minutes.

        A run that nothing disturbs must wait longer than a busy machine ever holds up a job.
        """
        self._runs += 1
        settings = {
            "api_key": "pk_sandbox_full",
            "api_url": self.klaviyo.url,
            "list_name": LIST,
            "rejects_path": str(self.rejects),
            "store_path": str(self.folder / "store.sqlite"),
            "consent_ledger_path": str(self.folder / "consents.jsonl"),
            "max_rejects": "1000",
            "grace_seconds": grace,
            "job_timeout_minutes": patience,
        }
        return Run(settings, self.folder / f"run{self._runs}", data, **more)

    def outcome(self) -> Outcome:
        """All that the runs so far left."""
        return outcome(self.klaviyo, self.rejects, since=self.since)


def undisturbed(ground: Ground, workload: Workload) -> Reference:
    """Load an input once, with nothing in the way, in requests as large as Klaviyo takes."""
    ground.clear(workload)
    ended = ground.run(workload.since(0)).wait(ground.klaviyo)
    if ended.code:
        raise RuntimeError(f"The undisturbed run ended with {ended.code}:\n{ended.log}")
    left = ground.outcome()
    return Reference(workload, left, traces(left))


class Trial:
    """One scenario on its ground."""

    def __init__(self, ground: Ground, plan: Scenario, reference: Reference) -> None:
        self._ground = ground
        self._plan = plan
        self._reference = reference
        self._told = 0  # the counter of the last STATE that the tap was given back
        self._found: list[str] = []
        self._logs: list[str] = []
        self._kills = self._runs = self._ordered = self._struck = 0

    def report(self, plant: Callable[[Ground], None] | None = None) -> Report:
        """Disturb it, run it again to its end, and compare."""
        began = time.monotonic()
        plan, workload = self._plan, self._reference.workload
        self._ground.clear(workload, job_seconds=plan.job_seconds)
        for attempt in plan.attempts:
            self._disturb(attempt)
            self._ground.klaviyo.clear_faults(lasting=False)
        if plan.rerun_from_start:
            self._told = 0
        (ended,) = self._runs_of(workload.since(self._told), twins=False)
        if ended.code:
            self._found.append(f"the clean rerun ended with {ended.code}")
        if self._told != workload.counters[-1]:
            self._found.append("the clean rerun did not tell the last STATE")
        if plant is not None:
            plant(self._ground)
        self._found += differences(self._reference.outcome, self._ground.outcome())
        return Report(
            plan,
            self._found,
            self._kills,
            self._ordered,
            self._struck,
            self._runs,
            time.monotonic() - began,
            self._logs,
        )

    def _disturb(self, attempt: Attempt) -> None:
        klaviyo, workload = self._ground.klaviyo, self._reference.workload
        lasting = len(klaviyo.faults())
        for fault in attempt.faults:
            fault.order(klaviyo)
        start = 0 if attempt.from_start else self._told
        if attempt.from_start:
            self._told = 0
        self._runs_of(workload.since(start), twins=self._plan.twins, attempt=attempt)
        left = sum(each["times"] for each in klaviyo.faults()[lasting:])
        ordered = sum(fault.times for fault in attempt.faults)
        self._ordered += ordered
        self._struck += ordered - left

    def _runs_of(self, data: bytes, *, twins: bool, attempt: Attempt | None = None) -> list[Ended]:
        """One run, or two at once of which the first is struck; what is told holds from now on."""
        klaviyo = self._ground.klaviyo
        klaviyo.clear_requests()
        more: dict[str, Any] = {"items": self._plan.items, "piecemeal": self._plan.piecemeal}
        if attempt is not None:
            more |= {"grace": attempt.grace, "patience": 0.03, "afresh": self._plan.afresh}
        runs = [self._ground.run(data, **more) for _ in range(1 + twins)]
        blow = attempt.blow if attempt else None
        ended = [run.wait(klaviyo, blow if run is runs[0] else None) for run in runs]
        start = self._told
        told = [self._check(each, start, attempt) for each in ended]
        # Of two at once the tap may be given back the STATE of either.
        self._told = min(told)
        self._found += self.broken_promises(max(told))
        self._runs += len(ended)
        self._kills += sum(each.struck for each in ended)
        return ended

    def _check(self, ended: Ended, start: int, attempt: Attempt | None) -> int:
        """What holds of every run, however it ends; the counter of the last STATE it told."""
        self._logs.append(ended.log)
        counters = [each[COUNTER] for each in ended.states]
        if counters != sorted(set(counters)) or (counters and counters[0] <= start):
            self._found.append(f"STATEs out of order: {counters} after {start}")
        told = counters[-1] if counters else start
        if ended.hung:
            self._found.append("a run hung")
        if "Traceback" in ended.log and ended.began:
            last = ended.log.rpartition("Traceback")[2].strip().splitlines()
            self._found.append(f"a run ended in a traceback: {' '.join(last)[-TOLD:]}")
        if ended.code < 0 and not ended.struck:
            self._found.append(f"a run died of signal {-ended.code}")
        if attempt is None or not ended.struck or attempt.blow is None:
            return told
        if ended.code not in {0, 1, -attempt.blow.signal, 128 + attempt.blow.signal}:
            self._found.append(f"a run ended with {ended.code} after signal {attempt.blow.signal}")
        return told

    def broken_promises(self, told: int) -> list[str]:
        """Records before the STATE told last of which there is no trace by now."""
        if not told:
            return []
        due = self._reference.workload.before(told) & self._reference.traces
        lost = due - traces(self._ground.outcome())
        return [f"STATE {told} was told, but {each} is nowhere" for each in sorted(lost)]
