"""Waiting for what threads compute."""

from __future__ import annotations

from concurrent.futures import wait
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future

T = TypeVar("T")

TURN = 1.0  # seconds


def taken(future: Future[T]) -> T:
    """Its result, waited for in turns.

    Python sees a signal that comes just before a wait only when that ends, and Nevent may have
    asked for ten minutes.
    """
    while not wait([future], timeout=TURN).done:
        pass
    return future.result()
