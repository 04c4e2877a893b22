"""The combined view on a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nevent_client.fields import CHANNELS

from nevent_klaviyo.fan.tables import Tables
from nevent_klaviyo.screen import Screen, joined, minute

if TYPE_CHECKING:
    from rich.console import Console

    from nevent_klaviyo.texts import Words

Row = dict[str, Any]


def show(found: Row, console: Console, words: Words) -> None:
    """Print the view: who, consent, what each side knows, what differs, what is missing."""
    nevent, klaviyo = found["nevent"], found["klaviyo"]
    screen = Screen(console, words)
    page, tables = _Page(screen), Tables(screen)
    page.person(nevent, klaviyo)
    page.consent(nevent, klaviyo)
    if nevent["known"]:
        tables.purchases(nevent["purchases"])
        tables.concerts(nevent["concerts"])
        tables.newsletters(nevent["newsletters"])
    if klaviyo["known"]:
        tables.campaigns(klaviyo["campaigns"])
        tables.flows(klaviyo["flows"])
        tables.events(klaviyo["events"], klaviyo["engagement"])
    page.differences(found["differences"])
    page.problems(found["problems"])


class _Page:
    """Who it is, in both sides' words, and where these disagree."""

    def __init__(self, screen: Screen) -> None:
        self._screen, self._console, self._words = screen, screen.console, screen.words

    def person(self, nevent: Row, klaviyo: Row) -> None:
        words, fan, profile = self._words, nevent["fan"] or {}, klaviyo["profile"] or {}
        lists = self._names(klaviyo["lists"]) if klaviyo["known"] else ""
        self._screen.table(
            words("person"),
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
                (words("since"), minute(fan.get("created_at")), minute(profile.get("created_at"))),
                (
                    words("changed"),
                    minute(fan.get("updated_at")),
                    minute(profile.get("updated_at")),
                ),
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
        self._screen.table(words("consent"), ("channel", "nevent", "klaviyo"), rows)

    def differences(self, differences: list[Row]) -> None:
        words = self._words
        self._screen.heading(words("differences"))
        for each in differences:
            self._console.print("• " + self._difference(each), style="yellow")
        if not differences:
            self._console.print(words("no_differences"), style="green")

    def problems(self, problems: list[Row]) -> None:
        if not problems:
            return
        self._screen.heading(self._words("problems"))
        for each in problems:
            side, block = self._words(each["side"]), self._words.code(each["block"])
            self._console.print(f"• {side}, {block}: {each['message']}", style="red")

    def _difference(self, each: Row) -> str:
        words, values = self._words, {key: value for key, value in each.items() if key != "kind"}
        for key, value in values.items():
            if isinstance(value, bool) or value is None:
                values[key] = words.flag(value=value)
            if key in {"at", "nevent_at", "klaviyo_at"}:
                values[key] = minute(value) if value and value is not None else words("no_data")
            if key == "channel":
                values[key] = words(value)
        return words(each["kind"], **values)

    def _known(self, side: Row) -> str:
        known = side["known"]
        return self._words("unreadable") if known is None else self._words.flag(value=known)

    def _wanted(self, preference: Row | None) -> str:
        if preference is None:
            return ""
        return joined(
            self._words.flag(value=preference["enabled"]), minute(preference["changed_at"])
        )

    def _said(self, consent: Row | None) -> str:
        if consent is None:
            return ""
        words = self._words
        lines = [
            joined(
                words.code(consent["consent"]) or words("no_data"),
                minute(consent["consented_at"] or consent["updated_at"]),
                consent["source"],
            )
        ]
        lines += [
            words("suppression", reason=each["reason"], at=minute(each["at"]))
            for each in consent.get("suppressions") or ()
        ]
        lines += [
            words("left_list", at=minute(each["at"]))
            for each in consent.get("list_suppressions") or ()
        ]
        return "\n".join(lines)

    def _given(self, given: Row | None) -> str:
        if given is None:
            return self._words("no_data")
        at = given["withdrawn_at"] or given["consented_at"]
        return joined(self._words.flag(value=given["granted"]), minute(at), given["source"])

    def _names(self, rows: list[Row] | None) -> str:
        if rows is None:
            return self._words("unreadable")
        return ", ".join(str(each["name"]) for each in rows) or self._words("none")


def _name(row: Row) -> str:
    return " ".join(each for each in (row.get("first_name"), row.get("last_name")) if each)


def _place(row: Row) -> str:
    return joined(row.get("city"), row.get("country"))
