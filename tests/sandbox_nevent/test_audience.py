"""The audience holds what real ones hold, and does not contradict itself."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import phonenumbers

if TYPE_CHECKING:
    from collections.abc import Callable

COMPLETED = {"SUCCEEDED", "COMPLETE", "REFUNDED"}


def test_the_same_fans_and_seed_give_the_same_audience(serve: Callable[..., Any]) -> None:
    """Nothing but size, seed and the day decides a row."""
    found = []
    for seed in (7, 7, 8):
        with serve(fans=40, seed=seed) as nevent:
            kinds = ("/users", "/purchases", "/attendance", "/events")
            found.append([nevent.rows(kind) for kind in kinds])
    assert found[0] == found[1]
    assert found[0] != found[2]


def test_rows_never_changed_before_they_were_made_nor_after_now(audience: Any) -> None:
    """Times are in order in every kind of row."""
    now = audience.now()
    rows = [
        *[(u["createdAt"], u["updatedAt"]) for u in audience.rows("/users")],
        *[(p["purchasedAt"], p["updatedAt"]) for p in audience.rows("/purchases")],
        *[(a["checkedInAt"], a["updatedAt"]) for a in audience.rows("/attendance")],
        *[(e["createdAt"], e["updatedAt"]) for e in audience.rows("/events")],
    ]
    assert all(made <= changed <= now for made, changed in rows)


def test_nobody_buys_before_he_has_an_account_or_before_the_sale(audience: Any) -> None:
    """An order comes after its fan's creation and its concert's start of sale."""
    created = {u["id"]: u["createdAt"] for u in audience.rows("/users")}
    on_sale = {e["id"]: e["onSaleAt"] for e in audience.rows("/events")}
    for purchase in audience.rows("/purchases"):
        assert created[purchase["userId"]] <= purchase["purchasedAt"]
        assert on_sale[purchase["eventId"]] <= purchase["purchasedAt"]


def test_a_ticket_changes_within_the_life_of_its_order(audience: Any) -> None:
    """A ticket's last change is no later than its order's."""
    for purchase in audience.rows("/purchases"):
        for ticket in purchase["tickets"]:
            assert purchase["purchasedAt"] <= ticket["changedAt"] <= purchase["updatedAt"]


def test_every_scan_is_of_a_ticket_that_exists(audience: Any) -> None:
    """Attendance names a ticket, its concert and the one who holds it."""
    tickets = {t["id"]: (p, t) for p in audience.rows("/purchases") for t in p["tickets"]}
    rows = audience.rows("/attendance")
    assert len({row["id"] for row in rows}) == len(rows) > 300
    for row in rows:
        purchase, ticket = tickets[row["ticketId"]]
        holder = (ticket["holder"] or {}).get("id")
        assert row["eventId"] == purchase["eventId"]
        assert row["userId"] == (holder or purchase["userId"])
        assert row["ticketTypeName"] == ticket["ticketTypeName"]
        assert purchase["status"] in COMPLETED
        if row["status"] != "VOIDED":
            assert ticket["status"] in {"USED", "TRANSFERRED"}


def test_embedded_people_are_the_fans_themselves(audience: Any) -> None:
    """A person inside another row equals the row in /users."""
    users = {u["id"]: u for u in audience.rows("/users")}
    for path in ("/purchases", "/attendance"):
        for row in audience.rows(path):
            user = row["user"]
            assert user == {key: users[row["userId"]][key] for key in user}


def test_money_adds_up(audience: Any) -> None:
    """An order costs what its tickets cost and never pays back more."""
    states: Counter[tuple[str, bool]] = Counter()
    for purchase in audience.rows("/purchases"):
        total = round(sum(ticket["price"] for ticket in purchase["tickets"]), 2)
        assert purchase["totalPrice"] == total
        assert 0 <= purchase["refundedAmount"] <= total
        if purchase["status"] == "REFUNDED":
            assert purchase["refundedAmount"] == total
            assert {ticket["status"] for ticket in purchase["tickets"]} == {"REFUNDED"}
        states[purchase["status"], bool(purchase["refundedAmount"])] += 1
    assert {state for state, _ in states} == COMPLETED | {"PENDING", "FAILED", "CANCELLED"}
    assert states["COMPLETE", True] > 0


def test_orders_are_of_every_kind(audience: Any) -> None:
    """Free and VIP tickets, groups, holders known and unknown, transfers, other currencies."""
    purchases = audience.rows("/purchases")
    tickets = [ticket for purchase in purchases for ticket in purchase["tickets"]]
    holders = [t["holder"] for t in tickets if t["holder"]]
    assert {p["currency"] for p in purchases} == {"EUR", "GBP", "USD"}
    assert {"ACTIVE", "USED", "CANCELLED", "REFUNDED", "TRANSFERRED"} == {
        t["status"] for t in tickets
    }
    assert any(t["price"] == 0 for t in tickets)
    assert any(t["vip"] for t in tickets)
    assert any(len(p["tickets"]) >= 4 for p in purchases)
    assert any(h["id"] for h in holders)
    assert any(h["id"] is None for h in holders)


def test_festivals_and_doors_are_as_in_life(audience: Any) -> None:
    """Three days, leaving and returning, late uploads and mistakes all occur."""
    rows = audience.rows("/attendance")
    days = defaultdict(set)
    for row in rows:
        days[row["userId"], row["eventId"]].add(row["checkedInAt"][:10])
    assert max(map(len, days.values())) == 3
    assert {row["status"] for row in rows} == {"CHECKED_IN", "CHECKED_OUT", "VOIDED"}
    assert any(r["updatedAt"] > r["checkedInAt"] for r in rows if r["status"] == "CHECKED_IN")
    assert max(Counter(row["ticketId"] for row in rows).values()) >= 2


def test_most_fans_know_few_concerts_and_a_few_know_thirty(audience: Any) -> None:
    """The number of orders per fan has a long tail."""
    per_fan = Counter(p["userId"] for p in audience.rows("/purchases"))
    few = sum(1 for count in per_fan.values() if count <= 2)
    assert few > 0.6 * len(per_fan)
    assert max(per_fan.values()) >= 30


def test_three_of_four_fans_consent_and_the_others_do_not_in_every_way(audience: Any) -> None:
    """Consent is given, given late, refused, withdrawn or was never asked for."""
    kinds: Counter[str] = Counter()
    for user in audience.rows("/users"):
        sharing = user["thirdPartySharing"]
        if sharing is None:
            kinds["unasked"] += 1
            continue
        given, ended = sharing["consentedAt"], sharing["withdrawnAt"]
        assert sharing["granted"] == (given is not None and ended is None)
        kinds["granted" if sharing["granted"] else "withdrawn" if ended else "refused"] += 1
        assert user["createdAt"] <= (given or ended or user["updatedAt"]) <= user["updatedAt"]
    assert 0.75 <= kinds["granted"] / 300 <= 0.80
    assert min(kinds["unasked"], kinds["withdrawn"], kinds["refused"]) > 0


def test_people_are_as_odd_as_in_life(audience: Any) -> None:
    """Accents, emoji, endless names; e-mails missing, malformed, doubled in other case."""
    users = audience.rows("/users")
    emails = [u["email"] for u in users if u["email"]]
    folded = Counter(email.strip().lower() for email in emails)
    names = " ".join(f"{u['name']} {u['surname']}" for u in users)
    assert len(emails) < len(users)
    assert len(set(emails)) > len(folded)
    assert any("@" not in e or "@@" in e for e in emails)
    assert any(ord(letter) > 0xFFFF for letter in names)
    assert "ñ" in names
    assert max(len(u["surname"] or "") for u in users) > 150
    assert not any(e.lower().endswith(("@example.com", "@test.com")) for e in emails)


def test_phones_come_in_the_notations_of_five_countries(audience: Any) -> None:
    """National, 00 and + notations are valid for their country; some phones are no phones."""
    users = audience.rows("/users")
    notations: Counter[str] = Counter()
    valid: Counter[str] = Counter()
    for user in users:
        phone = user["phone"]
        if phone is None:
            notations["none"] += 1
            continue
        try:
            parsed = phonenumbers.parse(phone, user["country"])
        except phonenumbers.NumberParseException:
            notations["nonsense"] += 1
            continue
        if phonenumbers.is_valid_number(parsed):
            valid[user["country"]] += 1
            notations[phone[:2] if phone[:2] == "00" else phone[0]] += 1
    assert set(valid) == {"ES", "FR", "GB", "DE", "PT"}
    assert {"none", "nonsense", "00", "+", "6"} <= set(notations)
    same = Counter(u["phone"] for u in users if u["phone"])
    assert max(same.values()) >= 1


def test_custom_fields_have_all_five_types_and_clash_with_a_column(audience: Any) -> None:
    """Values fit their definitions; two of those are sensitive, one is called city."""
    definitions = {d["id"]: d for d in audience.get("/properties", type="CUSTOM")}
    names = {d["name"]: d for d in definitions.values()}
    assert {d["dataType"] for d in names.values()} == {"TEXT", "NUMBER", "DATE", "BOOLEAN", "LIST"}
    assert {"origen_fan", "city"} <= set(names)
    assert {n for n, d in names.items() if d["sensitive"]} == {"dni", "alergias"}
    types: dict[str, tuple[type, ...]] = {
        "TEXT": (str,),
        "DATE": (str,),
        "NUMBER": (int, float),
        "BOOLEAN": (bool,),
        "LIST": (list,),
    }
    seen = set()
    for user in audience.rows("/users"):
        for item in user["customFieldValues"]:
            definition = definitions[item["propertyDefinitionId"]]
            assert isinstance(item["value"], types[definition["dataType"]])
            seen.add(definition["name"])
    assert seen == set(names)


def test_some_concerts_are_past_and_some_to_come(audience: Any) -> None:
    """Counted from the day the sandbox starts; one was cancelled and everything paid back."""
    now, events = audience.now(), audience.rows("/events")
    assert 20 <= len(events) <= 60
    assert {e["status"] for e in events} >= {"FINISHED", "SCHEDULED", "CANCELLED", "DRAFT"}
    assert any(e["onSaleAt"] > now for e in events)
    cancelled = {e["id"] for e in events if e["status"] == "CANCELLED"}
    states = {p["status"] for p in audience.rows("/purchases") if p["eventId"] in cancelled}
    assert states
    assert not states & {"COMPLETE", "SUCCEEDED"}


def test_line_ups_name_known_artists_on_stages(audience: Any) -> None:
    """A festival has several days and stages, and each artist his genres."""
    artists = {artist["id"] for artist in audience.rows("/admin/performers")}
    assert 30 <= len(artists) <= 60
    stages: Counter[int] = Counter()
    for event in audience.rows("/events"):
        lineup = audience.get(f"/public/events/{event['id']}/lineup")
        sessions = [s for d in lineup["days"] for g in d["stages"] for s in g["sessions"]]
        stages[len(lineup["days"])] += 1
        assert {p["performer"]["id"] for s in sessions for p in s["performers"]} <= artists
        assert all(p["performer"]["genres"] for s in sessions for p in s["performers"])
    assert set(stages) == {1, 3}


def test_newsletters_are_read_by_fans_and_strangers(audience: Any) -> None:
    """Subscriptions are pending, confirmed or ended, and count as the newsletter says."""
    letters = audience.rows("/newsletters")
    rows = []
    for letter in letters:
        own = audience.rows(f"/newsletters/{letter['id']}/subscribers")
        assert len(own) == letter["subscriberCount"]
        rows += own
    assert len(letters) == 2
    assert {row["status"] for row in rows} == {"PENDING", "CONFIRMED", "UNSUBSCRIBED"}
    assert any(row["userId"] is None for row in rows)
    assert any(row["source"] == "Event Registration" and row["eventName"] for row in rows)
    for row in rows:
        assert (row["unsubscribedAt"] is not None) == (row["status"] == "UNSUBSCRIBED")
        assert (row["user"] is None) == (row["userId"] is None)
