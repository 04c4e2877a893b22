"""Stretches of time, half-open, in seconds since 1970."""

from __future__ import annotations

from bisect import bisect_right

Interval = tuple[int, int]


def union(intervals: list[Interval]) -> list[Interval]:
    """The same stretches, each once, in order."""
    result: list[Interval] = []
    for start, end in sorted(intervals):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(result[-1][1], end))
        else:
            result.append((start, end))
    return result


def without(intervals: list[Interval], taken: Interval) -> list[Interval]:
    """What is left of some stretches when one is taken away."""
    result = []
    for start, end in intervals:
        if start < min(end, taken[0]):
            result.append((start, min(end, taken[0])))
        if max(start, taken[1]) < end:
            result.append((max(start, taken[1]), end))
    return result


def touching(intervals: list[Interval], stretch: Interval) -> list[Interval]:
    """Those that share a second with a stretch; they are disjoint and in order."""
    found = []
    for number in range(
        bisect_right(intervals, stretch[0], key=lambda each: each[1]), len(intervals)
    ):
        if intervals[number][0] >= stretch[1]:
            break
        found.append(intervals[number])
    return found
