"""What one person bought, saw, received and did: a table for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nevent_klaviyo.screen import joined, minute, money

if TYPE_CHECKING:
    from nevent_klaviyo.screen import Screen

Row = dict[str, Any]


class Tables:
    """Tables of the blocks of both sides; None for a block says that it could not be read."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def purchases(self, orders: list[Row] | None) -> None:
        """Orders and their tickets."""
        rows = (
            None
            if orders is None
            else [
                (
                    minute(each["purchased_at"]),
                    each["event_name"],
                    ", ".join(f"{t['ticket_type']} ({t['status']})" for t in each["tickets"]),
                    money(each["total_price"], each["currency"]),
                    money(each["refunded_amount"] or None, each["currency"]),
                    each["status"],
                )
                for each in orders
            ]
        )
        self._screen.table(
            self._screen.words("purchases"),
            ("bought", "concert", "tickets", "amount", "refunded", "state"),
            rows,
        )

    def concerts(self, concerts: list[Row] | None) -> None:
        """Concerts attended."""
        rows = (
            None
            if concerts is None
            else [
                (minute(each["date"]), each["name"], joined(each["venue"], each["city"]))
                for each in concerts
            ]
        )
        self._screen.table(self._screen.words("concerts"), ("date", "concert", "venue"), rows)

    def newsletters(self, newsletters: list[Row] | None) -> None:
        """Subscriptions of Nevent's own newsletters."""
        rows = (
            None
            if newsletters is None
            else [
                (
                    each["name"],
                    each["status"],
                    minute(each["unsubscribed_at"] or each["subscribed_at"]),
                    each["source"],
                )
                for each in newsletters
            ]
        )
        self._screen.table(
            self._screen.words("newsletters"), ("newsletter", "state", "since", "source"), rows
        )

    def campaigns(self, letters: list[Row] | None) -> None:
        """Campaigns, and what the person did with each."""
        rows = (
            None
            if letters is None
            else [
                (
                    each["campaign_name"],
                    each["subject"],
                    minute(each["received_at"]),
                    each["opens"],
                    each["machine_opens"],
                    each["clicks"],
                    ", ".join(each["others"]),
                )
                for each in letters
            ]
        )
        columns = ("campaign", "subject", "received", "opens", "machine", "clicks", "also")
        self._screen.table(self._screen.words("campaigns"), columns, rows)

    def flows(self, flows: list[Row] | None) -> None:
        """Where the person stands in each flow."""
        rows = (
            None
            if flows is None
            else [
                (
                    each["flow_name"] or each["flow_id"],
                    self._screen.words.code(each["status"]),
                    f"{each['step'] or '?'}/{each['steps']}" if each.get("steps") else "",
                    joined(each.get("last_message_name"), minute(each.get("last_step_at"))),
                    *(
                        sum(letter[kind] for letter in each["messages"])
                        for kind in ("opens", "clicks")
                    ),
                    self._screen.words.code(each["basis"]),
                )
                for each in flows
            ]
        )
        columns = ("flow", "state", "step", "last_message", "opens", "clicks", "basis")
        self._screen.table(self._screen.words("flows"), columns, rows)

    def events(self, events: list[Row] | None, totals: Row | None) -> None:
        """The last events, and how many there are of what."""
        words = self._screen.words
        told = totals or {"events": "?"}
        rows = (
            None
            if events is None
            else [
                (
                    minute(each["at"]),
                    each["metric"] + (f" ({words('by_machine')})" if each["machine_open"] else ""),
                    each["about"],
                    money(each["value"], each["currency"]),
                )
                for each in events
            ]
        )
        title = words("last_events", shown=len(events or ()), total=told["events"])
        self._screen.table(title, ("time", "event", "about", "value"), rows)
        if totals:
            self._screen.console.print(words("totals", **totals))
