"""How often Python looks for cycles: rows by the million form none."""

from __future__ import annotations

import gc


def spare() -> None:
    """Look seldom, and never again through what is loaded by now; called as a run begins.

    At the usual thresholds this is a fifth of a run's CPU.
    """
    gc.freeze()
    gc.set_threshold(200_000, 10, 10)
