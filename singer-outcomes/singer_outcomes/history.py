"""What became of earlier runs: when, how long, what, and how each ended. No names in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

import msgspec

if TYPE_CHECKING:
    from datetime import datetime

    from singer_outcomes.store import Store
    from singer_outcomes.summary import Summary

KEPT = 1_000  # runs
NOT_FINISHED = "not finished"  # it runs, or it was killed
DONE = "done"
TOO_MANY_REJECTS = "too many rejects"
LOAD, REPLAY = "load", "retry-rejects"  # commands

_REASONS = 20  # a stream; a vendor may word each refusal differently
_COMPLETE = (DONE, TOO_MANY_REJECTS)  # all that was read has a fate
_TABLE = """
CREATE TABLE IF NOT EXISTS runs (
    number INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL UNIQUE, command TEXT NOT NULL,
    started TEXT NOT NULL, ended TEXT, outcome TEXT NOT NULL, told TEXT NOT NULL,
    loaded INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS run_plugins (run TEXT PRIMARY KEY, plugin TEXT NOT NULL) WITHOUT ROWID;
CREATE VIEW IF NOT EXISTS plugin_runs AS SELECT * FROM runs LEFT JOIN run_plugins USING (run);
"""
# A run without its plugin was noted by an earlier version: it may be of any of them.


class Run(TypedDict):
    """One run.

    `command` is `load` or that of a command; `started` and `ended` are ISO 8601 in UTC, `ended`
    and `seconds` are None for a run that did not come to its end. `outcome`: `done`, `too many
    rejects`, the class of the error or the name of the signal that ended it, or `not finished`.
    `streams` is as in the summary, `notes` too.
    """

    run: str
    command: str
    started: str
    ended: str | None
    seconds: float | None
    outcome: str
    streams: dict[str, dict[str, Any]]
    notes: dict[str, int]


class History:
    """The latest thousand runs of one plugin, kept in the store, which others may share."""

    def __init__(self, store: Store, *, plugin: str) -> None:
        store.define(_TABLE)
        self._store = store
        self._plugin = plugin

    def begin(self, run: str, *, at: datetime, command: str = LOAD) -> None:
        """A run has begun; whatever kills it now, it is known."""
        with self._store.writing() as connection:
            connection.execute(
                "INSERT INTO runs (run, command, started, outcome, told) VALUES (?, ?, ?, ?, ?)",
                (run, command, _moment(at), NOT_FINISHED, "{}"),
            )
            connection.execute("INSERT INTO run_plugins VALUES (?, ?)", (run, self._plugin))
            # Whether anything was ever loaded stays known, however many empty runs follow.
            connection.execute(
                "DELETE FROM runs WHERE run IN (SELECT run FROM plugin_runs "
                "WHERE ifnull(plugin, ?1) = ?1 ORDER BY number DESC LIMIT -1 OFFSET ?2) "
                "AND number NOT IN (SELECT max(number) FROM plugin_runs WHERE loaded "
                "GROUP BY plugin)",
                (self._plugin, KEPT),
            )
            connection.execute("DELETE FROM run_plugins WHERE run NOT IN (SELECT run FROM runs)")

    def end(self, run: str, *, at: datetime, outcome: str, summary: Summary) -> None:
        """It has ended, and so."""
        told = summary.as_dict()
        for each in told["streams"].values():
            for reasons in each.keys() & {"reasons", "withheld_reasons"}:
                ordered = sorted(each[reasons].items(), key=lambda item: -item[1])
                each[reasons] = dict(ordered[:_REASONS])
        loaded = outcome in _COMPLETE and any(each["read"] for each in told["streams"].values())
        with self._store.writing() as connection:
            connection.execute(
                "UPDATE runs SET ended = ?, outcome = ?, told = ?, loaded = loaded OR "
                "(command = ? AND ?) WHERE run = ?",
                (_moment(at), outcome, msgspec.json.encode(told).decode(), LOAD, loaded, run),
            )

    def runs(self, latest: int) -> list[Run]:
        """The latest runs, newest first; none where there is no store."""
        if not self._store.exists:
            return []
        rows = self._store.reading().execute(
            "SELECT run, command, started, ended, outcome, told FROM plugin_runs "
            "WHERE ifnull(plugin, ?1) = ?1 ORDER BY number DESC LIMIT ?2",
            (self._plugin, latest),
        )
        return [_run(*row) for row in rows]

    def loaded(self) -> bool:
        """Whether an earlier run read records and settled all of them."""
        if not self._store.exists:
            return False
        found = self._store.reading().execute(
            "SELECT 1 FROM plugin_runs WHERE ifnull(plugin, ?1) = ?1 AND loaded LIMIT 1",
            (self._plugin,),
        )
        return found.fetchone() is not None


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def _run(run: str, command: str, started: str, ended: str | None, outcome: str, told: str) -> Run:
    numbers = msgspec.json.decode(told)
    return {
        "run": run,
        "command": command,
        "started": started,
        "ended": ended,
        "seconds": numbers.get("seconds"),
        "outcome": outcome,
        "streams": numbers.get("streams", {}),
        "notes": numbers.get("notes", {}),
    }
