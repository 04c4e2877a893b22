"""What happened to fans elsewhere: taken once, told back, gone with the fan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

BATCH = "POST /interactions"


def told(fan: str | None, number: int = 1, **more: Any) -> dict[str, Any]:
    """An interaction; None leaves a field out."""
    item = {
        "userId": fan,
        "channel": "EMAIL",
        "type": "OPENED",
        "occurredAt": f"2026-01-02T03:{number // 60 % 60:02d}:{number % 60:02d}+00:00",
        "source": "klaviyo",
        "externalId": f"e{number}",
        "campaignName": "Cartel de otoño",
        **more,
    }
    return {name: value for name, value in item.items() if value is not None}


def sent(nevent: Any, *items: Any) -> list[str]:
    """The fates of a batch."""
    answer = nevent.api.post("/interactions", json={"items": list(items)})
    assert answer.status_code == 200, answer.text
    return [row["status"] for row in answer.json()["results"]]


@pytest.fixture
def fan(nevent: Any) -> str:
    """Somebody's id."""
    return str(nevent.users()[0]["id"])


def test_an_interaction_is_told_back_as_it_came(nevent: Any, fan: str) -> None:
    """In the order of when it happened, whatever order it came in; his row has not changed."""
    before = nevent.user(fan)
    assert sent(nevent, told(fan, 2, url="https://nevent-demo.es"), told(fan, 1)) == ["CREATED"] * 2
    rows = nevent.rows(f"/users/{fan}/interactions")
    assert [row["externalId"] for row in rows] == ["e1", "e2"]
    expected = told(fan, 2, url="https://nevent-demo.es", occurredAt="2026-01-02T03:00:02.000Z")
    assert expected.items() <= rows[1].items()
    assert rows[1]["flowId"] is None
    newest = nevent.get(f"/users/{fan}/interactions", sort="occurredAt,desc", size=1)
    assert newest["content"] == [rows[1]]
    assert newest["totalElements"] == 2
    assert nevent.user(fan) == before
    assert nevent.interactions(fan) == nevent.interactions() == [rows[1], rows[0]]


def test_one_at_a_time_is_the_same(nevent: Any, fan: str) -> None:
    """The path says whose it is."""
    path = f"/users/{fan}/interactions"
    for status in ("CREATED", "DUPLICATE"):
        answer = nevent.api.post(path, json=told(None))
        assert answer.json() == {"externalId": "e1", "status": status}
    assert nevent.api.post(path, json=told(fan)).status_code == 400
    assert nevent.api.post(path, json=told(None, type="READ")).status_code == 400
    assert nevent.api.post(path, json=told(None, 3, source=" ")).status_code == 422
    assert nevent.api.post("/users/nobody/interactions", json=told(None)).status_code == 404
    assert len(nevent.interactions()) == 1


def test_the_same_id_of_the_same_source_is_taken_once(nevent: Any, fan: str) -> None:
    """In one batch and across; another source may use the same id."""
    assert sent(nevent, told(fan), told(fan, 1, url="https://b.es")) == ["CREATED", "DUPLICATE"]
    assert sent(nevent, told(fan), told(fan, source="otro")) == ["DUPLICATE", "CREATED"]
    assert [row["url"] for row in nevent.interactions(fan)] == [None, None]


def test_the_status_of_a_flow_moves_on(nevent: Any, fan: str) -> None:
    """The same id updates the row; the same news is no news."""
    flow = {"type": "FLOW_STATUS", "flowId": "F1", "flowName": "Bienvenida"}
    active = told(fan, 1, **flow, flowStatus="active")
    finished = told(fan, 1, **flow, flowStatus="finished")
    statuses = [sent(nevent, item)[0] for item in (active, active, finished, finished)]
    assert statuses == ["CREATED", "DUPLICATE", "UPDATED", "DUPLICATE"]
    (row,) = nevent.rows(f"/users/{fan}/interactions")
    assert row["flowStatus"] == "finished"


def test_one_bad_row_never_sinks_a_batch(nevent: Any, fan: str) -> None:
    """Each has its fate, in order, with a message where it needs one."""
    other = nevent.users()[1]["id"]
    flow = {"type": "FLOW_STATUS", "flowId": "F1"}
    wrong = [
        told(fan, 2, type="READ"),
        told(fan, 3, channel="email"),
        told(fan, 4, occurredAt="2099-01-01T00:00:00Z"),
        told(fan, 5, occurredAt="yesterday"),
        told(fan, 6, externalId=None),
        told(fan, 7, colour="red"),
        told(fan, 8, **flow),
        told(fan, 9, url=7),
        told(other, 1),
        "nothing",
    ]
    body = {"items": [told(fan, 1), *wrong, told("5f1c20aaffffffff00000001", 10)]}
    results = nevent.api.post("/interactions", json=body).json()["results"]
    fates = [row["status"] for row in results]
    assert fates == ["CREATED", *["INVALID"] * len(wrong), "UNKNOWN_USER"]
    assert all(row["message"] for row in results[1:])
    assert [row["externalId"] for row in results[:3]] == ["e1", "e2", "e3"]
    assert len(nevent.interactions()) == 1


@pytest.mark.parametrize(
    "body", [{}, {"items": []}, {"items": {}}, {"rows": []}, {"items": [{}] * 501}]
)
def test_a_batch_holds_items_and_not_too_many(nevent: Any, body: dict[str, Any]) -> None:
    """Between one and five hundred."""
    answer = nevent.api.post("/interactions", json=body)
    assert (answer.status_code, answer.json()["status"]) == (400, 400)
    assert "items" in answer.json()["message"]


def test_what_was_told_of_somebody_goes_with_him(nevent: Any, fan: str) -> None:
    """And nothing more is taken."""
    other = nevent.users()[1]["id"]
    sent(nevent, told(fan, 1), told(other, 2), told(fan, 3))
    nevent.erase(fan)
    assert [row["externalId"] for row in nevent.interactions()] == ["e2"]
    assert nevent.counts()["interactions"] == 1
    assert nevent.api.get(f"/users/{fan}/interactions").status_code == 404
    assert sent(nevent, told(fan, 1)) == ["UNKNOWN_USER"]


def test_a_batch_is_counted_and_can_fail(nevent: Any, fan: str) -> None:
    """The log tells how many items it held."""
    sent(nevent, *(told(fan, number) for number in range(1, 6)))
    nevent.refuse(BATCH, status=503)
    assert nevent.api.post("/interactions", json={"items": [told(fan, 9)]}).status_code == 503
    assert [row["items"] for row in nevent.requests(BATCH)] == [5, None]
    assert len(nevent.interactions(fan)) == 5


def test_a_token_is_needed(nevent: Any, fan: str) -> None:
    """Unlike by a form."""
    wrong = {"Authorization": "Bearer wrong"}
    body = {"items": [told(fan)]}
    assert nevent.api.post("/interactions", json=body, headers=wrong).status_code == 401


def test_the_published_contract_has_no_interactions(serve: Callable[..., Any]) -> None:
    """Neither one nor many."""
    with serve(fans=5, contract="published") as nevent:
        fan = nevent.users()[0]["id"]
        path = f"/users/{fan}/interactions"
        answers = [
            nevent.api.post("/interactions", json={"items": [told(fan)]}),
            nevent.api.post(path, json=told(None)),
            nevent.api.get(path),
        ]
    assert [answer.status_code for answer in answers] == [404] * 3
