"""Sensitive-looking columns stay here, whoever mapped them: the person goes on without them."""

from __future__ import annotations

import re
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from target_klaviyo import payloads
from target_klaviyo.sensitive_names import is_id, is_reference, plain, said
from target_klaviyo.sensitive_values import looks_like
from target_klaviyo.shipments import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

Record = dict[str, Any]

# Klaviyo's own fields, and those that say what to do. Whoever fills them means to; none holds text
# but a person's names and address, which are looked at like any other.
OWN = payloads.ATTRIBUTES | payloads.LOCATION | payloads.EVENT_COLUMNS | {"profile_id"}
TEXT = frozenset(
    {"first_name", "last_name", "organization", "title", "address1", "address2", "city", "region"}
)
UNREAD = OWN - TEXT

MOST_PLANS = 10_000  # taps that leave nulls out write many sets of columns
SHORTEST = 9  # characters of a document's number
SMALLEST_CARD = 10**12
LONGER_THAN_ANY = 20  # digits; only an IBAN is longer, and begins with letters

# Of a record as JSON: every digit a 0, without the gaps that numbers are written with; no-break
# spaces are C2 A0 in UTF-8. Dashes stay, or each date would look like a number.
_SHAPES = bytes(48 if chr(code) in "0123456789" else code for code in range(256))
_GAPS = b" .\xc2\xa0"
# The same of one value: what all numbers that are looked for have in common.
_SHAPED = re.compile(r"[0-9](?:(?:[ .\u00a0]*[0-9]){6}|[ .\u00a0]*-(?:[ .\u00a0]*[0-9]){3})")


class _Plan(NamedTuple):
    """What to do with records of one set of columns."""

    size: int
    denied: tuple[str, ...]
    undeclared: tuple[str, ...]  # of these, those that the schema did not announce
    others: Callable[[Record], Any]  # all columns whose values are not looked at
    values: Callable[[Record], Any]
    ids: tuple[str, ...]
    read: tuple[str, ...]


class Guard:
    """What one stream may pass on, judged by the names of its columns and by their values.

    Args:
        columns: of the stream's schema.
        allowed: columns that are passed on whatever they look like.
    """

    def __init__(self, columns: Iterable[str], *, allowed: Collection[str] = ()) -> None:
        self._allowed = frozenset(map(plain, allowed))
        self.names = frozenset(name for name in columns if self._denied(name))
        self._plans: dict[tuple[str, ...], _Plan] = {}
        self._plan = self._planned(())

    def clean(self, record: Record) -> tuple[str, ...]:
        """Drop what is sensitive, in place.

        Returns:
            What was dropped by its value, or although the schema did not announce it, such as
            "notes (a payment card)"; mostly nothing. Columns in `names` are dropped in silence.
        """
        plan = self._plan
        try:
            # As many columns as the last record had, and each of those: the same columns.
            if len(record) != plan.size:
                raise KeyError  # noqa: TRY301  # the usual record shall pay nothing for the others
            plan.others(record)
            values = plan.values(record)
        except KeyError:
            columns = tuple(record)
            plan = self._plan = self._plans.get(columns) or self._planned(columns)
            values = plan.values(record)
        for name in plan.denied:
            del record[name]
        try:
            text = encode(values)
            for name in plan.ids:
                value = record[name]
                # The usual id is a long word that no IBAN begins like; it costs no search.
                if (
                    type(value) is not str
                    or len(value) < LONGER_THAN_ANY
                    or value > ":"
                    or not value.isalnum()
                ):
                    text += encode(value) + b","
        except TypeError:  # a map made what is no JSON
            return self._inspect(record, plan)
        # As str: searching bytes takes three times as long.
        shapes = text.translate(_SHAPES, _GAPS).decode("latin-1")
        if "0000000" in shapes or "0-000" in shapes or "{" in shapes:
            return self._inspect(record, plan)
        return plan.undeclared

    def _denied(self, name: str) -> bool:
        return name not in OWN and plain(name) not in self._allowed and said(name) is not None

    def _planned(self, columns: tuple[str, ...]) -> _Plan:
        if len(self._plans) >= MOST_PLANS:
            self._plans.clear()
        denied = tuple(filter(self._denied, columns))
        read = tuple(
            name
            for name in columns
            if name not in denied and name not in UNREAD and plain(name) not in self._allowed
        )
        ids = tuple(filter(is_id, read))
        plan = self._plans[columns] = _Plan(
            len(columns),
            denied,
            tuple(f"{name} ({said(name)})" for name in denied if name not in self.names),
            _getter([name for name in columns if name not in read or name in ids]),
            _getter([name for name in read if name not in ids]),
            ids,
            read,
        )
        return plan

    def _inspect(self, record: Record, plan: _Plan) -> tuple[str, ...]:
        """The exact look at what has the shape of something sensitive."""
        dropped = list(plan.undeclared)
        for name in plan.read:
            if found := _found(name, record[name]):
                dropped.append(f"{name} ({found})")
                del record[name]
        return tuple(dropped)


def _getter(columns: list[str]) -> Callable[[Record], Any]:
    return itemgetter(*columns) if columns else _nothing


def _nothing(_: Record) -> None:
    """The values of no column."""


def _found(column: str, value: Any) -> str | None:
    """What a value of a column looks like, or holds."""
    kind = type(value)
    if kind is str:
        shaped = len(value) >= SHORTEST and _SHAPED.search(value)
        return looks_like(value, reference=is_reference(column)) if shaped else None
    if kind is int or kind is float:
        whole = value >= SMALLEST_CARD and value == int(value)
        return looks_like(str(int(value)), reference=is_reference(column)) if whole else None
    if kind is list:
        return next(filter(None, (_found(column, each) for each in value)), None)
    if kind is dict:
        for key, each in value.items():
            named = said(str(key))
            if found := named or _found(str(key), each):
                return found
    return None
