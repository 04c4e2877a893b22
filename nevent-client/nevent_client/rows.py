"""Rows out of Nevent's answers: envelopes, paths, times."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

Row = dict[str, Any]
MISSING: Any = object()
_ROWS = ("content", "items", "fans", "segments", "data", "rows", "flatList")
_EXACT = len("2026-01-31T12:00:00.000Z")
_DATE = len("2026-01-31")


class Page(NamedTuple):
    """Rows of one answer; `total` and `pages` are None where the envelope does not tell."""

    rows: list[Row]
    last: bool
    total: int | None
    pages: int | None


def page(body: Any, number: int) -> Page:
    """Read any of Nevent's envelopes; a short page alone is not the last.

    The server may cap the size lower than asked.
    """
    if isinstance(body, list):
        return Page(body, last=True, total=len(body), pages=1)
    rows: list[Row] = next((body[key] for key in _ROWS if isinstance(body.get(key), list)), [])
    total = next(
        (body[key] for key in ("totalElements", "total", "total_fans") if key in body), None
    )
    pages = body.get("totalPages", body.get("total_pages"))
    if "last" in body:
        last = bool(body["last"])
    elif "has_more" in body:
        last = not body["has_more"]
    elif pages is not None:
        last = number + 1 >= pages
    else:
        last = total is None or total <= len(rows)  # an envelope without pages is the whole list
    return Page(rows, last or not rows, total, pages)


def dig(row: Any, path: str) -> Any:
    """The value at a dotted path; MISSING if a step of it is not there."""
    for step in path.split("."):
        if not isinstance(row, dict) or step not in row:
            return MISSING
        row = row[step]
    return row


def body(fields: Mapping[str, str], record: Mapping[str, Any]) -> Row:
    """What to send for a flat record: its columns at their dotted paths, others left out."""
    found: Row = {}
    for column, path in fields.items():
        if column in record:
            *steps, last = path.split(".")
            inner = found
            for step in steps:
                inner = inner.setdefault(step, {})
            inner[last] = record[column]
    return found


def getter(path: str) -> Callable[[Row], Any]:
    """What finds the value at this path in a row, as `dig` does."""
    if "." in path:
        return lambda row: dig(row, path)
    return lambda row: row.get(path, MISSING)  # most are one step, and walked for each row


def shaper(
    fields: Mapping[str, str], zone: tzinfo = UTC, columns: Iterable[str] | None = None
) -> Callable[[Row], Row]:
    """A function that makes a flat record of a row: every column present, null where unknown.

    Columns that end in `_at` become UTC times, those in `_date` dates in the zone. With `columns`
    a record has exactly those, in their order, though no field be known for one.
    """
    blank: Row = dict.fromkeys(fields if columns is None else columns)
    known = {column: path for column, path in fields.items() if column in blank}
    flat = [(column, path) for column, path in known.items() if "." not in path]
    deep: dict[str, list[tuple[str, str]]] = {}  # by the object that holds them, looked up once
    for column, path in known.items():
        if "." in path:
            holder, _, name = path.rpartition(".")
            deep.setdefault(holder, []).append((column, name))
    held = [(getter(holder), names) for holder, names in deep.items()]
    times = [column for column in known if column.endswith("_at")]
    dates = [column for column in known if column.endswith("_date")]

    def shape(row: Row) -> Row:
        record = blank.copy()
        for column, name in flat:
            record[column] = row.get(name)
        for holder, names in held:
            inner = holder(row)
            if isinstance(inner, dict):
                for column, name in names:
                    record[column] = inner.get(name)
        for column in times:
            if (value := record[column]) is not None:
                record[column] = moment(value)
        for column in dates:
            record[column] = day(record[column], zone)
        return record

    return shape


def moment(value: Any) -> str | None:
    """A time as `2026-01-31T12:00:00.000Z`, so that times compare as text; None if it is none."""
    if isinstance(value, str):
        try:
            read = datetime.fromisoformat(value)
            # Nearly all are written so; a pattern would take twice as long as all the rest here.
            if len(value) == _EXACT and value[7] + value[10] + value[19] + value[-1] == "-T.Z":
                return value
            return written(read if read.tzinfo else read.replace(tzinfo=UTC))
        except (ValueError, OverflowError):  # or before the year 1, once it is UTC
            return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return written(datetime.fromtimestamp(value / 1000, UTC))
        except (ValueError, OverflowError):
            return None
    return None


def written(time: datetime) -> str:
    """This time in the one form that all times of ours have."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@lru_cache(maxsize=4096, typed=True)  # many tickets are for few concerts
def _day(value: str | float, zone: tzinfo) -> str | None:
    time = moment(value)
    if time is None or (isinstance(value, str) and len(value) == _DATE):
        return time and time[:_DATE]
    return datetime.fromisoformat(time).astimezone(zone).date().isoformat()


def day(value: Any, zone: tzinfo = UTC) -> str | None:
    """The date of a time in this zone, or the date that the value is, as `2026-01-31`."""
    return _day(value, zone) if isinstance(value, str | int | float) else None
