"""What is accepted takes effect: at once, or later by the account's clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from nevent_sandbox.klaviyo.account import Account

    # account, transaction, body, when it was accepted, when it takes effect
    Effect = Callable[[Account, sqlite3.Connection, Any, float, float], None]


def schedule(account: Account, effect: Effect, body: Any) -> None:
    """Let a body take effect after as long as such things take."""
    with account.store.writing() as db:
        now, seconds = account.clock.time(), account.knobs.effect_seconds
        if seconds <= 0:
            effect(account, db, body, now, now)
            return
        sql = "INSERT INTO effects (kind, accepted, due, body) VALUES (?, ?, ?, ?)"
        kind = effect.__name__
        db.execute(sql, (kind, now, now + seconds, msgspec.json.encode(body)))
        account.due = min(account.due, now + seconds)


def run(account: Account, db: sqlite3.Connection, number: int, effects: dict[str, Effect]) -> None:
    """Let one that waited take effect."""
    sql = "DELETE FROM effects WHERE n = ? RETURNING kind, body, accepted, due"
    kind, body, accepted, due = db.execute(sql, (number,)).fetchone()
    effects[kind](account, db, msgspec.json.decode(body), accepted, due)
