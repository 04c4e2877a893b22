"""Amounts of money: exact while they are added up, two decimals when they are told."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

NOTHING = Decimal(0)
_CENT = Decimal("0.01")


def amount(value: Any, *, cents: bool = False) -> Decimal:
    """An amount as Nevent tells it, in major units; nothing where it tells none."""
    try:
        exact = Decimal(str(value))
    except InvalidOperation:
        return NOTHING
    if not exact.is_finite():
        return NOTHING
    return exact / 100 if cents else exact


def told(value: Decimal | None) -> float | None:
    """The amount as JSON has it: a number of two decimals."""
    return None if value is None else float(value.quantize(_CENT, ROUND_HALF_UP))
