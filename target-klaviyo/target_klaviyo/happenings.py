"""Events on their way to Klaviyo, which accepts them and gives no job to ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from target_klaviyo.refusals import told
from target_klaviyo.replaying import payload_of
from target_klaviyo.shipments import EVENTS, Envelope

if TYPE_CHECKING:
    from klaviyo_client import Problem
    from singer_outcomes.fates import Fates
    from singer_outcomes.queues import Row

    from target_klaviyo.delivery import Delivery
    from target_klaviyo.plan import Plan
    from target_klaviyo.verification import Verification


class Happenings:
    """Sends events; being accepted is all that can be known of each."""

    def __init__(
        self, delivery: Delivery, fates: Fates, verification: Verification, plan: Plan | None
    ) -> None:
        self._delivery = delivery
        self._fates = fates
        self._verification = verification
        self._plan = plan

    def deliver(self, rows: list[Row]) -> None:
        """Send these events and settle their rows."""
        if self._plan is not None:
            self._plan.happenings(rows)
        self._delivery.send(Envelope(EVENTS), rows, accepted=self._accepted, refused=self._refused)

    def _accepted(self, rows: list[Row], _: Any) -> None:
        self._verification.accepted(rows)
        self._fates.settle(rows, "accepted")

    def _refused(self, row: Row, problem: Problem) -> None:
        payload = payload_of(row)
        self._fates.refuse(row, told(problem), pointer=problem.pointer, payload=payload)
