"""What happens to a run, decided by a seed and a number: faults, signals, and when."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Literal, NamedTuple

from chaos.people import chance
from chaos.process import Blow

if TYPE_CHECKING:
    import random

    from nevent_sandbox.handles import KlaviyoHandle

Kind = Literal["refuse", "drop", "drop_after", "challenge", "delay", "stick", "end"]

PER_WORKLOAD = 8  # scenarios that share an input, and with it the undisturbed run
IMPORT, EVENTS = "POST /api/profile-bulk-import-jobs", "POST /api/event-bulk-create-jobs"
JOBS, LISTS = "GET /api/profile-bulk-import-jobs", "GET /api/lists"
ERRORS = "GET /api/profile-bulk-import-jobs/{id}/import-errors"
OPERATIONS = {
    "profiles": {IMPORT: 6, JOBS: 3, ERRORS: 2, LISTS: 1},
    "events": {EVENTS: 6},
    "subscriptions": {
        "POST /api/profile-subscription-bulk-create-jobs": 4,
        "POST /api/profile-subscription-bulk-delete-jobs": 3,
        "GET /api/profiles": 3,
    },
    "suppressions": {
        "POST /api/profile-suppression-bulk-create-jobs": 2,
        "POST /api/profile-suppression-bulk-delete-jobs": 1,
        "GET /api/profile-suppression-bulk-create-jobs/{job_id}": 1,
    },
    "list_members": {
        "DELETE /api/lists/{id}/relationships/profiles": 2,
        "GET /api/lists/{id}/profiles": 2,
        "POST /api/lists": 1,
    },
    "deletions": {"POST /api/data-privacy-deletion-jobs": 3},
}
"""Whose faults hurt which kind, and how often each is chosen."""
_ENDS = (401, 403, 404, 410, 415)  # statuses that end a run: someone would have to act
TOO_MANY = 429
TWINS = 0.12  # share of scenarios with two runs at once
_SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT)

_ODDS: dict[Kind, int] = {
    "refuse": 8,
    "drop": 4,
    "drop_after": 6,
    "challenge": 2,
    "delay": 6,
    "stick": 2,
    "end": 1,
}


class Fault(NamedTuple):
    """A fault of the transport: struck by so many requests, whatever is in them."""

    operation: str
    kind: Kind
    times: int
    status: int  # of refuse and end
    seconds: float  # of delay

    def order(self, klaviyo: KlaviyoHandle) -> None:
        """Put it in force."""
        operation, times = self.operation, self.times
        if self.kind in {"refuse", "end"}:
            klaviyo.refuse(operation, status=self.status, times=times)
        elif self.kind == "delay":
            klaviyo.delay(operation, self.seconds, times=times)
        elif self.kind == "challenge":
            klaviyo.challenge(operation, times=times)
        elif self.kind == "stick":
            klaviyo.stick(operation, times=times)
        else:
            klaviyo.drop(operation, after=self.kind == "drop_after", times=times)


class Attempt(NamedTuple):
    """One disturbed run: faults in force from its start, and the signal that ends it."""

    faults: list[Fault]
    blow: Blow | None
    from_start: bool  # the tap lost its state: it tells everything again
    grace: float  # seconds


class Scenario(NamedTuple):
    """All that is decided about one trial.

    `twins`: each disturbed run is two at once, with the same input, account and files.
    """

    seed: int
    number: int
    attempts: list[Attempt]
    items: int | None
    piecemeal: bool
    afresh: bool
    job_seconds: float
    rerun_from_start: bool
    twins: bool

    @property
    def workload(self) -> int:
        """The number of its input."""
        return self.number // PER_WORKLOAD

    def __str__(self) -> str:
        """How to repeat it."""
        return f"make chaos SCENARIO={self.number} SEED={self.seed}"


def scenario(seed: int, number: int, kinds: tuple[str, ...]) -> Scenario:
    """The scenario of this number."""
    dice = chance(seed, "scenario", number)
    operations: dict[str, int] = {}
    for kind in kinds:
        operations |= OPERATIONS[kind]
    attempts = [_attempt(dice, operations) for _ in range(dice.choice((1, 1, 1, 2, 2, 3)))]
    twins = dice.random() < TWINS
    return Scenario(
        seed,
        number,
        attempts[:1] if twins else attempts,
        items=dice.choice((None, 7, 12, 20, 40)),
        afresh=dice.random() < 0.15,
        piecemeal=dice.random() < 0.3,
        job_seconds=dice.choice((0, 0.02, 0.05, 0.1)),
        rerun_from_start=dice.random() < 0.25,
        twins=twins,
    )


def _attempt(dice: random.Random, operations: dict[str, int]) -> Attempt:
    number = dice.choice((0, 1, 1, 2, 3, 4))
    blow = None if dice.random() < 0.15 else _blow(dice)
    if blow is None:
        number = max(number, 2)
    return Attempt(
        faults=[_fault(dice, operations) for _ in range(number)],
        blow=blow,
        from_start=dice.random() < 0.2,
        grace=dice.choice((0.2, 5, 5)),
    )


def _blow(dice: random.Random) -> Blow:
    number = dice.choice(_SIGNALS)
    after = dice.random()
    if after < 0.6:
        return Blow(number, "writes", dice.randrange(1, 10))
    if after < 0.75:
        return Blow(number, "states", dice.randrange(1, 4))
    if after < 0.95:
        return Blow(number, "seconds", dice.uniform(0, 1))
    return Blow(number, "birth", dice.uniform(0, 0.6))


def _fault(dice: random.Random, operations: dict[str, int]) -> Fault:
    operation = dice.choices(list(operations), list(operations.values()))[0]
    if dice.random() < 0.1:
        operation = "*"
    kind = dice.choices(list(_ODDS), list(_ODDS.values()))[0]
    times = dice.randrange(1, 5)
    status = dice.choice((TOO_MANY, 500, 502, 503))
    if kind == "stick":
        operation, times = IMPORT, min(times, 2)
    elif kind == "refuse" and status == TOO_MANY:
        times = min(times, 2)  # a second is waited for each
    elif kind == "end":
        times, status = 1, dice.choice(_ENDS)
    return Fault(operation, kind, times, status, dice.uniform(0.02, 0.3))
