"""The combined view on a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nevent_client.fields import CHANNELS
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from nevent_klaviyo.texts import Words

Row = dict[str, Any]


def show(found: Row, console: Console, words: Words) -> None:
    """Print the view: who, consent, what each side knows, what differs, what is missing."""
    nevent, klaviyo = found["nevent"], found["klaviyo"]
    page = _Page(console, words)
    page.person(nevent, klaviyo)
    page.consent(nevent, klaviyo)
    if nevent["known"]:
        page.purchases(nevent["purchases"])
        page.concerts(nevent["concerts"])
        page.newsletters(nevent["newsletters"])
    if klaviyo["known"]:
        page.campaigns(klaviyo["campaigns"])
        page.flows(klaviyo["flows"])
        page.events(klaviyo["events"], klaviyo["engagement"])
    page.differences(found["differences"])
    page.problems(found["problems"])


class _Page:
    """Sections in their order; a block that could not be read says so in its place."""

    def __init__(self, console: Console, words: Words) -> None:
        self._console = console
        self._words = words

    def person(self, nevent: Row, klaviyo: Row) -> None:
        words, fan, profile = self._words, nevent["fan"] or {}, klaviyo["profile"] or {}
        lists = self._names(klaviyo["lists"]) if klaviyo["known"] else ""
        self._table(
            "person",
            ("", "nevent", "klaviyo"),
            [
                (words("known"), self._known(nevent), self._known(klaviyo)),
                (words("id"), fan.get("id"), profile.get("id")),
                (words("link"), "", profile.get("external_id")),
                (words("name"), _name(fan), _name(profile)),
                (words("email"), fan.get("email"), profile.get("email")),
                (words("phone"), fan.get("phone_number"), profile.get("phone_number")),
                (words("place"), _place(fan), _place(profile)),
                (words("language"), fan.get("locale"), profile.get("locale")),
                (words("tags"), ", ".join(fan.get("tags") or ()), ""),
                (words("lists"), "", lists),
                (words("since"), _time(fan.get("created_at")), _time(profile.get("created_at"))),
                (words("changed"), _time(fan.get("updated_at")), _time(profile.get("updated_at"))),
            ],
        )

    def consent(self, nevent: Row, klaviyo: Row) -> None:
        words = self._words
        preferences, said = nevent["preferences"] or {}, klaviyo["consent"] or {}
        given = nevent["third_party_consent"]
        rows = [
            (words(channel), self._wanted(preferences.get(channel)), self._said(said.get(channel)))
            for channel in CHANNELS
        ]
        if nevent["known"]:
            rows.append((words("third_party"), self._given(given), ""))
        self._table("consent", ("channel", "nevent", "klaviyo"), rows)

    def purchases(self, orders: list[Row] | None) -> None:
        rows = (
            None
            if orders is None
            else [
                (
                    _time(each["purchased_at"]),
                    each["event_name"],
                    ", ".join(f"{t['ticket_type']} ({t['status']})" for t in each["tickets"]),
                    _money(each["total_price"], each["currency"]),
                    _money(each["refunded_amount"] or None, each["currency"]),
                    each["status"],
                )
                for each in orders
            ]
        )
        self._table(
            "purchases", ("bought", "concert", "tickets", "amount", "refunded", "state"), rows
        )

    def concerts(self, concerts: list[Row] | None) -> None:
        rows = (
            None
            if concerts is None
            else [
                (_time(each["date"]), each["name"], _joined(each["venue"], each["city"]))
                for each in concerts
            ]
        )
        self._table("concerts", ("date", "concert", "venue"), rows)

    def newsletters(self, newsletters: list[Row] | None) -> None:
        rows = (
            None
            if newsletters is None
            else [
                (
                    each["name"],
                    each["status"],
                    _time(each["unsubscribed_at"] or each["subscribed_at"]),
                    each["source"],
                )
                for each in newsletters
            ]
        )
        self._table("newsletters", ("newsletter", "state", "since", "source"), rows)

    def campaigns(self, letters: list[Row] | None) -> None:
        rows = (
            None
            if letters is None
            else [
                (
                    each["campaign_name"],
                    each["subject"],
                    _time(each["received_at"]),
                    each["opens"],
                    each["machine_opens"],
                    each["clicks"],
                    ", ".join(each["others"]),
                )
                for each in letters
            ]
        )
        columns = ("campaign", "subject", "received", "opens", "machine", "clicks", "also")
        self._table("campaigns", columns, rows)

    def flows(self, flows: list[Row] | None) -> None:
        rows = (
            None
            if flows is None
            else [
                (
                    each["flow_name"] or each["flow_id"],
                    self._words.code(each["status"]),
                    f"{each['step'] or '?'}/{each['steps']}" if each.get("steps") else "",
                    _joined(each.get("last_message_name"), _time(each.get("last_step_at"))),
                    *(
                        sum(letter[kind] for letter in each["messages"])
                        for kind in ("opens", "clicks")
                    ),
                    self._words.code(each["basis"]),
                )
                for each in flows
            ]
        )
        columns = ("flow", "state", "step", "last_message", "opens", "clicks", "basis")
        self._table("flows", columns, rows)

    def events(self, events: list[Row] | None, totals: Row | None) -> None:
        words = self._words
        told = totals or {"events": "?"}
        rows = (
            None
            if events is None
            else [
                (
                    _time(each["at"]),
                    each["metric"] + (f" ({words('by_machine')})" if each["machine_open"] else ""),
                    each["about"],
                    _money(each["value"], each["currency"]),
                )
                for each in events
            ]
        )
        title = words("events", shown=len(events or ()), total=told["events"])
        self._table(title, ("time", "event", "about", "value"), rows)
        if totals:
            self._console.print(words("totals", **totals))

    def differences(self, differences: list[Row]) -> None:
        words = self._words
        self._heading(words("differences"))
        for each in differences:
            self._console.print("• " + self._difference(each), style="yellow")
        if not differences:
            self._console.print(words("no_differences"), style="green")

    def problems(self, problems: list[Row]) -> None:
        if not problems:
            return
        self._heading(self._words("problems"))
        for each in problems:
            side, block = self._words(each["side"]), self._words.code(each["block"])
            self._console.print(f"• {side}, {block}: {each['message']}", style="red")

    def _difference(self, each: Row) -> str:
        words, values = self._words, {key: value for key, value in each.items() if key != "kind"}
        for key, value in values.items():
            if isinstance(value, bool) or value is None:
                values[key] = words.flag(value=value)
            if key.endswith("_at"):
                values[key] = _time(value) if value and value is not None else words("no_data")
            if key == "channel":
                values[key] = words(value)
        return words(each["kind"], **values)

    def _known(self, side: Row) -> str:
        known = side["known"]
        return self._words("unreadable") if known is None else self._words.flag(value=known)

    def _wanted(self, preference: Row | None) -> str:
        if preference is None:
            return ""
        return _joined(
            self._words.flag(value=preference["enabled"]), _time(preference["changed_at"])
        )

    def _said(self, consent: Row | None) -> str:
        if consent is None:
            return ""
        words = self._words
        lines = [
            _joined(
                words.code(consent["consent"]) or words("no_data"),
                _time(consent["consented_at"] or consent["updated_at"]),
                consent["source"],
            )
        ]
        lines += [
            words("suppression", reason=each["reason"], at=_time(each["at"]))
            for each in consent.get("suppressions") or ()
        ]
        lines += [
            words("left_list", at=_time(each["at"]))
            for each in consent.get("list_suppressions") or ()
        ]
        return "\n".join(lines)

    def _given(self, given: Row | None) -> str:
        if given is None:
            return self._words("no_data")
        at = given["withdrawn_at"] or given["consented_at"]
        return _joined(self._words.flag(value=given["granted"]), _time(at), given["source"])

    def _names(self, rows: list[Row] | None) -> str:
        if rows is None:
            return self._words("unreadable")
        return ", ".join(str(each["name"]) for each in rows) or self._words("none")

    def _table(self, title: str, columns: Sequence[str], rows: Sequence[Any] | None) -> None:
        words = self._words
        self._heading(words.code(title))
        if not rows:
            self._console.print(words("unreadable" if rows is None else "none"), style="dim")
            return
        table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
        for each in columns:
            table.add_column(words(each) if each else "", overflow="fold")
        for row in rows:
            table.add_row(*("" if each is None else str(each) for each in row))
        self._console.print(table)

    def _heading(self, text: str) -> None:
        self._console.print()
        self._console.print(text, style="bold cyan")


def _name(row: Row) -> str:
    return " ".join(each for each in (row.get("first_name"), row.get("last_name")) if each)


def _place(row: Row) -> str:
    return _joined(row.get("city"), row.get("country"))


def _joined(*parts: Any) -> str:
    return ", ".join(str(each) for each in parts if each)


def _time(value: str | None) -> str:
    """To the minute, UTC."""
    return value[:16].replace("T", " ") if value else ""


def _money(value: Any, currency: str | None) -> str:
    if value is None:
        return ""
    try:
        return f"{float(value):,.2f} {currency or ''}".strip()
    except (TypeError, ValueError):
        return str(value)
