"""Campaigns, parts of flows and members of segments as clients read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from nevent_sandbox import Sandbox
from sandbox.conftest import Api

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nevent_sandbox.handles import KlaviyoHandle
    from nevent_sandbox.nevent_handle import NeventHandle

Document = dict[str, Any]
EMAIL = "equals(messages.channel,'email')"
PEOPLE = [f"fan{number}@nevent-demo.es" for number in range(5)]


@pytest.fixture
def blind(klaviyo: KlaviyoHandle) -> Iterator[Api]:
    """A key without `campaigns:read`."""
    api = Api(klaviyo.url, "pk_sandbox_no_campaigns")
    yield api
    api.http.close()


def _names(answer: Any) -> list[str]:
    return [each["attributes"]["name"] for each in answer.json()["data"]]


@pytest.mark.parametrize(
    ("filtered", "names"),
    [
        ("", ["Cartel", "Cartel 2", "Borrador"]),
        ("contains(name,'artel')", ["Cartel", "Cartel 2"]),
        ("contains(name,'cartel')", []),
        ("equals(status,'Draft')", ["Borrador"]),
        ("any(status,['Draft','Sent'])", ["Cartel", "Cartel 2", "Borrador"]),
        ("equals(archived,true)", ["Vieja"]),
        ("greater-than(created_at,1990-01-01)", ["Cartel", "Cartel 2", "Borrador"]),
        ("less-than(updated_at,1990-01-01)", []),
    ],
)
def test_campaigns_are_filtered(
    api: Api, klaviyo: KlaviyoHandle, filtered: str, names: list[str]
) -> None:
    """Beside their channel; archived ones come only where they are asked for."""
    for name, more in (
        ("Cartel", {}),
        ("Cartel 2", {}),
        ("Borrador", {"status": "Draft"}),
        ("Vieja", {"archived": True}),
        ("Texto", {"channel": "sms"}),
    ):
        klaviyo.add_campaign(name, **more)
    wanted = f"and({EMAIL},{filtered})" if filtered else EMAIL
    assert _names(api.get("/campaigns", filter=wanted)) == names


@pytest.mark.parametrize(
    ("parameter", "params"),
    [
        ("filter", {}),
        ("filter", {"filter": "equals(archived,false)"}),
        ("filter", {"filter": "equals(messages.channel,'fax')"}),
        ("filter", {"filter": f"{EMAIL},equals(status,'Gone')"}),
        ("filter", {"filter": f"{EMAIL},equals(name,'Cartel')"}),
        ("sort", {"filter": EMAIL, "sort": "status"}),
        ("include", {"filter": EMAIL, "include": "templates"}),
        ("fields[campaign]", {"filter": EMAIL, "fields[campaign]": "title"}),
        ("page[size]", {"filter": EMAIL, "page[size]": 101}),
        ("additional-fields[campaign]", {"filter": EMAIL, "additional-fields[campaign]": "x"}),
    ],
)
def test_what_no_campaign_has_is_400(api: Api, parameter: str, params: Document) -> None:
    """The answer names the parameter."""
    answer = api.get("/campaigns", **params)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["source"] == {"parameter": parameter}


def test_campaigns_come_in_pages_each_with_its_message(api: Api, klaviyo: KlaviyoHandle) -> None:
    """Sorted both ways; the message holds what was sent."""
    made = [klaviyo.add_campaign(f"C{n}", subject=f"Asunto {n}") for n in range(3)]
    wanted: Document = {"filter": EMAIL, "sort": "-name", "include": "campaign-messages"}
    first = api.get("/campaigns", page_size=2, **wanted).json()
    second = api.http.get(first["links"]["next"]).json()
    pages = [each["id"] for page in (first, second) for each in page["data"]]
    assert pages == [each["id"] for each in reversed(made)]
    assert [each["id"] for each in second["included"]] == [made[0]["message"]]
    assert second["included"][0]["attributes"]["definition"]["content"]["subject"] == "Asunto 0"


def test_a_campaign_and_its_message_lead_to_each_other(api: Api, klaviyo: KlaviyoHandle) -> None:
    """By the campaign's id and by the message's; nothing else is there."""
    made = klaviyo.add_campaign("Texto", channel="sms", subject="Ya")
    (listed,) = api.get(f"/campaigns/{made['id']}/campaign-messages").json()["data"]
    whole = api.get(f"/campaign-messages/{made['message']}", include="campaign").json()
    assert whole["data"] == listed
    assert listed["attributes"]["definition"] == {"channel": "sms", "content": {"body": "Ya"}}
    assert whole["included"][0]["id"] == made["id"]
    for path in ("campaigns/X", "campaigns/X/campaign-messages", "campaign-messages/X"):
        assert api.get(f"/{path}").status_code == 404


def test_a_key_without_the_scope_sees_no_campaign(klaviyo: KlaviyoHandle, blind: Api) -> None:
    """403 for each read; all else it may."""
    made = klaviyo.add_campaign("Cartel")
    for path in (
        "/campaigns",
        f"/campaigns/{made['id']}",
        f"/campaigns/{made['id']}/campaign-messages",
        f"/campaign-messages/{made['message']}",
    ):
        answer = blind.get(path)
        assert answer.status_code == 403
        assert "campaigns:read" in answer.json()["errors"][0]["detail"]
    assert blind.get("/flows").status_code == 200


def test_campaigns_are_read_ten_times_a_second_and_no_more() -> None:
    """429 with the seconds to wait."""
    with Sandbox(fans=1, limits="real") as served:
        api = Api(served.klaviyo.url)
        answers = [api.get("/campaigns", filter=EMAIL) for _ in range(11)]
        api.http.close()
    assert [each.status_code for each in answers] == [200] * 10 + [429]
    assert int(answers[-1].headers["Retry-After"]) >= 1


def test_actions_of_a_flow_are_filtered_and_paged(api: Api, klaviyo: KlaviyoHandle) -> None:
    """By type; each names its flow and, where asked for, its message."""
    wait = {"type": "time-delay", "temporary_id": "w", "data": {"unit": "days", "value": 1}}
    mail = {
        "type": "send-email",
        "temporary_id": "m",
        "links": {"next": None},
        "data": {"message": {"name": "Hola", "from_email": "hola@nevent-demo.es"}},
    }
    flow = klaviyo.add_flow("Hola", actions=[{**wait, "links": {"next": "m"}}, mail])
    first = api.get(f"/flows/{flow}/flow-actions", page_size=1).json()
    assert first["data"][0]["attributes"]["definition"]["type"] == "time-delay"
    (second,) = api.http.get(first["links"]["next"]).json()["data"]
    wanted = "equals(action_type,'send-email')"
    (found,) = api.get(f"/flows/{flow}/flow-actions", filter=wanted).json()["data"]
    assert found == second
    (message,) = api.get(f"/flow-actions/{found['id']}/flow-messages").json()["data"]
    whole = api.get(f"/flow-actions/{found['id']}", include="flow,flow-messages").json()
    assert [each["id"] for each in whole["included"]] == [flow, message["id"]]
    assert api.get(f"/flow-actions/{first['data'][0]['id']}/flow-messages").json()["data"] == []
    for path in ("flows/X/flow-actions", "flow-actions/1", "flow-messages/X"):
        assert api.get(f"/{path}").status_code == 404


def test_members_of_a_segment_come_with_the_time_they_joined(
    api: Api, klaviyo: KlaviyoHandle
) -> None:
    """Filtered and sorted by it; twice is once."""
    api.load(*({"email": email} for email in PEOPLE))
    condition = {"type": "profile-group-membership", "is_member": True}
    groups = [{"conditions": [{**condition, "group_ids": [api.new_list()]}]}]
    segment = klaviyo.add_segment("Fans", {"condition_groups": groups})
    for number, email in enumerate(PEOPLE[:3]):
        klaviyo.join_segment(segment, [email], at=1_700_000_000 + number)
    klaviyo.join_segment(segment, [PEOPLE[0]])
    since = "greater-or-equal(joined_group_at,2023-11-14T22:13:21Z)"
    found = api.get(f"/segments/{segment}/profiles", filter=since, sort="-joined_group_at").json()
    assert [each["attributes"]["email"] for each in found["data"]] == [PEOPLE[2], PEOPLE[1]]
    assert found["data"][1]["attributes"]["joined_group_at"] == "2023-11-14T22:13:21+00:00"
    ids = api.get(f"/segments/{segment}/relationships/profiles").json()["data"]
    assert [each["id"] for each in reversed(found["data"])] == [each["id"] for each in ids[1:]]
    size = {"additional-fields[segment]": "profile_count"}
    whole = api.get(f"/segments/{segment}", **size).json()["data"]["attributes"]
    assert whole["profile_count"] == 3
    assert api.get("/segments/Nope42/profiles").status_code == 404


def test_a_text_goes_to_who_agreed_and_a_list_may_be_left_out(
    api: Api, klaviyo: KlaviyoHandle
) -> None:
    """An address is no number; on an excluded list, nobody is reached."""
    fans, staff = api.new_list(), api.new_list("Staff")
    people = [{"email": e, "phone_number": f"+3460011220{n}"} for n, e in enumerate(PEOPLE)]
    api.load(*people, lists=(fans,))
    api.load({"email": PEOPLE[0]}, lists=(staff,))
    for number in (0, 1):
        klaviyo.subscribe(phone_number=f"+3460011220{number}")
    sending = {"lists": [fans], "bounces": 0, "clicks": 0, "unsubscribes": 0}
    klaviyo.send_campaign("Texto", channel="sms", excluded=[staff], **sending)
    assert [each["email"] for each in klaviyo.touches()] == [PEOPLE[1]]


def test_a_name_of_former_times_can_be_told(api: Api, klaviyo: KlaviyoHandle) -> None:
    """Accounts that sent texts before July 2026 have both."""
    api.upsert({"email": PEOPLE[0]})
    campaign = klaviyo.add_campaign("Texto", channel="sms")["id"]
    told = {"what": "received", "email": PEOPLE[0], "campaign": campaign}
    klaviyo.engage([told, {**told, "metric": "Received SMS"}])
    assert len(klaviyo.events("Received Text Message")) == len(klaviyo.events("Received SMS")) == 1
    with pytest.raises(ValueError, match="no 'opened' on sms"):
        klaviyo.engage([{**told, "what": "opened"}])


def test_days_pass_for_both_sides(api: Api, klaviyo: KlaviyoHandle, nevent: NeventHandle) -> None:
    """And it is told what happened on them."""
    fans, before = api.new_list(opt_in_process="single_opt_in"), nevent.now()
    for email in PEOPLE:
        klaviyo.subscribe(email, list_id=fans)
    told = klaviyo.advance(days=2, campaigns=1, signups=2, unsubscribes=1)
    assert nevent.now() > before
    (sent,) = told["campaigns"]
    assert [each["id"] for each in klaviyo.campaigns()] == [sent["id"]]
    received = [each for each in klaviyo.touches() if each["kind"] == "received"]
    assert len(received) == sent["events"]["received"]
    (gone,) = told["unsubscribed"]
    for email, consent in ((gone, "UNSUBSCRIBED"), (told["signed_up"][0], "SUBSCRIBED")):
        known = klaviyo.consent(email)
        assert known
        assert known["email"]["marketing"]["consent"] == consent
    assert klaviyo.lists()[0]["profile_count"] == len(PEOPLE) + 2


@pytest.mark.parametrize(
    "properties",
    [{}, {"event_name": "100 % Sónar @id@"}, {"$value": 3, "$event_id": "x"}, {"a": {"b": [1]}}],
)
def test_an_event_is_the_same_whole_or_by_its_fields(
    api: Api, klaviyo: KlaviyoHandle, properties: Document
) -> None:
    """On a page, alone, and with every field named."""
    del klaviyo
    api.event(PEOPLE[0], unique_id="t1", value=12.5, value_currency="EUR", properties=properties)
    (listed,) = api.get("/events", include="profile").json()["data"]
    every = {"fields[event]": "datetime,event_properties,timestamp,uuid"}
    assert api.get("/events", include="profile", **every).json()["data"] == [listed]
    assert api.get(f"/events/{listed['id']}", include="profile").json()["data"] == listed
    kept = {"$event_id": "t1", "$value": 12.5, "$currency_code": "EUR"}
    assert listed["attributes"]["event_properties"] == {**properties, **kept}
