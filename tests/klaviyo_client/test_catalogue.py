"""Names behind ids, read from an account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from flow_definitions import VIP, all_of, new_list
from klaviyo_client import ForbiddenError
from klaviyo_client.catalogue import Catalogue

if TYPE_CHECKING:
    from collections.abc import Callable

    from klaviyo_client import KlaviyoSession
    from nevent_sandbox.handles import KlaviyoHandle

    Connect = Callable[..., KlaviyoSession]


def mail(name: str, following: str | None = None) -> dict[str, Any]:
    """A flow's action that sends a mail."""
    message = {"name": name, "subject_line": f"{name}!", "from_email": "hola@nevent-demo.es"}
    return {
        "temporary_id": name,
        "type": "send-email",
        "links": {"next": following},
        "data": {"message": message, "status": "live"},
    }


def delay(name: str, following: str, days: int) -> dict[str, Any]:
    """A flow's action that waits."""
    return {
        "temporary_id": name,
        "type": "time-delay",
        "links": {"next": following},
        "data": {"unit": "days", "value": days},
    }


def test_flows_are_read_with_their_delays_in_two_requests(
    session: KlaviyoSession, klaviyo: KlaviyoHandle
) -> None:
    """Archived ones too, and however many there are up to fifty."""
    actions = [mail("one", "wait"), delay("wait", "two", 2), mail("two")]
    live = [klaviyo.add_flow(f"Thanks {each}", actions=actions) for each in range(2)]
    old = klaviyo.add_flow("Old", archived=True)
    klaviyo.clear_requests()
    flows = Catalogue(session).flows
    assert set(flows) == {*live, old}
    assert len(klaviyo.requests("GET /flows")) == 2
    assert not klaviyo.requests("GET /flows/{id}")
    thanks = flows[live[0]]
    assert (thanks.live, flows[old].live) == (True, False)
    assert thanks.graph.longest.days == 2


def test_lists_and_segments_are_read_to_the_last_page_once(
    session: KlaviyoSession, klaviyo: KlaviyoHandle
) -> None:
    """Klaviyo gives ten at a time."""
    lists = [new_list(klaviyo, f"List {each:02}") for each in range(11)]
    segment = klaviyo.add_segment("VIP", all_of([VIP]))
    catalogue = Catalogue(session)
    assert set(catalogue.lists) == set(lists)
    found = [catalogue.group(each) for each in (lists[10], segment)]
    assert [each.name if each else None for each in found] == ["List 10", "VIP"]
    klaviyo.clear_requests()
    assert catalogue.group("nobody") is None
    assert klaviyo.requests() == []


def test_messages_of_flows_are_known_without_a_request_each(
    session: KlaviyoSession, klaviyo: KlaviyoHandle
) -> None:
    """By their ids; one that was taken out still tells its flow."""
    flow = klaviyo.add_flow("Thanks", actions=[mail("one", "two"), mail("two")])
    catalogue = Catalogue(session)
    klaviyo.clear_requests()
    first, second = catalogue.flows[flow].graph.messages
    found = catalogue.message(second.id, flow)
    assert found
    assert (found.name, found.subject, found.flow_name) == ("two", "two!", "Thanks")
    assert (first.position, second.position) == (1, 2)
    gone = catalogue.message("gone", flow)
    assert gone
    assert (gone.flow_name, gone.name) == ("Thanks", None)
    assert {each["operation"] for each in klaviyo.requests()} == {"GET /api/flows"}


def test_campaigns_of_every_channel_are_read_archived_or_not(
    session: KlaviyoSession, klaviyo: KlaviyoHandle
) -> None:
    """With their messages; Klaviyo leaves archived ones out unless asked."""
    news = new_list(klaviyo, "News")
    made = {
        (channel, archived): klaviyo.add_campaign(
            f"{channel} {archived}", channel=channel, archived=archived, lists=[news]
        )
        for channel in ("email", "sms", "mobile_push")
        for archived in (False, True)
    }
    catalogue = Catalogue(session)
    found = catalogue.campaigns
    assert set(found) == {each["id"] for each in made.values()}
    archived_text = found[made["sms", True]["id"]]
    assert (archived_text.channel, archived_text.archived) == ("sms", True)
    assert archived_text.included == (news,)
    push = catalogue.message(made["mobile_push", False]["message"])
    assert push
    assert (push.channel, push.campaign_name) == ("push", "mobile_push False")
    assert (push.campaign_id, push.flow_id) == (made["mobile_push", False]["id"], None)


def test_more_campaigns_than_a_page_are_all_read(
    session: KlaviyoSession, klaviyo: KlaviyoHandle
) -> None:
    """A hundred come at a time."""
    made = {klaviyo.add_campaign(f"Campaign {each}")["id"] for each in range(101)}
    assert set(Catalogue(session).campaigns) == made
    assert len(klaviyo.requests("GET /campaigns")) == 7


def test_without_a_scope_names_stay_unknown_and_a_note_says_so(
    connect: Connect, klaviyo: KlaviyoHandle
) -> None:
    """One kind that may not be read stops no other."""
    flow = klaviyo.add_flow("Thanks")
    listed = new_list(klaviyo, "News")
    catalogue = Catalogue(connect("pk_sandbox_no_flows"))
    assert catalogue.message("m", flow) is None
    with pytest.raises(ForbiddenError):
        _ = catalogue.flows
    assert set(catalogue.lists) == {listed}
    assert set(catalogue.notes) == {"flows"}
    assert "flows:read" in catalogue.notes["flows"]
