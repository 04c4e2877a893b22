"""People subscribed to channels and unsubscribed from them, with or without a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from nevent_sandbox.klaviyo.calls import Answer, Call
from nevent_sandbox.klaviyo.consent_rules import (
    MOST_SUBSCRIBED,
    MOST_UNSUBSCRIBED,
    PLACE,
    channel_problems,
    count_problems,
    date_problems,
    identifier_problems,
)
from nevent_sandbox.klaviyo.consents import CHANNELS, EMAIL, Act, Register
from nevent_sandbox.klaviyo.effects import schedule
from nevent_sandbox.klaviyo.errors import ApiError, invalid
from nevent_sandbox.klaviyo.identities import AMONG
from nevent_sandbox.klaviyo.lists import numbers
from nevent_sandbox.klaviyo.moments import parsed
from nevent_sandbox.klaviyo.people import People

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from nevent_sandbox.klaviyo.account import Account
    from nevent_sandbox.klaviyo.errors import Document

API = "API"
DOUBLE = "double_opt_in"
_CHANNELS = [(channel, *channel.split(".")) for channel in CHANNELS]


def subscribe_profiles(call: Call) -> Answer:
    """Accept consent of up to a thousand people."""
    attributes = call.data["attributes"]
    rows = attributes["profiles"]["data"]
    historical, now = bool(attributes.get("historical_import")), call.account.clock.time()
    found = list(_problems(call, rows, MOST_SUBSCRIBED))
    for i, row in enumerate(rows):
        found += date_problems(row, f"{PLACE}/{i}", historical=historical, now=now)
    if found:
        raise ApiError(400, found)
    schedule(call.account, subscribe, call.data)
    return Answer(202, items=len(rows))


def unsubscribe_profiles(call: Call) -> Answer:
    """Accept withdrawals of up to a hundred people."""
    rows = call.data["attributes"]["profiles"]["data"]
    found = list(_problems(call, rows, MOST_UNSUBSCRIBED))
    if found:
        raise ApiError(400, found)
    schedule(call.account, unsubscribe, call.data)
    return Answer(202, items=len(rows))


def subscribe(
    account: Account, db: sqlite3.Connection, data: Document, accepted: float, now: float
) -> None:
    """Give consent, or ask for a confirmation where the list or the account wants one."""
    attributes, list_id = data["attributes"], _list_of(data)
    historical = bool(attributes.get("historical_import"))
    custom = attributes.get("custom_source") or None
    act = Act(now, API, custom=custom, historical=historical)
    visible = now + account.knobs.visibility_seconds
    register = Register(db, act, visible=visible)
    confirms = not historical and _opt_in(account, db, list_id) == DOUBLE
    rows = attributes["profiles"]["data"]
    people = _people(account, db, rows, now, visible)
    register.load([profile for profile, _ in people])
    for profile, row in people:
        latest = 0.0
        for channel, given in _asked(row):
            at = parsed(given["consented_at"]) if given.get("consented_at") else accepted
            latest = max(latest, at)
            if confirms:
                values = (profile, list_id or "", channel, int(accepted), custom)
                db.execute("INSERT OR REPLACE INTO confirmations VALUES (?, ?, ?, ?, ?)", values)
            else:
                register.subscribe(profile, channel, at)
        if list_id and latest and not confirms:
            register.join(profile, list_id, latest)
    register.save()


def unsubscribe(
    account: Account, db: sqlite3.Connection, data: Document, accepted: float, now: float
) -> None:
    """Withdraw consent: of a member from the list alone, of anybody else everywhere."""
    list_id = _list_of(data)
    visible = now + account.knobs.visibility_seconds
    register = Register(db, Act(now, API), visible=visible)
    people = _people(account, db, data["attributes"]["profiles"]["data"], now, visible)
    register.load([profile for profile, _ in people])
    for profile, row in people:
        for channel, _ in _asked(row):
            if channel == EMAIL and list_id and register.is_member(profile, list_id):
                register.leave(profile, list_id, accepted)
            else:
                register.unsubscribe(profile, channel, accepted)
    register.save()


def confirm(
    account: Account, db: sqlite3.Connection, profile: int, list_id: str | None, at: float
) -> int:
    """Someone clicks the link that a double opt-in sent; how many opt-ins waited for it."""
    where, values = "profile = ?", [profile, *([list_id] if list_id else [])]
    if list_id:
        where += " AND list = ?"
    sql = f"DELETE FROM confirmations WHERE {where} RETURNING list, channel, custom"  # noqa: S608  # our own names
    asked = db.execute(sql, values).fetchall()
    visible = account.clock.time() + account.knobs.visibility_seconds
    for of_list, channel, custom in sorted(asked, key=str):
        act = Act(at, API, custom=custom, double_optin=True)
        register = Register(db, act, visible=visible)
        register.subscribe(profile, channel, at)
        if of_list:
            register.join(profile, of_list, at)
        register.save()
    return len(asked)


def _problems(call: Call, rows: list[Document], most: int) -> Iterator[Document]:
    list_id, db = _list_of(call.data), call.account.store.reading()
    if list_id and not numbers(db, [list_id]):
        pointer = "/data/relationships/list/data/id"
        yield invalid(f"A list with id {list_id} does not exist.", pointer)
    yield from count_problems(rows, most)
    known = _known(db, rows)
    for i, row in enumerate(rows):
        yield from identifier_problems(row, f"{PLACE}/{i}")
        yield from channel_problems(row, f"{PLACE}/{i}", known)


def _known(db: sqlite3.Connection, rows: list[Document]) -> dict[str, Document]:
    wanted = [row["id"] for row in rows if row.get("id")]
    if not wanted:
        return {}
    sql = f"SELECT id, email, phone_number FROM profiles WHERE id IN {AMONG}"  # noqa: S608  # our own names
    found = db.execute(sql, [msgspec.json.encode(wanted).decode()])
    return {each: {"email": email, "phone_number": phone} for each, email, phone in found}


def _list_of(data: Document) -> str | None:
    related = data.get("relationships", {}).get("list", {}).get("data")
    return related["id"] if related else None


def _opt_in(account: Account, db: sqlite3.Connection, list_id: str | None) -> str:
    if list_id is None:
        return account.knobs.opt_in_process
    sql = "SELECT opt_in_process FROM lists WHERE id = ?"
    return str(db.execute(sql, (list_id,)).fetchone()[0])


def _asked(row: Document) -> list[tuple[str, Document]]:
    """The channels that a row names and this account keeps, with what was given."""
    subscriptions: dict[str, dict[str, Any]] = row["attributes"]["subscriptions"]
    return [
        (channel, given)
        for channel, name, use in _CHANNELS
        if name in subscriptions and (given := subscriptions[name].get(use)) is not None
    ]


def _people(
    account: Account, db: sqlite3.Connection, rows: list[Document], now: float, visible: float
) -> list[tuple[int, Document]]:
    """The profile of each row, made when unknown; who cannot be told apart is passed over."""
    people = People(db, account.store.identities, now=now, visible=visible)
    people.load(rows)
    found = []
    for row in rows:
        try:
            person = people.identified(row)
        except ApiError:
            continue  # accepted, as nobody waits for the outcome
        if person is not None:
            found.append((person.n, row))
    people.save()
    return found


HANDLERS = {
    "POST /api/profile-subscription-bulk-create-jobs": subscribe_profiles,
    "POST /api/profile-subscription-bulk-delete-jobs": unsubscribe_profiles,
}
