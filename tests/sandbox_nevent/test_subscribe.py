"""A newsletter's form: who joins by it, who is there already, how many it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from nevent_sandbox.credentials import NEVENT_TENANT_ID

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

GIVEN = "2025-03-04T05:06:07.000Z"
CONSENT = {"marketing": True, "timestamp": GIVEN}


def sign_up(nevent: Any, email: Any = "nueva@nevent-demo.es", **more: Any) -> httpx.Response:
    """What the form of the first newsletter (or another one) answers; None leaves a field out."""
    newsletter = more.pop("newsletter", None) or nevent.newsletters()[0]["id"]
    tenant = more.pop("tenant", NEVENT_TENANT_ID)
    body = {"email": email, "consent": CONSENT, **more}
    answer: httpx.Response = nevent.api.post(
        f"/public/newsletter/{newsletter}/subscribe",
        params={"tenantId": tenant} if tenant else {},
        json={name: value for name, value in body.items() if value is not None},
    )
    return answer


def test_a_stranger_becomes_a_fan_who_wants_mail_since_the_consent(nevent: Any) -> None:
    """Everything else is as if nobody had asked; the subscription keeps time and source."""
    told = sign_up(nevent, source="Klaviyo").json()
    assert told["success"]
    assert told["data"]["success"]
    fan = nevent.user("nueva@nevent-demo.es")
    assert fan["communicationPreferences"] == {
        **{f"{each}Enabled": each == "email" for each in ("email", "push", "sms", "whatsapp")},
        **{f"{each}ChangedAt": None for each in ("push", "sms", "whatsapp")},
        "emailChangedAt": GIVEN,
    }
    assert (fan["thirdPartySharing"], fan["name"], fan["tags"]) == (None, None, [])
    row = nevent.subscription("nueva@nevent-demo.es")
    assert (row["id"], row["userId"]) == (told["data"]["subscriptionId"], fan["id"])
    assert (row["status"], row["source"]) == ("CONFIRMED", "Klaviyo")
    assert row["consent"]["timestamp"] == GIVEN


def test_no_token_is_needed_and_none_is_wrong(nevent: Any) -> None:
    """The form stands on a web page."""
    nevent.api.headers.pop("Authorization")
    try:
        assert sign_up(nevent).status_code == 200
    finally:
        nevent.api.headers["Authorization"] = "Bearer nevent-sandbox-token"


def test_a_new_fan_is_seen_everywhere(nevent: Any) -> None:
    """Lists by change and by id, e-mail in any case, subscribers, analytics, segments."""
    before = nevent.now()
    sign_up(nevent, source="Klaviyo")
    fan = nevent.get("/users/email/NUEVA@nevent-demo.es")
    identifier = fan["id"]
    assert nevent.get(f"/users/{identifier}") == fan
    assert [row["id"] for row in nevent.rows("/users", updatedFrom=before)] == [identifier]
    assert nevent.rows("/users", ids=identifier) == [fan]
    assert nevent.rows("/users", sort="email,desc", email="nueva@") == [fan]
    assert nevent.rows("/users", sort="updatedAt,desc")[0] == fan
    newsletter = nevent.newsletters()[0]
    subscribers = nevent.rows(f"/newsletters/{newsletter['id']}/subscribers", updatedFrom=before)
    assert [(row["userId"], row["source"]) for row in subscribers] == [(identifier, "Klaviyo")]
    assert subscribers[0]["user"]["thirdPartySharing"] is None
    listed = nevent.query(collection="users", dimensions=[{"field": "user_id"}], limit=1000)
    assert {"user_id": identifier} in listed
    nevent.edit(user=identifier, tags={"add": ["de klaviyo"]})
    criterion = {"id": "c", "criterion_id": "user_label", "operator": "eq", "value": "de klaviyo"}
    definition = {"stanzas": [{"id": "s", "criteria": [criterion]}]}
    found = nevent.api.post("/segments/execute", json={"definition": definition}).json()["data"]
    assert [row["fan_id"] for row in found["fans"]] == [identifier]


def test_properties_say_who_it_is(nevent: Any) -> None:
    """By definition id; standard ones are the fan's own fields, others typed custom values."""
    ids = {row["name"]: row["id"] for row in nevent.get("/properties")}
    told = {"name": "Ana", "phone": "+34600111222", "num_acompanantes": "3", "socio_club": "true"}
    properties = {ids[name]: text for name, text in told.items()}
    assert sign_up(nevent, properties=properties).status_code == 200
    fan = nevent.user("nueva@nevent-demo.es")
    assert (fan["name"], fan["phone"]) == ("Ana", "+34600111222")
    values = {row["propertyDefinitionId"]: row["value"] for row in fan["customFieldValues"]}
    assert values == {ids["num_acompanantes"]: 3.0, ids["socio_club"]: True}
    assert nevent.subscription("nueva@nevent-demo.es")["customFields"] == properties


def test_a_known_fan_gets_a_subscription_and_keeps_everything_else(nevent: Any) -> None:
    """His preferences above all: who switched mail off is not switched on by a form."""
    fan = nevent.edit(add_user={"email": "eva@nevent-demo.es", "name": "Eva"})
    assert sign_up(nevent, "EVA@nevent-demo.es ").status_code == 200
    assert nevent.user("eva@nevent-demo.es") == fan
    assert nevent.subscription("eva@nevent-demo.es")["userId"] == fan["id"]


def test_who_is_subscribed_is_told_so(nevent: Any) -> None:
    """409, and nothing changes: of those who came by the form, of fans and of strangers."""
    sign_up(nevent)
    standing = [row for row in nevent.subscriptions() if row["status"] != "UNSUBSCRIBED"]
    stranger = next(row for row in standing if row["userId"] is None)
    known = next(row for row in standing if row["userId"] and "@@" not in row["email"])
    for row in (nevent.subscription("nueva@nevent-demo.es"), stranger, known):
        answer = sign_up(nevent, row["email"].upper(), newsletter=row["newsletterId"])
        assert (answer.status_code, answer.json()["message"]) == (409, "Already subscribed")
    counts = nevent.counts()
    assert (counts["users"], counts["subscriptions"]) == (121, len(standing) + _left(nevent))


def _left(nevent: Any) -> int:
    return sum(row["status"] == "UNSUBSCRIBED" for row in nevent.subscriptions())


def test_who_had_left_is_subscribed_again(nevent: Any) -> None:
    """With the same subscription, and no end."""
    row = next(row for row in nevent.subscriptions() if row["status"] == "UNSUBSCRIBED")
    told = sign_up(nevent, row["email"], newsletter=row["newsletterId"]).json()["data"]
    assert told["subscriptionId"] == row["id"]
    again = nevent.subscription(row["email"], row["newsletterId"])
    assert (again["status"], again["unsubscribedAt"]) == ("CONFIRMED", None)
    assert again["updatedAt"] > row["updatedAt"]


def test_with_double_opt_in_a_subscription_waits(nevent: Any) -> None:
    """PENDING, and once more is once too often."""
    nevent.knobs(double_opt_in=True)
    assert sign_up(nevent).status_code == 200
    assert nevent.subscription("nueva@nevent-demo.es")["status"] == "PENDING"
    assert sign_up(nevent).status_code == 409


def test_somebody_erased_who_signs_up_is_somebody_new(nevent: Any) -> None:
    """Nevent remembers nothing of him; the feed still tells of the one who went."""
    sign_up(nevent)
    first = nevent.user("nueva@nevent-demo.es")["id"]
    nevent.erase(first)
    assert nevent.api.get(f"/users/{first}").status_code == 404
    assert nevent.user("nueva@nevent-demo.es") is None
    assert nevent.subscription("nueva@nevent-demo.es") is None
    assert nevent.rows("/users/deletions", sort="deletedAt,asc")[-1]["id"] == first
    assert sign_up(nevent).status_code == 200
    assert nevent.user("nueva@nevent-demo.es")["id"] != first


@pytest.mark.parametrize(
    ("status", "wrong"),
    [
        (400, {"email": None}),
        (400, {"email": 7}),
        (400, {"consent": {"timestamp": GIVEN}}),
        (400, {"consent": {"marketing": True}}),
        (400, {"consent": {**CONSENT, "marketing": "yes"}}),
        (400, {"consent": {**CONSENT, "text": "2025-02"}}),
        (400, {"phone": "+34600111222"}),
        (400, {"properties": {"x": 1}}),
        (400, {"tenant": None}),
        (404, {"tenant": "650000000000000000000009"}),
        (404, {"newsletter": "5dce4f020000000000000000"}),
        (422, {"email": "ana@@nevent-demo.es"}),
        (422, {"email": "ana"}),
        (422, {"email": f"{'a' * 250}@nevent-demo.es"}),
        (422, {"consent": {**CONSENT, "marketing": False}}),
        (422, {"consent": {**CONSENT, "timestamp": "yesterday"}}),
        (422, {"consent": {**CONSENT, "timestamp": "2025-03-04"}}),
        (422, {"consent": {**CONSENT, "timestamp": "2099-01-01T00:00:00Z"}}),
        (422, {"properties": {"5c88ab31ffffffff00000000": "x"}}),
    ],
)
def test_a_form_is_read_strictly(nevent: Any, status: int, wrong: dict[str, Any]) -> None:
    """With a message, and without a trace."""
    before = nevent.counts()
    answer = sign_up(nevent, **wrong)
    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert answer.json()["message"]
    assert nevent.counts() == before


def test_a_form_takes_so_many_an_hour_and_so_many_a_day(nevent: Any) -> None:
    """Then 429 with retryAfter in the body; each newsletter counts for itself."""
    nevent.knobs(subscribes_per_hour=2, subscribes_per_day=3)
    statuses = [sign_up(nevent, f"a{n}@nevent-demo.es").status_code for n in (1, 2, 3)]
    assert statuses == [200, 200, 429]
    told = sign_up(nevent, "a3@nevent-demo.es").json()
    assert 3590 <= told["retryAfter"] <= 3601
    other = nevent.newsletters()[1]["id"]
    assert sign_up(nevent, "a3@nevent-demo.es", newsletter=other).status_code == 200
    nevent.advance(hours=1.01, changes=0)
    assert sign_up(nevent, "a3@nevent-demo.es").status_code == 200
    assert sign_up(nevent, "a4@nevent-demo.es").json()["retryAfter"] > 3600


def test_real_limits_are_a_hundred_an_hour(serve: Callable[..., Any]) -> None:
    """As many as the vendor's own fixture has."""
    with serve(fans=0, limits="real") as nevent:
        one = nevent.newsletters()[0]["id"]
        got = [
            sign_up(nevent, f"a{n}@nevent-demo.es", newsletter=one).status_code for n in range(101)
        ]
    assert got == [200] * 100 + [429]


def test_a_form_that_is_only_published_knows_no_source(serve: Callable[..., Any]) -> None:
    """It ignores it; the rest is real."""
    with serve(fans=5, contract="published") as nevent:
        assert sign_up(nevent, source="Klaviyo").status_code == 200
        assert nevent.subscription("nueva@nevent-demo.es")["source"] != "Klaviyo"


def test_a_sign_up_is_one_item_in_the_log_and_can_fail(nevent: Any) -> None:
    """Before it is read, and without a trace."""
    operation = "POST /public/newsletter/{id}/subscribe"
    nevent.refuse(operation, status=429, retry_after=7)
    assert sign_up(nevent).json()["retryAfter"] == 7
    assert nevent.user("nueva@nevent-demo.es") is None
    sign_up(nevent)
    assert [row["items"] for row in nevent.requests(operation)] == [None, 1]


def test_a_form_tells_its_fields_and_its_key(nevent: Any) -> None:
    """No token is needed; by a semantic key a form finds the property to fill."""
    newsletter = nevent.newsletters()[0]
    path = f"/public/widget/{newsletter['id']}/config"
    form = nevent.api.get(
        path, params={"tenantId": NEVENT_TENANT_ID}, headers={"Authorization": ""}
    )
    told = form.json()
    assert told["title"] == newsletter["name"]
    fields = {
        row["semanticKey"]: row["propertyDefinitionId"] for row in told["fieldConfigurations"]
    }
    sign_up(nevent, properties={fields["firstName"]: "Ana", fields["lastName"]: "Ruiz"})
    fan = nevent.user("nueva@nevent-demo.es")
    assert (fan["name"], fan["surname"]) == ("Ana", "Ruiz")
    assert nevent.api.get(path).status_code == 400
    assert nevent.api.get(path, params={"tenantId": "x"}).status_code == 404


def test_a_key_that_is_sent_is_the_forms_own(nevent: Any) -> None:
    """401 with another one; an empty one is none."""
    newsletter = nevent.newsletters()[0]["id"]
    path = f"/public/newsletter/{newsletter}/subscribe"
    got: list[int] = []
    for key in ("", f"widget-{newsletter}", "wrong"):
        body = {"email": f"a{len(got)}@nevent-demo.es", "consent": CONSENT}
        answer = nevent.api.post(
            path, params={"tenantId": NEVENT_TENANT_ID}, json=body, headers={"X-API-Key": key}
        )
        got.append(answer.status_code)
    assert got == [200, 200, 401]


def test_scaled_limits_are_over_sooner(serve: Callable[..., Any]) -> None:
    """As Klaviyo's: the same numbers, windows so many times shorter."""
    with serve(fans=0, limits="scaled=1800") as nevent:
        nevent.knobs(subscribes_per_hour=1)
        sign_up(nevent, "a1@nevent-demo.es")
        assert 1 <= sign_up(nevent, "a2@nevent-demo.es").json()["retryAfter"] <= 3
        nevent.advance(hours=0.001, changes=0)
        assert sign_up(nevent, "a2@nevent-demo.es").status_code == 200
