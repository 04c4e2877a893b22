"""New fans, changed fields, preferences: what other systems may write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

GIVEN = "2025-03-04T05:06:07.000Z"
CHANNELS = ("email", "push", "sms", "whatsapp")


def booleans(fan: dict[str, Any], **changed: bool) -> dict[str, bool]:
    """The four that a PUT must hold, as they are but for some."""
    known = fan["communicationPreferences"]
    return {f"{each}Enabled": changed.get(each, known[f"{each}Enabled"]) for each in CHANNELS}


def test_a_new_fan_has_what_he_was_made_with(nevent: Any) -> None:
    """And nobody asked him anything."""
    answer = nevent.api.post("/users", json={"email": "ana@nevent-demo.es", "city": "Vic"})
    fan = answer.json()
    assert (answer.status_code, fan["city"], fan["name"]) == (200, "Vic", None)
    assert not any(booleans(fan).values())
    assert fan["thirdPartySharing"] is None
    assert nevent.get("/users/email/ANA@nevent-demo.es") == fan


@pytest.mark.parametrize("known", ["ana@nevent-demo.es", "ANA@Nevent-Demo.es"])
def test_there_is_one_fan_an_email(nevent: Any, known: str) -> None:
    """A second one is a 409, in whatever case."""
    nevent.api.post("/users", json={"email": "ana@nevent-demo.es"})
    assert nevent.api.post("/users", json={"email": known}).status_code == 409
    assert nevent.counts()["users"] == 121


def test_only_the_fields_sent_change(nevent: Any) -> None:
    """Null empties one; the fan has changed now."""
    fan = nevent.users()[0]
    changed = nevent.api.put(f"/users/{fan['id']}", json={"city": "Vic", "phone": None}).json()
    assert changed == {**fan, "city": "Vic", "phone": None, "updatedAt": changed["updatedAt"]}
    assert changed["updatedAt"] > fan["updatedAt"]
    assert nevent.get("/users", sort="updatedAt,desc", size=1)["content"] == [changed]


def test_custom_values_are_merged(nevent: Any) -> None:
    """By definition; null takes one away."""
    ids = {row["name"]: row["id"] for row in nevent.get("/properties")}
    custom = {"origen_fan": "web", "socio_club": True}
    fan = nevent.edit(add_user={"email": "ana@nevent-demo.es", "custom": custom})
    fresh = {"num_acompanantes": 2, "socio_club": None}
    values = [{"propertyDefinitionId": ids[name], "value": v} for name, v in fresh.items()]
    told = nevent.api.put(f"/users/{fan['id']}", json={"customFieldValues": values}).json()
    found = {row["propertyDefinitionId"]: row["value"] for row in told["customFieldValues"]}
    assert found == {ids["origen_fan"]: "web", ids["num_acompanantes"]: 2}


def test_consent_to_third_parties_is_kept_as_told(nevent: Any) -> None:
    """Time, source and text; taken back, it says when."""
    fan = nevent.edit(add_user={"email": "ana@nevent-demo.es"})
    path = f"/users/{fan['id']}"
    yes = {"granted": True, "consentedAt": GIVEN, "source": "Klaviyo"}
    told = nevent.api.put(path, json={"thirdPartySharing": yes}).json()["thirdPartySharing"]
    assert told == {**yes, "withdrawnAt": None, "textVersion": None}
    no = {**yes, "granted": False}
    told = nevent.api.put(path, json={"thirdPartySharing": no}).json()["thirdPartySharing"]
    assert told["withdrawnAt"] > GIVEN


def test_preferences_are_written_whole(nevent: Any) -> None:
    """Only a channel that changes is dated: now, or by the time told."""
    fan = nevent.edit(
        add_user={
            "email": "ana@nevent-demo.es",
            "communicationPreferences": {
                **{f"{each}Enabled": each != "push" for each in CHANNELS},
                **{f"{each}ChangedAt": GIVEN for each in CHANNELS},
            },
        }
    )
    path = f"/users/{fan['id']}/communication-preferences"
    later = "2025-08-09T10:11:12.000Z"
    dated = {"emailChangedAt": later, "pushChangedAt": later}
    body = booleans(fan, email=False, sms=False)
    assert nevent.api.put(path, json={**body, **dated}).json() == body
    assert nevent.get(path) == body
    changed = nevent.user(fan["id"])
    known = changed["communicationPreferences"]
    assert (known["emailChangedAt"], known["pushChangedAt"]) == (later, GIVEN)
    assert (known["whatsappChangedAt"], known["smsChangedAt"]) == (GIVEN, changed["updatedAt"])
    assert changed["updatedAt"] > fan["updatedAt"]


def test_somebody_erased_is_unknown(nevent: Any) -> None:
    """Whatever is asked of him."""
    fan = nevent.users()[0]
    nevent.erase(fan["id"])
    path = f"/users/{fan['id']}"
    body = booleans(fan)
    assert nevent.api.put(path, json={"city": "Vic"}).status_code == 404
    assert nevent.api.put(f"{path}/communication-preferences", json=body).status_code == 404
    assert nevent.api.get(f"{path}/communication-preferences").status_code == 404


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, {}),
        (400, {"email": "a@nevent-demo.es", "vip": True}),
        (400, {"email": "a@nevent-demo.es", "tags": ["vip"]}),
        (400, {"email": None}),
        (400, {"email": "a@nevent-demo.es", "name": 7}),
        (422, {"email": "a nevent-demo.es"}),
    ],
)
def test_a_new_fan_is_read_strictly(nevent: Any, status: int, body: dict[str, Any]) -> None:
    """With a message, and without a trace."""
    answer = nevent.api.post("/users", json=body)
    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert answer.json()["message"]
    assert nevent.counts()["users"] == 120


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, {"email": "a@nevent-demo.es"}),
        (400, {"tags": []}),
        (400, {"communicationPreferences": {"emailEnabled": True}}),
        (400, {"city": 7}),
        (400, {"customFieldValues": [{"name": "origen_fan", "value": "web"}]}),
        (400, {"thirdPartySharing": {"consentedAt": GIVEN}}),
        (422, {"thirdPartySharing": {"granted": True}}),
        (422, {"thirdPartySharing": {"granted": True, "consentedAt": "2099-01-01T00:00:00Z"}}),
        (422, {"customFieldValues": [{"propertyDefinitionId": "nothing", "value": "web"}]}),
    ],
)
def test_a_change_is_read_strictly(nevent: Any, status: int, body: dict[str, Any]) -> None:
    """And a refused one changes nothing."""
    fan = nevent.users()[0]
    answer = nevent.api.put(f"/users/{fan['id']}", json=body)
    assert (answer.status_code, bool(answer.json()["message"])) == (status, True)
    assert nevent.user(fan["id"]) == fan


@pytest.mark.parametrize("value", ["2", True, ["2"]])
def test_a_custom_value_is_of_its_type(nevent: Any, value: Any) -> None:
    """A number is no text, no truth and no list."""
    fan = nevent.users()[0]
    ids = {row["name"]: row["id"] for row in nevent.get("/properties")}
    values = [{"propertyDefinitionId": ids["num_acompanantes"], "value": value}]
    answer = nevent.api.put(f"/users/{fan['id']}", json={"customFieldValues": values})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("status", "changed"),
    [
        (400, {"whatsappEnabled": None}),
        (400, {"emailEnabled": "true"}),
        (400, {"phoneEnabled": True}),
        (422, {"emailChangedAt": "2099-01-01T00:00:00Z"}),
        (422, {"emailChangedAt": "soon"}),
    ],
)
def test_preferences_are_read_strictly(nevent: Any, status: int, changed: dict[str, Any]) -> None:
    """All four, booleans, and no time ahead."""
    fan = nevent.users()[0]
    body = {**booleans(fan), **changed}
    body = {name: value for name, value in body.items() if value is not None}
    answer = nevent.api.put(f"/users/{fan['id']}/communication-preferences", json=body)
    assert answer.status_code == status
    assert nevent.user(fan["id"]) == fan


def test_the_published_contract_ignores_what_is_assumed(serve: Callable[..., Any]) -> None:
    """It knows nothing of third parties and dates, and says nothing about them."""
    with serve(fans=5, contract="published") as nevent:
        fan = nevent.api.post("/users", json={"email": "ana@nevent-demo.es"}).json()
        path = f"/users/{fan['id']}"
        yes = {"granted": True, "consentedAt": GIVEN, "source": "Klaviyo"}
        told = nevent.api.put(path, json={"name": "Ana", "thirdPartySharing": yes}).json()
        assert (told["name"], "thirdPartySharing" in told) == ("Ana", False)
        body = {**booleans(told, email=True), "emailChangedAt": GIVEN}
        nevent.api.put(f"{path}/communication-preferences", json=body)
        known = nevent.user(fan["id"])
        assert known["thirdPartySharing"] is None
        assert known["communicationPreferences"]["emailEnabled"]
        assert known["communicationPreferences"]["emailChangedAt"] > GIVEN


@pytest.mark.parametrize("path", ["", "/communication-preferences"])
def test_a_write_that_changes_nothing_is_a_change(nevent: Any, path: str) -> None:
    """A server saves what it is sent: only the time of the last change moves."""
    fan = nevent.users()[0]
    body = booleans(fan) if path else {"city": fan["city"]}
    assert nevent.api.put(f"/users/{fan['id']}{path}", json=body).status_code == 200
    saved = nevent.user(fan["id"])
    assert saved == {**fan, "updatedAt": saved["updatedAt"]}
    assert saved["updatedAt"] > fan["updatedAt"]
