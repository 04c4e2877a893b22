"""The store: one file, several processes, nobody's name in it."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import threading
import timeit
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from singer_outcomes import tombstones
from singer_outcomes.store import Store, StoreError
from singer_outcomes.tombstones import Tombstones

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime(2026, 5, 1, tzinfo=UTC)
COUNTERS = "CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, number INTEGER NOT NULL)"
ADDING = """import sys, threading
from singer_outcomes.store import Store
store = Store(sys.argv[1])
store.define(sys.argv[2])
def add():
    for _ in range(50):
        with store.writing() as connection:
            connection.execute("INSERT OR IGNORE INTO counters VALUES ('n', 0)")
            connection.execute("UPDATE counters SET number = number + 1")
threads = [threading.Thread(target=add) for _ in range(2)]
for each in threads: each.start()
for each in threads: each.join()
print(store.person("ana@nevent-demo.es"))
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """In a folder that does not exist yet."""
    with closing(Store(tmp_path / "deep" / "store.sqlite")) as opened:
        yield opened


def test_only_its_owner_can_read_it_whatever_the_mask(store: Store) -> None:
    """The file and those that SQLite puts beside it."""
    before = os.umask(0)
    try:
        store.person("ana@nevent-demo.es")
        files = list(store.path.parent.iterdir())
    finally:
        os.umask(before)
    assert {each.name for each in files} >= {"store.sqlite", "store.sqlite-wal", "store.sqlite-shm"}
    assert {stat.S_IMODE(each.stat().st_mode) for each in files} == {0o600}


def test_no_file_is_made_before_something_is_kept(store: Store) -> None:
    """Defining tables and asking for tombstones leaves nothing behind."""
    assert not Tombstones(store).covers(["ana@nevent-demo.es"])
    assert not store.path.exists()


def test_a_person_has_one_hash_in_a_store_and_another_in_the_next(
    store: Store, tmp_path: Path
) -> None:
    """Hashes of two stores cannot be compared, nor guessed without the file."""
    ana = store.person("ana@nevent-demo.es")
    assert store.person("Ana@Nevent-Demo.es") == ana
    assert store.person("id:Ab") != store.person("id:ab")
    store.close()
    assert store.person("ana@nevent-demo.es") == ana
    with closing(Store(tmp_path / "other.sqlite")) as other:
        assert other.person("ana@nevent-demo.es") != ana


def test_what_fails_in_a_transaction_leaves_nothing(store: Store) -> None:
    """All or nothing, in nested ones too."""
    store.define(COUNTERS)

    def fail() -> None:
        with store.writing() as outer, store.writing() as inner:
            outer.execute("INSERT INTO counters VALUES ('a', 1)")
            inner.execute("INSERT INTO counters VALUES ('b', 1)")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert store.reading().execute("SELECT count(*) FROM counters").fetchone() == (0,)


def test_threads_and_processes_write_at_once_and_lose_nothing(store: Store) -> None:
    """Each adds one, a hundred times; the file is made by whoever comes first."""
    command = [sys.executable, "-c", ADDING, str(store.path), COUNTERS]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(3)]
    hashes = {process.communicate()[0] for process in running}
    assert [process.returncode for process in running] == [0, 0, 0]
    assert len(hashes) == 1, "one salt, whoever made it"
    assert store.reading().execute("SELECT number FROM counters").fetchone() == (300,)


def test_each_thread_reads_what_another_wrote(store: Store) -> None:
    """Connections are a thread's own."""
    store.define(COUNTERS)
    with store.writing() as connection:
        connection.execute("INSERT INTO counters VALUES ('a', 7)")
    found: list[int] = []

    def read() -> None:
        found.extend(store.reading().execute("SELECT number FROM counters").fetchone())

    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
    assert found == [7]


def test_a_damaged_file_is_told_with_what_to_do(store: Store) -> None:
    """Not a database at all, and one whose pages are overwritten."""
    store.path.parent.mkdir()
    store.path.write_bytes(b"not a database, but long enough to be looked at" * 100)
    with pytest.raises(StoreError, match=r"is damaged.*Restore it from a backup"):
        store.person("ana@nevent-demo.es")
    store.close()
    store.path.unlink()
    store.define(COUNTERS)
    with store.writing() as connection:
        connection.executemany(
            "INSERT INTO counters VALUES (?, 1)", [(str(n),) for n in range(500)]
        )
    store.close()
    with store.path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 40_000)
    with pytest.raises(StoreError, match="is damaged"), store.writing() as connection:
        connection.execute("SELECT sum(number) FROM counters").fetchall()


def test_a_place_where_nothing_can_be_written_is_told_with_the_setting(tmp_path: Path) -> None:
    """Before anything is sent."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="Give a store_path in a folder"):
        Store(tmp_path / "file" / "store.sqlite").reading()


def test_a_row_that_breaks_a_rule_of_its_table_is_the_callers_error(store: Store) -> None:
    """The file is well."""
    store.define(COUNTERS)
    with pytest.raises(sqlite3.IntegrityError), store.writing() as connection:
        connection.execute("INSERT INTO counters VALUES ('a', NULL)")


def test_an_erased_person_is_known_by_any_identifier_and_by_none_in_clear(store: Store) -> None:
    """Only hashes are on disk."""
    erased = Tombstones(store)
    erased.add(["ana@nevent-demo.es", "+34600112233", "id:f1"], at=NOW)
    assert erased.covers(["ANA@nevent-demo.es"])
    assert erased.covers(["new@nevent-demo.es", "id:f1"])
    assert not erased.covers(["new@nevent-demo.es", "id:f2"])
    assert not erased.covers([])
    store.close()
    for file in store.path.parent.iterdir():
        content = file.read_bytes()
        assert b"ana@" not in content
        assert b"600112233" not in content


def test_what_another_process_erases_is_known_within_a_second(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two runs at once share the store; here every call looks."""
    monkeypatch.setattr(tombstones, "LOOK_EVERY", 0.0)
    erased = Tombstones(store)
    assert not erased.covers(["ana@nevent-demo.es"])
    with closing(Store(store.path)) as other:
        Tombstones(other).add(["ana@nevent-demo.es"], at=NOW)
        assert erased.covers(["ana@nevent-demo.es"])
        Tombstones(other).add(["ana@nevent-demo.es", "eva@nevent-demo.es"], at=NOW)
    assert erased.covers(["eva@nevent-demo.es"])


def test_asking_when_nobody_was_erased_costs_next_to_nothing(store: Store) -> None:
    """It is asked for every record: under a microsecond at best, whatever else the machine does."""
    erased = Tombstones(store)
    people = ("ana@nevent-demo.es", "+34600112233", "id:f1")
    assert min(timeit.repeat(lambda: erased.covers(people), number=1000, repeat=20)) / 1000 < 1e-6
