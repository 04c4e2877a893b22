"""Pages of rows that stand still while rows are added: each starts after a row, not at a number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from nevent_sandbox.klaviyo.query import CURSOR, Cursor, cursor_text

if TYPE_CHECKING:
    import sqlite3

    from nevent_sandbox.klaviyo.query import Query


class Selection(NamedTuple):
    """What rows there are; `where` is never empty."""

    columns: str  # the sort value and the row's n are put before them
    tables: str
    where: list[str]
    values: list[Any]
    sort: str  # SQL expression
    n: str  # SQL expression, unique, in order of creation
    descending: bool = False


class Page(NamedTuple):
    """Rows, and the cursors of the neighbouring pages."""

    rows: list[tuple[Any, ...]]
    following: Cursor | None = None
    preceding: Cursor | None = None


def page(db: sqlite3.Connection, selection: Selection, query: Query) -> Page:
    """One page of a selection."""
    cursor = query.cursor
    backwards = cursor is not None and cursor.backwards
    down = selection.descending != backwards
    where, values = list(selection.where), list(selection.values)
    if cursor is not None:
        where.append(f"({selection.sort}, {selection.n}) {'<' if down else '>'} (?, ?)")
        values += [cursor.value, cursor.n]
    way = "DESC" if down else "ASC"
    sql = (
        f"SELECT {selection.sort}, {selection.n}, {selection.columns} "  # noqa: S608  # our own names
        f"FROM {selection.tables} WHERE {' AND '.join(where)} "
        f"ORDER BY {selection.sort} {way}, {selection.n} {way} LIMIT ?"
    )
    rows = db.execute(sql, [*values, query.size + 1]).fetchall()
    more = len(rows) > query.size
    rows = rows[: query.size]
    if backwards:
        rows.reverse()
    if not rows:
        return Page(rows)
    ahead, behind = (cursor is not None, more) if backwards else (more, cursor is not None)
    return Page(
        rows,
        Cursor(False, *rows[-1][:2]) if ahead else None,  # noqa: FBT003  # read back by name
        Cursor(True, *rows[0][:2]) if behind else None,  # noqa: FBT003  # the same
    )


def links(url: str, pairs: list[tuple[str, str]], found: Page) -> dict[str, str | None]:
    """`self`, `next` and `prev` on the host that was called."""
    kept = [pair for pair in pairs if pair[0] != CURSOR]

    def link(cursor: Cursor | None) -> str | None:
        return cursor and f"{url}/?{urlencode([*kept, (CURSOR, cursor_text(cursor))])}"

    own = f"{url}/?{urlencode(pairs)}" if pairs else f"{url}/"
    return {"self": own, "next": link(found.following), "prev": link(found.preceding)}
