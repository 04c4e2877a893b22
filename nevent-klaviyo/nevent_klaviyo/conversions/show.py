"""Conversions of campaigns on a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from nevent_klaviyo.texts import Words

Row = dict[str, Any]

_COLUMNS = (
    ("campaign", "campaign_name"),
    ("sent", "sent_at"),
    ("recipients", "recipients"),
    ("unknown", "recipients_unknown"),
    ("klaviyo_tickets", "klaviyo_conversions"),
    ("nevent_tickets", "nevent_tickets"),
    ("difference", "tickets_difference"),
    ("klaviyo_revenue", "klaviyo_conversion_value"),
    ("nevent_revenue", "nevent_revenue"),
    ("refunded", "nevent_refunded"),
    ("difference", "revenue_difference"),
)
_SIGNED = frozenset({"tickets_difference", "revenue_difference"})


def show(rows: Sequence[Row], notes: Sequence[str], console: Console, words: Words) -> None:
    """Print one row for each campaign, and the notes under them."""
    if rows:
        currency, days = rows[0]["currency"], rows[0]["window_days"]
        title = words("conversions_title", days=days, currency=currency)
        console.print(title, style="bold cyan")
        table = Table(box=None, pad_edge=False, header_style="bold")
        for word, name in _COLUMNS:
            text = name in {"campaign_name", "sent_at"}
            table.add_column(
                words(word),
                justify="left" if text else "right",
                no_wrap=name != "campaign_name",
                overflow="fold",
            )
        for row in rows:
            table.add_row(*(_cell(name, row[name]) for _, name in _COLUMNS))
        console.print(table)
    else:
        console.print(words("no_campaigns"))
    for note in notes:
        console.print()
        console.print(f"• {note}", style="dim")


def _cell(name: str, value: Any) -> str:
    if value is None:
        return "-"
    if name == "sent_at":
        return str(value)[:10]
    if isinstance(value, int | float):
        sign = "+" if name in _SIGNED and value else ""
        return format(value, f"{sign},.2f" if isinstance(value, float) else f"{sign},")
    return str(value)
