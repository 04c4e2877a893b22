"""States of Nevent's orders and tickets that decide what counts."""

from __future__ import annotations

COMPLETED = frozenset({"SUCCEEDED", "COMPLETE", "REFUNDED"})
"""Of an order that was paid, whatever came after."""

LOST = frozenset({"REFUNDED", "CANCELLED"})
"""Of a ticket that nobody can use any more."""
