"""What is computed of Klaviyo's figures, and what they are divided by. Pure."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

STATISTICS = (
    "recipients",
    "delivered",
    "opens",
    "opens_unique",
    "open_rate",
    "clicks",
    "clicks_unique",
    "click_rate",
    "click_to_open_rate",
    "bounced",
    "bounce_rate",
    "unsubscribes",
    "unsubscribe_uniques",
    "unsubscribe_rate",
    "spam_complaints",
    "spam_complaint_rate",
    "conversions",
    "conversion_uniques",
    "conversion_rate",
    "conversion_value",
    "average_order_value",
    "revenue_per_recipient",
)
MEMBERS = ("total_members", "members_added", "members_removed", "net_members_changed")
_CENT = Decimal("0.01")


def named(rows: list[dict[str, Any]], by: tuple[str, ...]) -> list[dict[str, Any]]:
    """Rows of a report that have all of these groupings, and statistics."""
    return [
        row
        for row in rows
        if row.get("statistics") is not None
        and all((row.get("groupings") or {}).get(each) for each in by)
    ]


def computed(statistics: Mapping[str, Any]) -> dict[str, Any]:
    """Klaviyo's statistics with ours beside them; what would divide by zero is null."""
    told = {name: statistics.get(name) for name in STATISTICS}
    return {
        **told,
        "click_to_purchase_rate": ratio(told["conversion_uniques"], told["clicks_unique"]),
        "revenue_per_recipient_basis": revenue_basis(told),
    }


def ratio(part: float | None, whole: float | None) -> float | None:
    """One number by another; null without either, or by nothing."""
    return part / whole if part is not None and whole else None


def revenue_basis(statistics: Mapping[str, Any]) -> str:
    """What `revenue_per_recipient` is divided by: Klaviyo's name says one thing, its users another.

    `unknown` where it cannot be told: no revenue, nothing sent, or everything delivered.
    """
    told, value = statistics.get("revenue_per_recipient"), statistics.get("conversion_value")
    if not told or not value:
        return "unknown"
    candidates = {
        name: value / statistics[name]
        for name in ("delivered", "recipients")
        if statistics.get(name)
    }
    if len({round(each, 6) for each in candidates.values()}) < len(("delivered", "recipients")):
        return "unknown"
    for same in (_equal, _equal_rounded):
        fitting = [name for name, each in candidates.items() if same(told, each)]
        if fitting:
            return fitting[0] if len(fitting) == 1 else "unknown"
    return "neither"


def share(cost: float, part: float | None, whole: float) -> float | None:
    """A part's share of a cost, in cents of the currency; null where nothing tells."""
    if part is None or not whole:
        return None
    exact = Decimal(str(cost)) * Decimal(str(part)) / Decimal(str(whole))
    return float(exact.quantize(_CENT, ROUND_HALF_UP))


def return_on(cost: float | None, value: float | None) -> float | None:
    """(value - cost) / cost; null without a cost."""
    return None if not cost or value is None else (value - cost) / cost


def _equal(told: float, exact: float) -> bool:
    return math.isclose(told, exact, rel_tol=1e-6)


def _equal_rounded(told: float, exact: float) -> bool:
    """As money is written."""
    return math.isclose(told, exact, abs_tol=0.005 + 1e-9)
