"""Klaviyo's own Python SDK, pointed at the sandbox: its models check both directions."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
import report_bodies
from consent_bodies import (
    SUBSCRIBE,
    SUPPRESS,
    UNSUBSCRIBE,
    UNSUPPRESS,
    addresses,
    body,
    erasure,
    given,
    members,
    withdrawn,
)
from klaviyo_api import KlaviyoAPI
from nevent_sandbox.klaviyo.operations import OPERATIONS
from openapi_client.exceptions import ApiException

if TYPE_CHECKING:
    from nevent_sandbox.handles import KlaviyoHandle

Document = dict[str, Any]
ANA = {"email": "ana@nevent-demo.es", "first_name": "Ana", "properties": {"vip": True}}


def _profile(attributes: Document, **more: Any) -> Document:
    return {"data": {"type": "profile", "attributes": attributes, **more}}


def _event(unique_id: str) -> Document:
    return {
        "properties": {"event_name": "Sónar"},
        "value": 85.5,
        "unique_id": unique_id,
        "metric": {"data": {"type": "metric", "attributes": {"name": "Purchased Ticket"}}},
    }


@pytest.fixture
def sdk(klaviyo: KlaviyoHandle) -> Any:
    """The client as a user makes it, but for the host."""
    return KlaviyoAPI("pk_sandbox_full", max_delay=1, max_retries=3, test_host=klaviyo.url)


def _jobs(sdk: Any, wanted: str, klaviyo: KlaviyoHandle) -> None:
    klaviyo.fail_rows(rows=[1])
    rows = [
        {"type": "profile", "attributes": {"email": f"fan{n}@nevent-demo.es"}} for n in range(3)
    ]
    relationships = {"lists": {"data": [{"type": "list", "id": wanted}]}}
    data = {"type": "profile-bulk-import-job", "attributes": {"profiles": {"data": rows}}}
    started = sdk.Profiles.bulk_import_profiles({"data": {**data, "relationships": relationships}})
    job = started.data.id
    assert sdk.Profiles.get_bulk_import_profiles_jobs(page_size=1).data[0].id == job
    read = sdk.Profiles.get_bulk_import_profiles_job(job, include=["lists"])
    assert (read.data.attributes.status, read.data.attributes.failed_count) == ("complete", 1)
    errors = sdk.Profiles.get_errors_for_bulk_import_profiles_job(job)
    assert errors.data[0].attributes.original_payload["attributes"] == rows[1]["attributes"]
    assert len(sdk.Profiles.get_profiles_for_bulk_import_profiles_job(job).data) == 2
    assert len(sdk.Profiles.get_profile_ids_for_bulk_import_profiles_job(job).data) == 2
    assert sdk.Profiles.get_list_for_bulk_import_profiles_job(job).data[0].id == wanted
    assert sdk.Profiles.get_list_ids_for_bulk_import_profiles_job(job).data[0].id == wanted


def _profiles(sdk: Any) -> str:
    identifier: str = sdk.Profiles.create_profile(_profile(ANA)).data.id
    other = sdk.Profiles.create_or_update_profile(_profile({"email": "eva@nevent-demo.es"}))
    patched = sdk.Profiles.update_profile(identifier, _profile({"title": "Dr"}, id=identifier))
    assert (patched.data.attributes.first_name, patched.data.attributes.title) == ("Ana", "Dr")
    read = sdk.Profiles.get_profile(identifier, additional_fields_profile=["subscriptions"])
    marketing = read.data.attributes.subscriptions.email.marketing
    assert marketing.consent == "NEVER_SUBSCRIBED"
    assert sdk.Profiles.get_lists_for_profile(identifier).data == []
    sources = {"profiles": {"data": [{"type": "profile", "id": other.data.id}]}}
    merge = {"data": {"type": "profile-merge", "id": identifier, "relationships": sources}}
    assert sdk.Profiles.merge_profiles(merge).data.id == identifier
    found = sdk.Profiles.get_profiles(filter='equals(email,"ana@nevent-demo.es")')
    assert [each.id for each in found.data] == [identifier]
    return identifier


def _events(sdk: Any) -> None:
    person = {"data": {"type": "profile", "attributes": {"email": ANA["email"]}}}
    single = {**_event("t1"), "profile": person}
    sdk.Events.create_event({"data": {"type": "event", "attributes": single}})
    events = {"data": [{"type": "event", "attributes": _event("t2")}]}
    entry = {"type": "event-bulk-create", "attributes": {"profile": person, "events": events}}
    attributes = {"events-bulk-create": {"data": [entry]}}
    sdk.Events.bulk_create_events(
        {"data": {"type": "event-bulk-create-job", "attributes": attributes}}
    )
    page = sdk.Events.get_events(include=["profile", "metric"], page_size=1000, sort="datetime")
    assert len(page.data) == 2
    assert page.data[0].attributes.event_properties["$value"] == 85.5
    assert sdk.Events.get_event(page.data[0].id).data.id == page.data[0].id
    (metric,) = sdk.Metrics.get_metrics().data
    assert sdk.Metrics.get_metric(metric.id).data.attributes.name == "Purchased Ticket"


def _lists(sdk: Any, wanted: str, profile: str) -> None:
    members = {"data": [{"type": "profile", "id": profile}]}
    sdk.Lists.add_profiles_to_list(wanted, members)
    assert len(sdk.Lists.get_profiles_for_list(wanted).data) == 3
    assert len(sdk.Lists.get_profile_ids_for_list(wanted).data) == 3
    sdk.Lists.remove_profiles_from_list(wanted, members)
    read = sdk.Lists.get_list(wanted, additional_fields_list=["profile_count"])
    assert read.data.attributes.profile_count == 2
    assert [each.id for each in sdk.Lists.get_lists().data] == [wanted]


def _marketing(sdk: Any, email: str) -> Any:
    filtered = f'equals(email,"{email}")'
    (found,) = sdk.Profiles.get_profiles(
        filter=filtered, additional_fields_profile=["subscriptions"]
    ).data
    return found.attributes.subscriptions.email.marketing


def _consents(sdk: Any) -> None:
    own = sdk.Profiles
    eva, attributes = "eva@nevent-demo.es", {"name": "News", "opt_in_process": "single_opt_in"}
    wanted = sdk.Lists.create_list({"data": {"type": "list", "attributes": attributes}}).data.id
    own.bulk_subscribe_profiles(body(SUBSCRIBE, [given(eva)], wanted, custom_source="Box office"))
    marketing = _marketing(sdk, eva)
    assert (marketing.consent, marketing.custom_method_detail) == ("SUBSCRIBED", "Box office")
    suppressed = own.bulk_suppress_profiles(members(SUPPRESS, wanted))
    read = own.get_bulk_suppress_profiles_job(suppressed.data.id).data.attributes
    assert (read.status, read.completed_count) == ("complete", 1)
    assert own.get_bulk_suppress_profiles_jobs().data[0].id == suppressed.data.id
    assert [each.reason for each in _marketing(sdk, eva).suppression] == ["USER_SUPPRESSED"]
    lifted = own.bulk_unsuppress_profiles(addresses(UNSUPPRESS, eva))
    assert own.get_bulk_unsuppress_profiles_job(lifted.data.id).data.attributes.total_count == 1
    assert own.get_bulk_unsuppress_profiles_jobs(sort="-created").data[0].id == lifted.data.id
    own.bulk_unsubscribe_profiles(body(UNSUBSCRIBE, [withdrawn(eva)], wanted))
    own.bulk_unsubscribe_profiles(body(UNSUBSCRIBE, [withdrawn(eva)]))
    marketing = _marketing(sdk, eva)
    assert (marketing.consent, marketing.suppression[0].reason) == ("UNSUBSCRIBED", "UNSUBSCRIBE")
    assert marketing.list_suppressions[0].list_id == wanted
    sdk.Data_Privacy.request_profile_deletion(erasure(email=eva))
    assert own.get_profiles(filter=f'equals(email,"{eva}")').data == []


def _flows(sdk: Any, klaviyo: KlaviyoHandle, wanted: str) -> None:
    condition = {"type": "profile-group-membership", "is_member": True, "group_ids": [wanted]}
    definition = {"condition_groups": [{"conditions": [condition]}]}
    segment = klaviyo.add_segment("Fans", definition, profile_count=2)
    flow = klaviyo.add_flow("Welcome", trigger={"type": "segment", "id": segment})
    (found,) = sdk.Flows.get_flows(filter='equals(status,"live")', include=["flow-actions"]).data
    assert (found.id, found.attributes.trigger_type) == (flow, "Added to List")
    read = sdk.Flows.get_flow(flow, additional_fields_flow=["definition"])
    assert read.data.attributes.definition.triggers == [{"type": "segment", "id": segment}]
    (listed,) = sdk.Segments.get_segments(include=["flow-triggers"]).data
    assert listed.attributes.name == "Fans"
    whole = sdk.Segments.get_segment(segment, additional_fields_segment=["profile_count"])
    assert whole.data.attributes.profile_count == 2
    assert whole.data.attributes.definition.condition_groups[0].conditions
    klaviyo.join_segment(segment, [str(ANA["email"])])
    (member,) = sdk.Segments.get_profiles_for_segment(segment).data
    assert member.attributes.email == ANA["email"]
    assert sdk.Segments.get_profile_ids_for_segment(segment).data[0].id == member.id
    (action,) = sdk.Flows.get_actions_for_flow(flow).data
    assert sdk.Flows.get_flow_action(action.id, include=["flow"]).data.id == action.id
    (message,) = sdk.Flows.get_flow_action_messages(action.id).data
    assert sdk.Flows.get_flow_message(message.id).data.attributes.channel == "Email"


def _campaigns(sdk: Any, klaviyo: KlaviyoHandle, wanted: str) -> None:
    sent = klaviyo.send_campaign("Cartel", lists=[wanted], subject="¡Ya está aquí!")
    channel = "equals(messages.channel,'email')"
    (found,) = sdk.Campaigns.get_campaigns(channel, include=["campaign-messages"]).data
    assert (found.id, found.attributes.status) == (sent["id"], "Sent")
    assert sdk.Campaigns.get_campaign(sent["id"]).data.attributes.name == "Cartel"
    (message,) = sdk.Campaigns.get_messages_for_campaign(sent["id"]).data
    assert message.id == sent["message"]
    read = sdk.Campaigns.get_campaign_message(message.id, include=["campaign"]).data
    assert read.attributes.definition["content"]["subject"] == "¡Ya está aquí!"


def test_the_sdk_reads_and_writes_every_operation(sdk: Any, klaviyo: KlaviyoHandle) -> None:
    """Each answer becomes the model that the vendor declares for it."""
    (account,) = sdk.Accounts.get_accounts().data
    assert sdk.Accounts.get_account(account.id).data.attributes.timezone == "Europe/Madrid"
    new = {"data": {"type": "list", "attributes": {"name": "Fans"}}}
    wanted = sdk.Lists.create_list(new).data.id
    _jobs(sdk, wanted, klaviyo)
    profile = _profiles(sdk)
    _events(sdk)
    _lists(sdk, wanted, profile)
    _consents(sdk)
    _flows(sdk, klaviyo, wanted)
    _campaigns(sdk, klaviyo, wanted)
    report_bodies.read_by(sdk, klaviyo)
    requests = klaviyo.requests()
    assert {each["operation"] for each in requests} == OPERATIONS.keys()
    assert {each["status"] for each in requests} == {200, 201, 202, 204}


def test_the_sdk_follows_pages_to_the_end(sdk: Any) -> None:
    """By handing the whole link back as cursor."""
    for number in range(23):
        sdk.Profiles.create_or_update_profile(_profile({"email": f"fan{number}@nevent-demo.es"}))
    seen, cursor = 0, None
    while True:
        page = sdk.Profiles.get_profiles(page_size=10, page_cursor=cursor)
        seen += len(page.data)
        cursor = page.links.next
        if cursor is None:
            break
    assert seen == 23


@pytest.mark.parametrize("status", [429, 503])
def test_the_sdk_retries_what_passes(sdk: Any, klaviyo: KlaviyoHandle, status: int) -> None:
    """It waits for as many seconds as it is told."""
    klaviyo.refuse("GET /accounts", status=status)
    begun = time.perf_counter()
    assert sdk.Accounts.get_accounts().data
    assert time.perf_counter() - begun < 30
    assert [each["status"] for each in klaviyo.requests()] == [status, 200]


def test_the_sdk_raises_what_does_not_pass(sdk: Any) -> None:
    """With the body of the refusal."""
    with pytest.raises(ApiException) as refusal:
        sdk.Profiles.create_or_update_profile(_profile({"email": "ana"}))
    assert refusal.value.status == 400
    assert "Invalid email address" in str(refusal.value.body)


def test_the_sdk_finds_whom_a_conflict_names(sdk: Any) -> None:
    """409 with the id of the other profile."""
    known = sdk.Profiles.create_profile(_profile(ANA)).data.id
    with pytest.raises(ApiException) as refusal:
        sdk.Profiles.create_profile(_profile(ANA))
    assert refusal.value.status == 409
    assert known in str(refusal.value.body)
