"""The data API: queries and the execution of segments."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import pytest

USER = [{"field": "user_id", "alias": "user"}]
BY_USER = {"field": "user", "order": "asc"}


def test_sums_agree_with_the_purchases(audience: Any) -> None:
    """Cents per fan and currency equal what the orders add up to."""
    rows = audience.query(
        collection="purchases",
        dimensions=[*USER, {"field": "currency"}],
        metrics=[
            {"field": "total_price", "operation": "sum", "alias": "spent"},
            {"field": "refunded_amount", "operation": "sum", "alias": "back"},
            {"operation": "count", "alias": "orders"},
        ],
        filters=[
            {"field": "state", "operator": "in", "value": ["SUCCEEDED", "COMPLETE", "REFUNDED"]}
        ],
        sort=BY_USER,
        limit=1000,
    )
    expected: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for purchase in audience.rows("/purchases"):
        if purchase["status"] in {"SUCCEEDED", "COMPLETE", "REFUNDED"}:
            sums = expected[purchase["userId"], purchase["currency"]]
            sums[0] += round(purchase["totalPrice"] * 100)
            sums[1] += round(purchase["refundedAmount"] * 100)
            sums[2] += 1
    found = {(r["user"], r["currency"]): [r["spent"], r["back"], r["orders"]] for r in rows}
    assert found == expected


def test_distinct_concerts_agree_with_the_attendance(audience: Any) -> None:
    """Voided scans are left out by a filter; first and last times are the extremes."""
    rows = audience.query(
        collection="attendance",
        dimensions=USER,
        metrics=[
            {"field": "event_id", "operation": "count_distinct", "alias": "concerts"},
            {"field": "checked_in_at", "operation": "min", "alias": "first"},
            {"field": "checked_in_at", "operation": "max", "alias": "last"},
        ],
        filters=[{"field": "status", "operator": "in", "value": ["CHECKED_IN", "CHECKED_OUT"]}],
        sort=BY_USER,
        limit=1000,
    )
    expected: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in audience.rows("/attendance"):
        if row["status"] != "VOIDED":
            expected[row["userId"]].append((row["eventId"], row["checkedInAt"]))
    assert {r["user"]: (r["concerts"], r["first"], r["last"]) for r in rows} == {
        user: (len({e for e, _ in found}), min(t for _, t in found), max(t for _, t in found))
        for user, found in expected.items()
    }


def test_a_ticket_belongs_to_its_holder_if_known(audience: Any) -> None:
    """Tickets count for the fan who holds them, else for the buyer."""
    rows = audience.query(
        collection="tickets",
        dimensions=USER,
        metrics=[{"operation": "count", "alias": "n"}],
        sort=BY_USER,
        limit=1000,
    )
    expected = Counter(
        (ticket["holder"] or {}).get("id") or purchase["userId"]
        for purchase in audience.rows("/purchases")
        for ticket in purchase["tickets"]
    )
    assert {row["user"]: row["n"] for row in rows} == expected


def test_likes_agree_with_the_lists_of_the_artists(audience: Any) -> None:
    """Every like of the lists is a row of the collection."""
    rows = audience.query(
        collection="likes",
        dimensions=[{"field": "performer_id", "alias": "artist"}],
        metrics=[{"field": "user_id", "operation": "count_distinct", "alias": "n"}],
        limit=1000,
    )
    artists = audience.rows("/admin/performers")
    lists = {a["id"]: len(audience.rows(f"/admin/performers/{a['id']}/likes")) for a in artists}
    assert {row["artist"]: row["n"] for row in rows} == {k: n for k, n in lists.items() if n}


def test_a_thousand_rows_at_most_and_no_offset(audience: Any) -> None:
    """The limit is 100 unless asked; a walk by key reads everything."""
    body = {"collection": "users", "dimensions": USER, "sort": BY_USER}
    assert len(audience.query(**body)) == 100
    for wrong in ({"limit": 1001}, {"offset": 10}, {"page": 1}):
        answer = audience.api.post("/analytics/query", json={**body, **wrong})
        assert answer.status_code == 400
    walked: list[str] = []
    while True:
        after = [{"field": "user_id", "operator": "gt", "value": walked[-1]}] if walked else []
        rows = audience.query(**body, filters=after, limit=77)
        walked += [row["user"] for row in rows]
        if len(rows) < 77:
            break
    assert walked == sorted(user["id"] for user in audience.rows("/users"))


@pytest.mark.parametrize(
    ("operator", "value", "wanted"),
    [
        ("eq", 0, lambda price: price == 0),
        ("gt", 5000, lambda price: price > 5000),
        ("gte", 2250, lambda price: price >= 2250),
        ("lt", 5000, lambda price: price < 5000),
        ("lte", 2250, lambda price: price <= 2250),
        ("in", [0, 2250], lambda price: price in {0, 2250}),
    ],
)
def test_filters_compare(audience: Any, operator: str, value: Any, wanted: Any) -> None:
    """Each operator keeps the rows it names."""
    rows = audience.query(
        collection="purchases",
        metrics=[{"operation": "count", "alias": "n"}],
        filters=[{"field": "total_price", "operator": operator, "value": value}],
    )
    prices = [round(p["totalPrice"] * 100) for p in audience.rows("/purchases")]
    assert rows == [{"n": sum(map(wanted, prices))}]


@pytest.mark.parametrize(
    "wrong",
    [
        {"collection": "campaigns"},
        {"dimensions": [{"field": "colour"}]},
        {"metrics": [{"field": "total_price", "operation": "avg"}]},
        {"filters": [{"field": "state", "operator": "like", "value": "x"}]},
        {"sort": {"field": "nowhere"}},
    ],
)
def test_an_unknown_word_in_a_query_is_refused(audience: Any, wrong: dict[str, Any]) -> None:
    """400 with a message."""
    body = {"collection": "purchases", "dimensions": [{"field": "state"}], **wrong}
    answer = audience.api.post("/analytics/query", json=body)
    assert answer.status_code == 400
    assert answer.json()["message"]


def test_capabilities_need_no_token_and_name_every_column(audience: Any) -> None:
    """A query for each column of each table is accepted."""
    answer = audience.api.get("/analytics/capabilities", headers={"Authorization": ""})
    for table in answer.json()["data"]["tables"]:
        for column in table["columns"]:
            dimensions = [{"field": column["name"], "alias": "x"}]
            assert audience.query(collection=table["name"], dimensions=dimensions, limit=1)


def members(audience: Any, definition: dict[str, Any]) -> set[str]:
    """Ids of all fans in a segment, page by page."""
    found: set[str] = set()
    for page in range(100):
        body = {"definition": definition, "page": page, "page_size": 50}
        data = audience.api.post("/segments/execute", json=body).json()["data"]
        found |= {fan["fan_id"] for fan in data["fans"]}
        if not data["has_more"]:
            assert len(found) == data["total_fans"]
            break
    return found


def test_segments_hold_whom_their_definitions_name(audience: Any) -> None:
    """Spending, attendance, tags, countries, custom fields and ticket types select exactly."""
    users = {user["id"]: user for user in audience.rows("/users")}
    origin = next(d["id"] for d in audience.get("/properties") if d["name"] == "origen_fan")
    purchases, attendance = audience.rows("/purchases"), audience.rows("/attendance")
    spent: Counter[str] = Counter()
    vip = {user for user, row in users.items() if "vip" in row["tags"]}
    for p in purchases:
        if p["status"] in {"SUCCEEDED", "COMPLETE", "REFUNDED"}:
            if p["currency"] == "EUR":
                spent[p["userId"]] += round((p["totalPrice"] - p["refundedAmount"]) * 100)
            if any(t["vip"] for t in p["tickets"]):
                vip.add(p["userId"])
    segments = {s["name"]: s["definition"] for s in audience.rows("/segments")}
    visited = next(name for name in segments if name.startswith("Estuvo"))
    event = segments[visited]["stanzas"][0]["criteria"][0]["value"]
    expected = {
        "High Spenders (>200€)": {user for user, cents in spent.items() if cents > 20000},
        visited: {
            a["userId"] for a in attendance if a["eventId"] == event and a["status"] != "VOIDED"
        },
        "VIP": vip,
        "Llegaron por Instagram": {
            user
            for user, row in users.items()
            if {"propertyDefinitionId": origin, "value": "instagram"} in row["customFieldValues"]
        },
    }
    for name, wanted in expected.items():
        assert members(audience, segments[name]) == wanted, name
        assert wanted, name


def test_stanzas_are_anded_and_criteria_ored(audience: Any) -> None:
    """A fan must satisfy one criterion of each stanza."""

    def criterion(name: str, value: str) -> dict[str, Any]:
        return {"id": value, "criterion_id": name, "operator": "eq", "value": value}

    users = audience.rows("/users")
    definition = {
        "stanzas": [
            {"id": "a", "criteria": [criterion("user_label", t) for t in ("techno", "camping")]},
            {"id": "b", "criteria": [criterion("user_country", "PT")]},
        ]
    }
    assert members(audience, definition) == {
        u["id"] for u in users if {"techno", "camping"} & set(u["tags"]) and u["country"] == "PT"
    }


def test_a_segment_needs_ids_and_small_pages(audience: Any) -> None:
    """No id on a criterion, an unknown criterion or a page above 100 gives 400."""
    good = {"id": "c", "criterion_id": "user_country", "operator": "eq", "value": "ES"}
    for criterion, size in (
        ({**good, "id": ""}, 10),
        ({**good, "criterion_id": "shoe_size"}, 10),
        (good, 101),
    ):
        definition = {"stanzas": [{"id": "s", "criteria": [criterion]}]}
        body = {"definition": definition, "page_size": size}
        assert audience.api.post("/segments/execute", json=body).status_code == 400
