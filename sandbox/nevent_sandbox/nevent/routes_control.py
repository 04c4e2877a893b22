"""The control plane's Nevent part: state, advance, edit. Unauthenticated."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.requests import Request

from nevent_sandbox.nevent.advancing import DEFAULT, MOST, Advance
from nevent_sandbox.nevent.answers import BadRequestError
from nevent_sandbox.nevent.bodies import read
from nevent_sandbox.nevent.edits import Edit
from nevent_sandbox.nevent.instants import iso
from nevent_sandbox.nevent.knobs import Knobs
from nevent_sandbox.nevent.newsletters import NAMES
from nevent_sandbox.nevent.routes_newsletters import newsletters
from nevent_sandbox.nevent.routing import NO_TOKEN, Routes, Side

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST_ROWS = 10_000


def add(routes: Routes) -> None:
    """Serve /_sandbox/state, advance, edit and knobs."""
    routes.get("/_sandbox/state", _state, NO_TOKEN)
    routes.post("/_sandbox/advance", _advance, NO_TOKEN)
    routes.post("/_sandbox/edit", _edit, NO_TOKEN)
    routes.post("/_sandbox/knobs", _knobs, NO_TOKEN)


def counts(side: Side) -> dict[str, int]:
    """How many of each thing there are."""
    store = side.store
    return {
        "users": len(store.fans),
        "purchases": len(store.orders),
        "attendance": len(store.check_ins),
        "events": len(store.concerts),
        "segments": len(store.segments),
        "performers": len(store.artists),
        "properties": len(store.definitions),
        "newsletters": len(store.subscriptions),
        "subscriptions": sum(map(len, store.subscriptions)),
        "deletions": len(store.deletions),
        "interactions": len(store.interactions),
    }


def _state(side: Side, request: Request) -> dict[str, Any]:
    query, store, wire = request.query_params, side.store, side.wire
    kind = query.get("kind", "counts")
    told: dict[str, Any] = {"now": iso(store.now()), "counts": counts(side)}
    if kind == "counts":
        return told
    if kind == "users" and "user" in query:
        who = query["user"]
        fan = store.fan_by_email(who) if "@" in who else store.fans.get(who)
        return {**told, "users": [] if fan is None else [fan]}
    numbers = store.interactions.numbers(query.get("user")) if kind == "interactions" else ()
    subscriptions = store.subscriptions
    kinds: dict[str, tuple[int, Callable[[int], Any]]] = {
        "users": (len(store.fans), store.fans.at),
        "purchases": (len(store.orders), lambda n: wire.order(store.orders.at(n))),
        "attendance": (len(store.check_ins), lambda n: wire.check_in(store.check_ins.at(n))),
        "events": (len(store.concerts), lambda n: wire.event(store.concerts[n])),
        "deletions": (len(store.deletions), lambda n: store.deletions[n]),
        "interactions": (len(numbers), lambda n: store.interactions.row(numbers[n])),
        "newsletters": (len(NAMES), lambda n: newsletters(side)[n]),
        "segments": (len(store.segments), lambda n: _with_members(side, store.segments[n])),
        "subscriptions": (
            sum(map(len, subscriptions)),
            lambda n: (
                subscriptions[0].at(n)
                if n < len(subscriptions[0])
                else subscriptions[1].at(n - len(subscriptions[0]))
            ),
        ),
    }
    if kind not in kinds:
        raise BadRequestError(f"kind is one of counts, {', '.join(kinds)}")
    size, row = kinds[kind]
    try:
        first, limit = int(query.get("offset", 0)), int(query.get("limit", _MOST_ROWS))
    except ValueError as error:
        raise BadRequestError("offset and limit are numbers") from error
    return {**told, kind: [row(n) for n in range(first, min(size, first + limit))]}


def _with_members(side: Side, segment: dict[str, Any]) -> dict[str, Any]:
    """A segment with the ids of the fans in it, consenting or not."""
    make = side.store.identifiers.make
    numbers = side.members.members(segment["definition"])
    return {**segment, "members": [make("user", number) for number in numbers]}


def _advance(side: Side, _request: Request, body: dict[str, Any]) -> dict[str, Any]:
    unknown = set(body) - {"days", "hours", "changes"}
    if unknown:
        raise BadRequestError(f"Unknown: {', '.join(sorted(unknown))}")
    advance = Advance(side.store)
    changes = body.get("changes", DEFAULT)
    amounts = list(changes.values()) if isinstance(changes, dict) else [changes]
    if not all(isinstance(n, int) and n >= 0 for n in amounts) or sum(amounts) > MOST:
        raise BadRequestError(f"changes is a number up to {MOST}, or numbers by kind")
    if isinstance(changes, dict) and not set(changes) <= set(advance.kinds):
        raise BadRequestError(f"kinds of changes are {', '.join(advance.kinds)}")
    before = side.store.now()
    try:
        side.clock.advance(timedelta(days=body.get("days", 0), hours=body.get("hours", 0)))
    except (TypeError, ValueError) as error:
        raise BadRequestError("days and hours are numbers, and time moves ahead only") from error
    found = advance.run(before, changes)
    return {"now": iso(side.store.now()), "changes": found}


def _knobs(side: Side, _request: Request, body: dict[str, Any]) -> dict[str, Any]:
    side.knobs = read({**msgspec.structs.asdict(side.knobs), **body}, Knobs)
    return msgspec.structs.asdict(side.knobs)


def _edit(side: Side, _request: Request, body: dict[str, Any]) -> dict[str, Any]:
    try:
        return Edit(side, body).run()
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise BadRequestError(f"{type(error).__name__}: {error}") from error
