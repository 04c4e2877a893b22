"""The Klaviyo side of the control plane: state dump and knobs."""

from __future__ import annotations

import sqlite3  # noqa: TC003  # a signature people read
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request  # noqa: TC002  # Starlette's endpoints are called with it
from starlette.responses import Response  # noqa: TC002  # the same
from starlette.routing import Route

from nevent_sandbox.control import control_routes, told
from nevent_sandbox.credentials import KLAVIYO_ACCOUNT_ID
from nevent_sandbox.klaviyo import (
    campaigns,
    competing,
    consent_control,
    engaging,
    events,
    flows,
    jobs,
    moments,
    placing,
    profiles,
    segments,
    settling,
)
from nevent_sandbox.klaviyo.account import ATTRIBUTES, Account, Knobs
from nevent_sandbox.klaviyo.calls import Call
from nevent_sandbox.klaviyo.identities import holding
from nevent_sandbox.klaviyo.operations import OPERATIONS
from nevent_sandbox.klaviyo.query import Query

if TYPE_CHECKING:
    from nevent_sandbox.klaviyo.errors import Document

EVERYTHING = 1_000_000
_PART = "ORDER BY p.n LIMIT ? OFFSET ?"
_KINDS = (
    *(
        "profiles",
        "events",
        "lists",
        "metrics",
        "jobs",
        "flows",
        "segments",
        "campaigns",
        "touches",
    ),
    *consent_control.KINDS,
)


def routes(account: Account) -> list[Route]:
    """All routes of this side's control plane."""

    async def state(request: Request) -> Response:
        query = dict(request.query_params)
        return told(await run_in_threadpool(_state, account, query))

    async def knobs(request: Request) -> Response:
        try:
            wanted = msgspec.json.decode(await request.body())
            asked = {**msgspec.structs.asdict(account.knobs), **wanted}
            account.knobs = msgspec.convert(asked, Knobs)
        except (msgspec.DecodeError, TypeError) as error:
            return told({"error": str(error)}, 400)
        return told(account.knobs)

    return [
        Route("/_sandbox/state", state, methods=["GET"]),
        Route("/_sandbox/knobs", knobs, methods=["POST"]),
        consent_control.route(account),
        *competing.routes(account),
        *placing.routes(account),
        *control_routes(
            faults=account.faults,
            log=account.log,
            reset=account.reset,
            cleared=lambda: settling.release(account),
        ),
    ]


def _state(account: Account, query: dict[str, str]) -> Document:
    settling.settle(account)
    db = account.store.reading()
    kind = query.get("kind")
    if kind == "counts":
        return {"counts": {each: _count(db, each) for each in _KINDS}}
    if kind in _DUMPS:
        return {kind: _DUMPS[kind](account, db, query)}
    own = {"id": KLAVIYO_ACCOUNT_ID, "knobs": account.knobs, **ATTRIBUTES}
    return {"account": own, **{name: dump(account, db, {}) for name, dump in _DUMPS.items()}}


def _count(db: sqlite3.Connection, table: str) -> int:
    return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608  # our own names


def _part(query: dict[str, str]) -> tuple[int, int]:
    return int(query.get("limit", EVERYTHING)), int(query.get("offset", 0))


def _profiles(account: Account, db: sqlite3.Connection, query: dict[str, str]) -> list[Document]:
    call = Call(account, OPERATIONS["GET /api/profiles"], {}, Query(), [], None, "", "")
    where, values = "1", []
    if "email" in query:
        where, values = holding("email", "p"), [query["email"].lower()]
    sql = f"SELECT p.n, {profiles.COLUMNS} FROM profiles p WHERE {where} {_PART}"  # noqa: S608  # our own names
    made = []
    on = "SELECT l.id FROM members m JOIN lists l ON l.n = m.list WHERE m.profile = ?"
    for number, *row in db.execute(sql, [*values, *_part(query)]).fetchall():
        profile = profiles.profile(call, tuple(row))
        lists = [each for (each,) in db.execute(on, (number,))]
        made.append(
            {name: profile[name] for name in ("type", "id", "attributes")} | {"lists": lists}
        )
    return made


def _events(_: Account, db: sqlite3.Connection, query: dict[str, str]) -> list[Document]:
    wanted = {
        holding("email", "p"): query.get("email", "").lower() or None,
        "x.name = ?": query.get("metric"),
    }
    where = [clause for clause, value in wanted.items() if value]
    sql = (
        f"SELECT {events.COLUMNS}, x.name, x.service, p.email, p.phone_number, e.backfill "  # noqa: S608  # our own names
        f"FROM {events.TABLES} WHERE {' AND '.join(['1', *where])} "
        "ORDER BY e.moment, e.n LIMIT ? OFFSET ?"
    )
    values = [value for value in wanted.values() if value]
    made = []
    for row in db.execute(sql, [*values, *_part(query)]):
        name, service, email, phone, backfill = row[11:]
        made.append(
            {
                "id": row[1],
                "metric": name,
                "service": service,
                "metric_id": row[8],
                "profile_id": row[7],
                "email": email,
                "phone_number": phone,
                "time": moments.told(row[2]),
                "unique_id": row[3],
                "value": row[4],
                "value_currency": row[5],
                "backfill": bool(backfill),
                "properties": msgspec.json.decode(row[6]),
            }
        )
    return made


def _lists(_: Account, db: sqlite3.Connection, query: dict[str, str]) -> list[Document]:
    sql = (
        "SELECT id, name, opt_in_process, created, updated, "
        "(SELECT count(*) FROM members WHERE list = l.n) FROM lists l ORDER BY n LIMIT ? OFFSET ?"
    )
    names = ("id", "name", "opt_in_process", "created", "updated", "profile_count")
    made = [dict(zip(names, row, strict=True)) for row in db.execute(sql, _part(query))]
    for each in made:
        each.update(created=moments.told(each["created"]), updated=moments.told(each["updated"]))
    return made


def _metrics(_: Account, db: sqlite3.Connection, query: dict[str, str]) -> list[Document]:
    sql = "SELECT id, name, service FROM metrics ORDER BY n LIMIT ? OFFSET ?"
    names = ("id", "name", "service")
    return [dict(zip(names, row, strict=True)) for row in db.execute(sql, _part(query))]


def _jobs(account: Account, db: sqlite3.Connection, query: dict[str, str]) -> list[Document]:
    sql = f"SELECT {jobs.COLUMNS} FROM jobs ORDER BY n LIMIT ? OFFSET ?"  # noqa: S608  # our own names
    now = account.clock.time()
    return [
        {"id": row[0], "lists": msgspec.json.decode(row[7]), **jobs.attributes(row, now)}
        for row in db.execute(sql, _part(query))
    ]


_DUMPS: dict[str, Any] = {
    "profiles": _profiles,
    "events": _events,
    "lists": _lists,
    "metrics": _metrics,
    "jobs": _jobs,
    **consent_control.DUMPS,
    "flows": flows.dump,
    "segments": segments.dump,
    "campaigns": campaigns.dump,
    "touches": engaging.touches,
}
