"""Consent on the control plane: what people do inside Klaviyo, and what is known of everybody."""

from __future__ import annotations

import sqlite3  # noqa: TC003  # a signature people read
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request  # noqa: TC002  # Starlette's endpoints are called with it
from starlette.responses import Response  # noqa: TC002  # the same
from starlette.routing import Route

from nevent_sandbox.control import told
from nevent_sandbox.klaviyo import suppressing
from nevent_sandbox.klaviyo.deeds import Deed, do
from nevent_sandbox.klaviyo.errors import ApiError, Document
from nevent_sandbox.klaviyo.identities import holding
from nevent_sandbox.klaviyo.moments import told as moment
from nevent_sandbox.klaviyo.settling import settle
from nevent_sandbox.klaviyo.subscriptions import subscriptions

if TYPE_CHECKING:
    from nevent_sandbox.klaviyo.account import Account

EVERYTHING = 1_000_000
KINDS = (
    "consents",
    "suppressions",
    "list_suppressions",
    "confirmations",
    "suppression_jobs",
    "effects",
)
# Whoever is suppressed has a row in `consents` too: it is dated there.
_CONCERNED = " OR ".join(
    f"EXISTS (SELECT 1 FROM {table} c WHERE c.profile = p.n)"  # noqa: S608  # our own names
    for table in ("consents", "confirmations")
)
_DEED = msgspec.json.Decoder(Deed)


def route(account: Account) -> Route:
    """`POST /_sandbox/deeds`."""

    async def deeds(request: Request) -> Response:
        try:
            deed = _DEED.decode(await request.body())
            await run_in_threadpool(_done, account, deed)
        except (msgspec.DecodeError, ValueError, ApiError) as error:
            return told({"error": str(error)}, 400)
        return told({"done": deed.what}, 201)

    return Route("/_sandbox/deeds", deeds, methods=["POST"])


def _done(account: Account, deed: Deed) -> None:
    settle(account)
    do(account, deed)


def _consents(_: Account, db: sqlite3.Connection, query: dict[str, str]) -> list[Document]:
    """Everybody of whom something is known; of one person where an e-mail is named."""
    where, values = f"({_CONCERNED})", []
    if "email" in query:
        where, values = holding("email", "p"), [query["email"].lower()]
    sql = (
        f"SELECT p.n, p.id, p.email, p.phone_number FROM profiles p WHERE {where} "  # noqa: S608  # our own names
        "ORDER BY p.n LIMIT ? OFFSET ?"
    )
    part = (int(query.get("limit", EVERYTHING)), int(query.get("offset", 0)))
    made = []
    for number, identifier, email, phone in db.execute(sql, [*values, *part]).fetchall():
        waiting = db.execute(
            "SELECT list, channel, asked, custom FROM confirmations WHERE profile = ?", (number,)
        )
        made.append(
            {
                "profile_id": identifier,
                "email": email,
                "phone_number": phone,
                "subscriptions": subscriptions(db, number, email=bool(email), phone=bool(phone)),
                "to_confirm": [
                    {
                        "list_id": of_list or None,
                        "channel": channel,
                        "asked": moment(asked),
                        "custom_source": custom,
                    }
                    for of_list, channel, asked, custom in waiting
                ],
            }
        )
    return made


def _suppression_jobs(
    account: Account, db: sqlite3.Connection, query: dict[str, str]
) -> list[Document]:
    sql = (
        f"SELECT kind, {suppressing.COLUMNS} FROM suppression_jobs "  # noqa: S608  # our own names
        "ORDER BY n LIMIT ? OFFSET ?"
    )
    now = account.clock.time()
    part = (int(query.get("limit", EVERYTHING)), int(query.get("offset", 0)))
    return [
        {"id": row[0], "type": kind, **suppressing.attributes(tuple(row), now)}
        for kind, *row in db.execute(sql, part)
    ]


DUMPS: dict[str, Any] = {"consents": _consents, "suppression_jobs": _suppression_jobs}
