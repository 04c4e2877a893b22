"""Pages of profiles are written from a template; single profiles and the state are not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from nevent_sandbox.handles import KlaviyoHandle

Api = Any
Document = dict[str, Any]
ADDITIONAL = "additional-fields[profile]"
FIELDS = "fields[profile]"


@pytest.fixture
def people(api: Api, klaviyo: KlaviyoHandle) -> str:
    """Four who differ in what is known of them; the id of a list that three are on."""
    place = {"city": 'Vic "100 %"', "latitude": 41.9, "zip": "08500"}
    api.load(
        {"email": "ana@nevent-demo.es", "first_name": "Ana", "location": place},
        {"email": "eva@nevent-demo.es", "phone_number": "+34612345678", "external_id": "@email@"},
        {"phone_number": "+34612345679", "properties": {"Club %(id)s": ["@id@", None, "%"]}},
        {"external_id": "4"},
    )
    listed: str = api.new_list(opt_in_process="single_opt_in")
    klaviyo.subscribe("ana@nevent-demo.es", list_id=listed)
    klaviyo.unsubscribe("ana@nevent-demo.es", list_id=listed)
    klaviyo.subscribe("ana@nevent-demo.es", list_id=listed)
    klaviyo.subscribe("eva@nevent-demo.es", phone_number="+34612345678", list_id=listed)
    klaviyo.unsubscribe("eva@nevent-demo.es")
    klaviyo.bounce("eva@nevent-demo.es")
    klaviyo.subscribe(phone_number="+34612345679", list_id=listed)
    return listed


def test_a_page_says_of_everybody_what_a_single_read_says(api: Api, people: str) -> None:
    """With everything that can be asked for, and links."""
    assert people
    asked = {ADDITIONAL: "subscriptions"}
    page = api.get("/profiles", **asked).json()["data"]
    assert len(page) == 4
    for each in page:
        assert each == api.get(f"/profiles/{each['id']}", **asked).json()["data"]


@pytest.mark.parametrize(
    "fields",
    [
        "email",
        "created,location.city,location.zip,subscriptions.sms",
        "location,properties,subscriptions.email.marketing",
        "subscriptions.email.marketing.suppression,subscriptions.whatsapp",
        "subscriptions.email.marketing.consent,image,last_event_date",
        "",
    ],
)
def test_sparse_fields_of_a_page_are_those_of_a_single_read(
    api: Api, people: str, fields: str
) -> None:
    """Whole blocks and parts of them."""
    asked = {ADDITIONAL: "subscriptions", FIELDS: fields}
    for path in ("/profiles", f"/lists/{people}/profiles"):
        page = api.get(path, **asked).json()["data"]
        assert len(page) >= 3
        for each in page:
            single = api.get(f"/profiles/{each['id']}", **asked).json()["data"]
            assert each["attributes"] == single["attributes"]


def test_members_tell_when_they_joined(api: Api, people: str) -> None:
    """Where it is asked for, or nothing is."""
    (whole, *_) = api.get(f"/lists/{people}/profiles").json()["data"]
    asked = {FIELDS: "joined_group_at"}
    (sparse, *_) = api.get(f"/lists/{people}/profiles", **asked).json()["data"]
    assert sparse["attributes"] == {"joined_group_at": whole["attributes"]["joined_group_at"]}
