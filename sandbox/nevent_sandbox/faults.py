"""Faults that tests order by operation, and how long each one lasts."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

Kind = Literal[
    "refuse", "delay", "drop", "drop_after", "stick", "fail_rows", "malformed", "html_403"
]
AT_THE_DOOR: tuple[Kind, ...] = ("refuse", "delay", "drop", "drop_after", "html_403")
EVERY = "*"
DEFAULT_STATUS = 503


class Fault(msgspec.Struct, forbid_unknown_fields=True):
    """One order. `times` counts down with each use; None lasts until cleared."""

    operation: str  # "POST /api/profile-bulk-import-jobs"; the /api may be left out; "*" = any
    kind: Kind
    status: int | None = None
    times: int | None = 1
    seconds: float = 0.0
    retry_after: int | None = None
    emails: list[str] = []
    rows: list[int] = []
    pointer: bool = True

    def strikes(self, operation: str) -> bool:
        """Whether it is ordered for this operation."""
        return self.operation in {EVERY, operation, operation.replace(" /api/", " /", 1)}


class Faults:
    """The orders in force, oldest first. Any thread may use it."""

    def __init__(self) -> None:
        self.resets = 0
        self._orders: list[Fault] = []
        self._lock = threading.Lock()

    def order(self, fault: Fault) -> None:
        """Put a fault in force."""
        with self._lock:
            self._orders.append(fault)

    def clear(self, *, lasting: bool = True) -> None:
        """Lift all of them; without `lasting` only those that count down."""
        with self._lock:
            self._orders = [] if lasting else [each for each in self._orders if each.times is None]

    def reset(self) -> None:
        """Lift all of them; a request that waits for the end of one is never served."""
        self.resets += 1
        self.clear()

    def pending(self) -> list[Fault]:
        """What is still in force."""
        with self._lock:
            return list(self._orders)

    def take(self, operation: str, *kinds: Kind) -> Fault | None:
        """The oldest fault of these kinds for this operation, used up by one."""
        with self._lock:
            for fault in self._orders:
                if fault.kind in kinds and fault.strikes(operation):
                    self._use(fault)
                    return fault
        return None

    def take_rows(
        self, operation: str, emails: set[str], rows: int, *, kind: Kind = "fail_rows"
    ) -> Fault | None:
        """The oldest fault of this kind that concerns one of these e-mails or row numbers."""
        with self._lock:
            for fault in self._orders:
                concerned = not emails.isdisjoint(fault.emails) or any(n < rows for n in fault.rows)
                if fault.kind == kind and fault.strikes(operation) and concerned:
                    self._use(fault)
                    return fault
        return None

    def malformed(self, operation: str, people: Iterable[dict[str, Any]]) -> frozenset[str]:
        """The e-mails of these profile resources that a test has declared malformed."""
        if not any(fault.kind == "malformed" for fault in self.pending()):
            return frozenset()
        emails = {str(person["attributes"].get("email")).lower() for person in people}
        fault = self.take_rows(operation, emails, 0, kind="malformed")
        return frozenset(fault.emails) if fault else frozenset()

    def _use(self, fault: Fault) -> None:
        if fault.times is None:
            return
        fault.times -= 1
        if fault.times <= 0:
            self._orders.remove(fault)
