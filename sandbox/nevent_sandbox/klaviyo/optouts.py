"""Profiles found and sorted by their suppressions, global or of a list, along an index."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from nevent_sandbox.klaviyo.filters import Column, Condition, where

if TYPE_CHECKING:
    from collections.abc import Sequence

_MARKETING = "subscriptions.email.marketing"


class Kind(NamedTuple):
    """One kind of suppression: its table, and what tells two of one profile apart."""

    table: str
    prefix: str
    own: str

    def columns(self, alias: str) -> dict[str, Column]:
        """Where SQL finds the fields of a suppression."""
        return {
            f"{self.prefix}.reason": Column(f"{alias}.reason"),
            f"{self.prefix}.timestamp": Column(f"{alias}.moment", moment=True, past=True),
            f"{self.prefix}.list_id": Column(f"{alias}.list"),
        }


KINDS = (
    Kind("suppressions", f"{_MARKETING}.suppression", "reason"),
    Kind("list_suppressions", f"{_MARKETING}.list_suppressions", "list"),
)


class Source(NamedTuple):
    """Tables to read profiles `p` from, what must hold, and how they can be sorted."""

    tables: str
    clauses: list[str]
    values: list[object]
    sort: str
    n: str


EVERYBODY = Source("profiles p", [], [], "p.n", "p.n")


def source(conditions: Sequence[Condition], sort: str | None, now: float) -> Source:
    """What finds profiles by conditions on suppressions, or sorted by their time.

    All conditions on one kind must hold of one and the same suppression. A profile is found once,
    by the oldest that fits. Sorted by their time, only those with a suppression are found.

    Raises:
        ApiError: 400 for a value of the wrong kind, or a time in the future.
    """
    sorted_by = (sort or "").removeprefix("-")
    kinds = [
        kind
        for kind in KINDS
        if sorted_by == f"{kind.prefix}.timestamp"
        or any(each.field.startswith(f"{kind.prefix}.") for each in conditions)
    ]
    if not kinds:
        return EVERYBODY
    leading = [kind for kind in kinds if not sort or sorted_by.startswith(f"{kind.prefix}.")][:1]
    clauses: list[str] = []
    values: list[object] = []
    for kind in kinds:
        if kind not in leading:
            inner, more = _of(kind, "o", conditions, now)
            body = " AND ".join(["o.profile = p.n", *inner])
            clauses.append(f"EXISTS (SELECT 1 FROM {kind.table} o WHERE {body})")  # noqa: S608  # our own names
            values += more
    if not leading:
        return EVERYBODY._replace(clauses=clauses, values=values)
    (first,) = leading
    inner, more = _of(first, "s", conditions, now)
    earlier, again = _of(first, "e", conditions, now)
    before = f"(e.moment, e.{first.own}) < (s.moment, s.{first.own})"
    body = " AND ".join(["e.profile = s.profile", before, *earlier])
    clauses += inner
    clauses.append(f"NOT EXISTS (SELECT 1 FROM {first.table} e WHERE {body})")  # noqa: S608  # our own names
    values += [*more, *again]
    tables = f"{first.table} s CROSS JOIN profiles p ON p.n = s.profile"
    return Source(tables, clauses, values, "s.moment" if sort else "s.profile", "s.profile")


def _of(
    kind: Kind, alias: str, conditions: Sequence[Condition], now: float
) -> tuple[list[str], list[object]]:
    own = [each for each in conditions if each.field.startswith(f"{kind.prefix}.")]
    return where(own, kind.columns(alias), now)
