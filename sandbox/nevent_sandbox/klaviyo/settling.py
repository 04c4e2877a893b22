"""What was accepted comes to its end by the account's clock, in the order in which it is due."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nevent_sandbox.klaviyo import effects, imports, suppressing
from nevent_sandbox.klaviyo.deletions import delete
from nevent_sandbox.klaviyo.subscribing import subscribe, unsubscribe

if TYPE_CHECKING:
    import sqlite3

    from nevent_sandbox.klaviyo.account import Account
    from nevent_sandbox.klaviyo.effects import Effect

_EFFECTS: dict[str, Effect] = {
    effect.__name__: effect for effect in (subscribe, unsubscribe, delete)
}
_WAITING = (
    "SELECT 0 AS kind, n, due, created AS accepted FROM jobs WHERE finished IS NULL "
    "UNION ALL SELECT 1, n, due, created FROM suppression_jobs WHERE finished IS NULL "
    "UNION ALL SELECT 2, n, due, accepted FROM effects"
)


def settle(account: Account) -> None:
    """Finish whatever is due."""
    if account.due > account.clock.time():
        return
    with account.store.writing() as db:
        sql = f"SELECT kind, n FROM ({_WAITING}) WHERE due <= ? ORDER BY due, accepted, n"  # noqa: S608  # our own names
        for kind, number in db.execute(sql, (account.clock.time(),)).fetchall():
            _finish(account, db, kind, number)
        (coming,) = db.execute(f"SELECT min(due) FROM ({_WAITING})").fetchone()  # noqa: S608  # the same
        account.due = float("inf") if coming is None else coming


def release(account: Account) -> None:
    """Let jobs that stick come to their end."""
    with account.store.writing() as db:
        now = account.clock.time()
        for table in ("jobs", "suppression_jobs"):
            sql = f"UPDATE {table} SET due = ? WHERE due IS NULL"  # noqa: S608  # our own names
            if db.execute(sql, (now,)).rowcount:
                account.due = now


def _finish(account: Account, db: sqlite3.Connection, kind: int, number: int) -> None:
    if kind == 0:
        imports.finish(account, db, number)
    elif kind == 1:
        suppressing.finish(account, db, number)
    else:
        effects.run(account, db, number, _EFFECTS)
