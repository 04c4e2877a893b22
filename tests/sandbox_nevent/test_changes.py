"""Time passes and things change, and every list and sum follows."""

from __future__ import annotations

from typing import Any

import pytest
from nevent_sandbox.credentials import NEVENT_REFRESH_TOKEN

KINDS = 17


def test_time_alone_changes_no_fan_but_lets_a_concert_pass(nevent: Any) -> None:
    """`changes: 0` moves the clock; the concert flips its status at its end."""
    before = nevent.rows("/users"), nevent.rows("/purchases"), nevent.rows("/attendance")
    coming = min((e for e in nevent.rows("/events") if e["status"] == "SCHEDULED"), key=by_date)
    start = nevent.now()
    assert nevent.advance(days=8, changes=0) == []
    passed = next(e for e in nevent.rows("/events") if e["id"] == coming["id"])
    assert (passed["status"], passed["updatedAt"]) == ("FINISHED", passed["endDate"])
    assert start < passed["updatedAt"] < nevent.now()
    after = nevent.rows("/users"), nevent.rows("/purchases"), nevent.rows("/attendance")
    assert after == before


def by_date(event: dict[str, Any]) -> str:
    """When it begins."""
    return str(event["date"])


def test_every_kind_of_change_happens_and_is_told(nevent: Any) -> None:
    """A round of all kinds names the fans and ids it touched, and they are found by time."""
    start = nevent.now()
    changes = nevent.advance(days=8, changes=KINDS * 4)
    assert len({change["kind"] for change in changes}) == KINDS
    lists = {
        row["id"]
        for path in ("/users", "/purchases", "/attendance", "/events")
        for row in nevent.rows(path, updatedFrom=start, sort="updatedAt,asc")
    }
    lists |= {row["id"] for row in nevent.rows("/users/deletions", deletedFrom=start)}
    lists |= {row["id"] for row in nevent.subscriptions() if row["updatedAt"] >= start}
    touched = {identifier for change in changes for identifier in change["ids"]}
    assert touched - lists <= {row["id"] for row in nevent.subscriptions()} | erased(changes)


def erased(changes: list[dict[str, Any]]) -> set[str]:
    """Subscriptions that went away with their fans."""
    gone = {change["fan"] for change in changes if change["kind"] == "erased"}
    return {i for c in changes if c["fan"] in gone for i in c["ids"]}


def test_the_same_advance_makes_the_same_changes(nevent: Any) -> None:
    """What happens depends on the seed and on how often time has moved."""

    def told() -> list[tuple[Any, ...]]:
        changes = nevent.advance(days=2, changes=40)
        return [(c["kind"], c["fan"], c["ids"]) for c in changes]

    first = told()
    nevent.reset()
    assert told() == first
    assert told() != first


def test_lists_stay_whole_after_changes(nevent: Any) -> None:
    """Sorted pages hold every row once, and counts are exact, whatever changed."""
    nevent.advance(days=5, changes=200)
    for path in ("/users", "/purchases", "/attendance"):
        rows = nevent.rows(path, sort="updatedAt,asc", size=33)
        values = [row["updatedAt"] for row in rows]
        assert values == sorted(values)
        assert len({row["id"] for row in rows}) == len(rows) == nevent.get(path)["totalElements"]
        assert max(values) <= nevent.now()
        assert [r["id"] for r in nevent.rows(path, sort="id,asc")] == sorted(r["id"] for r in rows)


def test_sums_follow_changes(nevent: Any) -> None:
    """Analytics still equal the orders after purchases and refunds."""
    nevent.advance(days=3, changes={"purchase": 30, "refund": 20, "transfer": 10})
    rows = nevent.query(
        collection="purchases",
        metrics=[
            {"field": "total_price", "operation": "sum", "alias": "total"},
            {"field": "refunded_amount", "operation": "sum", "alias": "back"},
            {"operation": "count", "alias": "n"},
        ],
    )
    purchases = nevent.rows("/purchases")
    assert rows == [
        {
            "total": sum(round(p["totalPrice"] * 100) for p in purchases),
            "back": sum(round(p["refundedAmount"] * 100) for p in purchases),
            "n": len(purchases),
        }
    ]


def test_an_erased_fan_is_gone_everywhere_but_from_the_books(nevent: Any) -> None:
    """Not in /users nor in newsletters; in deletions; orders stay without the person."""
    purchase = nevent.rows("/purchases")[-1]
    user, start = purchase["userId"], nevent.now()
    nevent.edit(user=user, erase=True)
    assert nevent.api.get(f"/users/{user}").status_code == 404
    assert user not in {row["id"] for row in nevent.rows("/users")}
    assert [row["id"] for row in nevent.rows("/users/deletions", deletedFrom=start)] == [user]
    assert user not in {row["userId"] for row in nevent.subscriptions()}
    kept = next(p for p in nevent.rows("/purchases") if p["id"] == purchase["id"])
    assert (kept["userId"], kept["user"]) == (user, None)


@pytest.mark.parametrize(
    ("act", "granted", "given", "ended"),
    [
        ("grant", True, True, False),
        ("withdraw", False, True, True),
        ("refuse", False, False, False),
    ],
)
def test_consent_changes_by_order(
    nevent: Any, act: str, *, granted: bool, given: bool, ended: bool
) -> None:
    """Each act leaves the times that tell it apart, on the fan and inside his orders."""
    user = next(
        p["user"]["id"]
        for p in nevent.rows("/purchases")
        if (p["user"]["thirdPartySharing"] or {}).get("granted")
    )
    start = nevent.now()
    sharing = nevent.edit(user=user, consent=act)["thirdPartySharing"]
    assert sharing["granted"] is granted
    assert (sharing["consentedAt"] is not None, sharing["withdrawnAt"] is not None) == (
        given,
        ended,
    )
    assert nevent.user(user)["updatedAt"] >= start
    orders = nevent.rows("/purchases", userIds=user)
    assert {o["user"]["thirdPartySharing"]["granted"] for o in orders} == {granted}


def test_a_fan_is_edited_precisely(nevent: Any) -> None:
    """Fields, tags, preferences and custom values change; everything else stays."""
    before = nevent.rows("/users")[0]
    nevent.edit(
        user=before["id"],
        set={
            "city": "Jaén",
            "custom": {"origen_fan": "tiktok"},
            "communicationPreferences": {
                "smsEnabled": not before["communicationPreferences"]["smsEnabled"]
            },
        },
        tags={"add": ["nuevo"], "remove": before["tags"]},
    )
    after = nevent.user(before["id"])
    changed = {key for key in before if before[key] != after[key]}
    assert changed == {"city", "customFieldValues", "communicationPreferences", "tags", "updatedAt"}
    assert after["tags"] == ["nuevo"]
    assert after["communicationPreferences"]["smsChangedAt"] >= before["updatedAt"]


def test_buying_scanning_refunding_and_giving_away_by_order(nevent: Any) -> None:
    """A purchase can be made, used, paid back and transferred, each with its time."""
    user, friend = (u["id"] for u in nevent.rows("/users")[:2])
    events = [e for e in nevent.rows("/events") if e["status"] == "SCHEDULED"]
    order = nevent.edit(
        add_purchase={"user": user, "event": events[0]["id"], "type": "vip", "tickets": 3}
    )
    first, second, third = (ticket["id"] for ticket in order["tickets"])
    scan = nevent.edit(add_attendance={"ticket": first})
    nevent.edit(purchase=order["id"], refund=[second])
    nevent.edit(ticket=third, transfer_to=friend)
    found = nevent.rows("/purchases", userIds=user)[-1]
    states = [ticket["status"] for ticket in found["tickets"]]
    assert states == ["USED", "REFUNDED", "TRANSFERRED"]
    assert found["refundedAmount"] == order["tickets"][1]["price"]
    assert found["tickets"][2]["holder"]["id"] == friend
    assert [row["id"] for row in nevent.rows("/attendance", userIds=user)][-1] == scan["id"]
    assert found["updatedAt"] > order["updatedAt"]


def test_a_concert_moves_with_its_line_up(nevent: Any) -> None:
    """A new date moves the end and the sessions; new artists replace the old ones."""
    event = [e for e in nevent.rows("/events") if e["status"] == "SCHEDULED"][-1]
    artist = nevent.rows("/admin/performers")[11]
    moved = nevent.edit(event=event["id"], set={"date": "2030-06-01T20:00:00.000Z"})
    assert moved["date"] == "2030-06-01T20:00:00.000Z"
    assert moved["endDate"] > moved["date"]
    assert moved["updatedAt"] > event["updatedAt"]
    nevent.edit(event=event["id"], lineup=[artist["name"]])
    days = nevent.get(f"/public/events/{event['id']}/lineup")["days"]
    sessions = [s for day in days for stage in day["stages"] for s in stage["sessions"]]
    assert {p["performer"]["id"] for s in sessions for p in s["performers"]} == {artist["id"]}
    assert all(s["startDateTime"] >= "2030-06-01" for s in sessions)


def test_an_unknown_edit_is_refused(nevent: Any) -> None:
    """The message says what can be edited."""
    with pytest.raises(ValueError, match="names none of"):
        nevent.edit(colour="red")
    with pytest.raises(ValueError, match="404"):
        nevent.edit(user="nadie@correo-demo.es", set={"city": "Jaén"})


def test_an_expired_token_is_refreshed_once(nevent: Any) -> None:
    """401 with a code, until the refresh token buys a new one."""
    nevent.expire_token()
    refused = nevent.api.get("/users")
    assert (refused.status_code, refused.json()["code"]) == (401, "UNAUTHORIZED")
    body = {"refreshToken": NEVENT_REFRESH_TOKEN}
    token = nevent.api.post("/auth/refresh", json=body).json()["access_token"]
    again = nevent.api.get("/users", headers={"Authorization": f"Bearer {token}"})
    assert again.status_code == 200


def test_a_busy_nevent_tells_the_wait_in_the_body(nevent: Any) -> None:
    """An ordered 429 has `retryAfter` and no header; the next request passes."""
    nevent.refuse("GET /users", status=429, retry_after=7)
    busy = nevent.api.get("/users")
    assert busy.json() == {"message": "Too many requests", "retryAfter": 7}
    assert "retry-after" not in busy.headers
    assert nevent.api.get("/users").status_code == 200


def test_requests_are_logged_by_template_with_the_rows_they_gave(nevent: Any) -> None:
    """The log names the operation, not the id, and counts the rows answered."""
    user = nevent.rows("/users", size=50)[0]["id"]
    nevent.rows(f"/users/{user}/purchases")
    log = nevent.requests()
    assert [entry["operation"] for entry in log] == ["GET /users"] * 3 + [
        "GET /users/{id}/purchases"
    ]
    assert [entry["items"] for entry in log[:3]] == [50, 50, 20]
