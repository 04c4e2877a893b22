"""target-klaviyo, with small requests and short pauses: the command that is disturbed.

At the vendor's bounds a small audience is one request, and a retry takes longer than the rest of
the run. `CHAOS_ITEMS` is the most items a request, `CHAOS_HASTE` by how much pauses are shorter;
nothing else differs from `target-klaviyo`.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import tenacity
from klaviyo_client import limits, waiting


def small(items: int) -> None:
    """Bound every request to so many items; before target_klaviyo is imported."""
    bounds = [name for name, bound in vars(limits).items() if _counts_items(name, bound)]
    for name in bounds:
        setattr(limits, name, min(items, getattr(limits, name)))


def _counts_items(name: str, bound: Any) -> bool:
    """Whether a bound is about items of a request: not bytes, characters or properties."""
    about_one = ("BYTES", "PROPERTIES", "NAME", "EMAIL", "_ID")
    return name.startswith("MAX_") and isinstance(bound, int) and not name.endswith(about_one)


def hasty(times: float) -> None:
    """Make every pause that many times shorter: between requests, before retries, between polls.

    Before target_klaviyo is imported, too.
    """
    for name, operation in list(vars(limits).items()):
        if isinstance(operation, limits.Operation):
            burst, steady = operation.burst * round(times), operation.steady * round(times)
            setattr(limits, name, operation._replace(burst=burst, steady=steady))
    waiting._BACKOFF = tenacity.wait_exponential(  # noqa: SLF001  # no setting: nobody else needs it
        multiplier=0.5 / times, max=60 / times
    ) + tenacity.wait_random(0, 1 / times)
    from singer_outcomes import loader  # noqa: PLC0415  # as the next one
    from target_klaviyo import loader as jobs  # noqa: PLC0415  # after the bounds are set
    from target_klaviyo import subscriptions  # noqa: PLC0415  # the same

    for module, names in (
        (loader, ("STATE_WAITS",)),
        (jobs, ("FIRST_POLL", "LAST_POLL")),
        (subscriptions, ("SHOWS_WITHIN", "LOOK_EVERY")),
    ):
        for name in names:
            setattr(module, name, getattr(module, name) / times)


def main(arguments: list[str], *, items: int | None, haste: float) -> None:
    """Run the command; it ends by SystemExit, as commands do."""
    if items is not None:
        small(items)
    hasty(haste)
    from target_klaviyo.target import TargetKlaviyo  # noqa: PLC0415  # after the bounds are set

    TargetKlaviyo.cli(arguments, prog_name="target-klaviyo")


if __name__ == "__main__":
    main(
        sys.argv[1:],
        items=int(os.environ["CHAOS_ITEMS"]),
        haste=float(os.environ["CHAOS_HASTE"]),
    )
