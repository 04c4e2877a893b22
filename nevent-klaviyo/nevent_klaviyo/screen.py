"""Headings, tables and how values look in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from nevent_klaviyo.texts import Words


class Screen:
    """A console that speaks one language."""

    def __init__(self, console: Console, words: Words) -> None:
        self.console = console
        self.words = words

    def heading(self, text: str) -> None:
        """Begin a section."""
        self.console.print()
        self.console.print(text, style="bold cyan")

    def table(
        self, title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]] | None
    ) -> None:
        """A section with a table; `columns` are keys of texts, no rows are told in words.

        None instead of rows says that they could not be read.
        """
        words = self.words
        self.heading(title)
        if not rows:
            self.console.print(words("unreadable" if rows is None else "none"), style="dim")
            return
        table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
        for each in columns:
            table.add_column(words(each) if each else "", overflow="fold")
        for row in rows:
            table.add_row(*("" if each is None else str(each) for each in row))
        self.console.print(table)


def joined(*parts: Any) -> str:
    """What there is of these, with commas."""
    return ", ".join(str(each) for each in parts if each)


def minute(value: str | None) -> str:
    """A time of ours to the minute, UTC."""
    return value[:16].replace("T", " ") if value else ""


def money(value: Any, currency: str | None) -> str:
    """An amount with its currency."""
    if value is None:
        return ""
    try:
        return f"{float(value):,.2f} {currency or ''}".strip()
    except (TypeError, ValueError):
        return str(value)
