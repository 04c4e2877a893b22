"""Kept pages are the pages; and a fan is the same fan by whichever way he is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    Serve = Callable[..., AbstractContextManager[Any]]

FANS = 60
PAGES = ("/users", "/purchases", "/attendance")


def _all(nevent: Any) -> dict[str, Any]:
    found: dict[str, Any] = {path: nevent.rows(path) for path in PAGES}
    for each in nevent.newsletters():
        path = f"/newsletters/{each['id']}/subscribers"
        found[path] = nevent.rows(path)
    for segment in nevent.segments():
        answer = nevent.api.post(
            "/segments/execute", json={"definition": segment["definition"], "page_size": 100}
        )
        found[segment["name"]] = answer.json()["data"]
    return found


def _files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_who_is_served_again_reads_the_same(serve: Serve, tmp_path: Path) -> None:
    """From files, which are not written again; and the log tells as many items."""
    with serve(fans=FANS) as nevent:
        composed = _all(nevent)
    logs, kept = [], []
    for _ in range(2):
        with serve(fans=FANS, keep=tmp_path) as nevent:
            assert _all(nevent) == composed
            logs.append([(each["path"], each["items"]) for each in nevent.requests()])
        kept.append(_files(tmp_path))
    assert kept[0] == kept[1]
    assert kept[0]
    assert logs[0] == logs[1]


def test_pages_are_those_of_the_audience_that_is_served(serve: Serve, tmp_path: Path) -> None:
    """Another seed, size or contract has its own."""
    options: list[dict[str, Any]] = [
        {"fans": FANS},
        {"fans": FANS, "seed": 7},
        {"fans": FANS + 1},
        {"fans": FANS, "contract": "published"},
    ]
    for each in options:
        with serve(**each) as nevent:
            plain = nevent.rows("/users")
        with serve(**each, keep=tmp_path) as nevent:
            assert nevent.rows("/users") == plain


@pytest.mark.parametrize(
    "change",
    [
        {"user": "", "set": {"city": "Vic"}},
        {"user": "", "erase": True},
        {"event": "", "set": {"name": "Otro nombre"}},
    ],
)
def test_what_changed_is_read_as_changed(
    serve: Serve, tmp_path: Path, change: dict[str, Any]
) -> None:
    """Nothing is taken from files, nor put there, once anything is not as at the start."""
    with serve(fans=FANS, keep=tmp_path) as nevent:
        before = _all(nevent)
        kept = _files(tmp_path)
        users, events = nevent.users(), nevent.events()
        chosen = {"user": users[0]["id"], "event": events[0]["id"]}
        nevent.edit(**{name: chosen.get(name, value) for name, value in change.items()})
        after = _all(nevent)
        assert _files(tmp_path) == kept
    assert after != before
    with serve(fans=FANS) as nevent:
        nevent.edit(**{name: chosen.get(name, value) for name, value in change.items()})
        assert [row["id"] for row in nevent.rows("/users")] == [
            row["id"] for row in after["/users"]
        ]


def test_a_fan_is_the_same_by_every_way(nevent: Any) -> None:
    """Alone, by ids, in a page, filtered, by the control plane, embedded; changed or not."""
    nevent.edit(user=nevent.users()[3]["id"], set={"city": "Vic", "name": "Nil"})
    rows = nevent.rows("/users")
    told = {row["id"]: row for row in nevent.users()}
    by_ids = [
        row
        for first in range(0, len(rows), 100)
        for row in nevent.rows("/users", ids=",".join(r["id"] for r in rows[first : first + 100]))
    ]
    assert sorted(by_ids, key=lambda row: row["id"]) == sorted(rows, key=lambda row: row["id"])
    assert {row["id"]: row for row in rows} == told
    assert any(row["city"] == "Vic" for row in rows)
    for row in rows[:: len(rows) // 20]:
        assert nevent.get(f"/users/{row['id']}") == row
        if row["name"]:
            assert row in nevent.rows("/users", name=row["name"])
    orders = {row["userId"]: row["user"] for row in nevent.rows("/purchases")}
    for user, person in orders.items():
        if person is not None:
            assert person == {name: told[user][name] for name in person}
    for segment in nevent.segments():
        body = {"definition": segment["definition"], "page_size": 100}
        fans = nevent.api.post("/segments/execute", json=body).json()["data"]["fans"]
        assert [each["fan_id"] for each in fans] == segment["members"][:100]
        for each in fans:
            fan = told[each["fan_id"]]
            assert each == {
                "fan_id": fan["id"],
                "first_name": fan["name"],
                "last_name": fan["surname"],
                "email": fan["email"],
                "phone": fan["phone"],
            }
