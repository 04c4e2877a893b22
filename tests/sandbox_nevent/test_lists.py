"""Lists page, sort, filter and refuse as the API does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

LISTS = [
    ("/users", "updatedAt"),
    ("/users", "createdAt"),
    ("/users", "id"),
    ("/purchases", "updatedAt"),
    ("/purchases", "purchasedAt"),
    ("/purchases", "id"),
    ("/attendance", "updatedAt"),
    ("/attendance", "checkedInAt"),
    ("/attendance", "id"),
    ("/events", "updatedAt"),
    ("/users/deletions", "deletedAt"),
]


@pytest.mark.parametrize("direction", ["asc", "desc"])
@pytest.mark.parametrize(("path", "field"), LISTS)
def test_pages_hold_every_row_once_in_order(
    audience: Any, path: str, field: str, direction: str
) -> None:
    """Small pages, put together, are the whole list in the order asked for."""
    rows = audience.rows(path, size=97, sort=f"{field},{direction}")
    values = [row[field] for row in rows]
    assert values == sorted(values, reverse=direction == "desc")
    assert len({row["id"] for row in rows}) == len(rows)
    assert len(rows) == audience.get(path)["totalElements"]


def test_an_envelope_is_a_spring_page(audience: Any) -> None:
    """Number from 0, size 20 unless asked, first, last and empty as they are."""
    first = audience.get("/users")
    assert {key: first[key] for key in first if key != "content"} == {
        "totalElements": 300,
        "totalPages": 15,
        "size": 20,
        "number": 0,
        "first": True,
        "last": False,
        "empty": False,
    }
    beyond = audience.get("/users", page=15)
    assert (beyond["content"], beyond["last"], beyond["empty"]) == ([], True, True)


def test_a_page_is_cut_at_a_thousand_without_a_word(audience: Any) -> None:
    """A larger size is answered with the cap."""
    assert audience.get("/users", size=5000)["size"] == 1000


@pytest.mark.parametrize("path", ["/users", "/purchases", "/attendance", "/events"])
def test_updated_from_takes_rows_from_that_moment_on(audience: Any, path: str) -> None:
    """The filter is inclusive and leaves nothing out."""
    rows = audience.rows(path, sort="updatedAt,asc")
    moment = rows[len(rows) // 2]["updatedAt"]
    expected = [row["id"] for row in rows if row["updatedAt"] >= moment]
    found = audience.rows(path, sort="updatedAt,asc", updatedFrom=moment, size=50)
    assert sorted(row["id"] for row in found) == sorted(expected)


def test_a_bulk_import_left_many_rows_with_one_moment(serve: Callable[..., Any]) -> None:
    """Some fans share an updatedAt, which a reader must survive."""
    with serve(fans=1000) as nevent:
        moments = [row["updatedAt"] for row in nevent.rows("/users")]
    assert len(moments) - len(set(moments)) >= 20


@pytest.mark.parametrize("path", ["/purchases", "/attendance"])
def test_rows_of_some_fans_are_those_of_the_whole_list(audience: Any, path: str) -> None:
    """`userIds` selects, and changes nothing."""
    rows = audience.rows(path)
    users = sorted({row["userId"] for row in rows})[:60]
    found = audience.rows(path, userIds=",".join(users))
    wanted = [row for row in rows if row["userId"] in users]
    assert sorted(found, key=lambda r: r["id"]) == sorted(wanted, key=lambda r: r["id"])


def test_users_by_ids_come_in_hundreds(audience: Any) -> None:
    """A hundred ids are answered, unknown ones left out; more are refused."""
    users = audience.rows("/users")[:100]
    ids = [user["id"] for user in users]
    found = audience.rows("/users", ids=",".join(ids))
    assert sorted(found, key=lambda u: u["id"]) == sorted(users, key=lambda u: u["id"])
    assert audience.get("/users", ids="5f1c20aa0000000000000000")["content"] == []
    too_many = ",".join([*ids, "5f1c20aa0000000000000000"])
    assert audience.api.get("/users", params={"ids": too_many}).status_code == 400


def test_fans_are_found_by_parts_and_by_creation(audience: Any) -> None:
    """E-mail and name match in part and in any case; creation within bounds."""
    users = audience.rows("/users")
    part = users[5]["surname"][1:5].upper()
    found = {u["id"] for u in audience.rows("/users", name=part)}
    whole = {u["id"]: f"{u['name'] or ''} {u['surname'] or ''}".lower() for u in users}
    assert found == {key for key, name in whole.items() if part.lower() in name}
    low, high = sorted(u["createdAt"] for u in users)[50:250:199]
    found = {u["id"] for u in audience.rows("/users", createdFrom=low, createdTo=high)}
    assert found == {u["id"] for u in users if low <= u["createdAt"] <= high}


def test_one_fan_is_found_by_id_and_by_email(audience: Any) -> None:
    """Both ways give the row of the list; unknown ones give 404."""
    for user in audience.rows("/users")[:40]:
        assert audience.get(f"/users/{user['id']}") == user
        if user["email"]:
            found = audience.get(f"/users/email/{user['email']}")
            assert found["email"].strip().lower() == user["email"].strip().lower()
    assert audience.api.get("/users/5f1c20aa0000000000000000").status_code == 404
    assert audience.api.get("/users/email/nadie@correo-demo.es").status_code == 404
    assert audience.get("/users/count") == {"count": 300}


def test_what_one_fan_did_agrees_with_the_lists(audience: Any) -> None:
    """His purchases and attended concerts are those of the whole tenant's lists."""
    purchases, attendance = audience.rows("/purchases"), audience.rows("/attendance")
    for user in audience.rows("/users")[:40]:
        own = [p["id"] for p in purchases if p["userId"] == user["id"]]
        found = [p["id"] for p in audience.rows(f"/users/{user['id']}/purchases")]
        assert sorted(own) == sorted(found)
        been = {
            a["eventId"]
            for a in attendance
            if a["userId"] == user["id"] and a["status"] != "VOIDED"
        }
        events = audience.rows(f"/users/{user['id']}/events", type="attended")
        assert {event["id"] for event in events} == been


def test_likes_of_an_artist_are_fans_newest_first(audience: Any) -> None:
    """The list of an artist agrees with the line-up's count."""
    users = {user["id"] for user in audience.rows("/users")}
    artist = audience.rows("/admin/performers")[3]
    likes = audience.rows(f"/admin/performers/{artist['id']}/likes", sort="createdAt,desc")
    moments = [like["createdAt"] for like in likes]
    assert {like["id"] for like in likes} <= users
    assert moments == sorted(moments, reverse=True)


@pytest.mark.parametrize(
    "query",
    [{"sort": "colour,asc"}, {"page": "x"}, {"updatedFrom": "ayer"}, {"sort": "id,upwards"}],
)
def test_a_malformed_parameter_is_refused(audience: Any, query: dict[str, str]) -> None:
    """400 with a message."""
    answer = audience.api.get("/users", params=query)
    assert answer.status_code == 400
    assert answer.json()["message"]
