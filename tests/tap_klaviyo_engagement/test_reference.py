"""Lists, segments, campaigns and flows."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from flow_definitions import VIP, all_of, new_list

if TYPE_CHECKING:
    from collections.abc import Callable

    from klaviyo_extraction import Output
    from nevent_sandbox import Sandbox
    from nevent_sandbox.handles import KlaviyoHandle

    Extract = Callable[..., Output]

ALL = ("lists", "segments", "campaigns", "flows")


def test_each_is_given_once_and_again_when_it_changed(
    extract: Extract, klaviyo: KlaviyoHandle, sandbox: Sandbox
) -> None:
    """By when it was last changed."""
    new_list(klaviyo, "News")
    klaviyo.add_segment("VIP", all_of([VIP]))
    klaviyo.add_campaign("Spring")
    klaviyo.add_flow("Thanks")
    first = extract(None, *ALL)
    assert {name: len(first.records[name]) for name in ALL} == dict.fromkeys(ALL, 1)
    sandbox.clock.advance(timedelta(days=1))
    klaviyo.add_campaign("Summer")
    second = extract(first.state, *ALL)
    assert [each["name"] for each in second.records["campaigns"]] == ["Summer"]
    assert not second.records["lists"] + second.records["segments"] + second.records["flows"]


def test_a_campaign_shows_its_messages_and_audiences(
    extract: Extract, klaviyo: KlaviyoHandle
) -> None:
    """Archived ones too, of every channel."""
    news, left_out = new_list(klaviyo, "News"), new_list(klaviyo, "Left out")
    made = klaviyo.add_campaign(
        "Spring", lists=[news], excluded=[left_out], archived=True, subject="Back!"
    )
    klaviyo.add_campaign("Text", channel="sms")
    found = {each["name"]: each for each in extract(None, "campaigns").records["campaigns"]}
    spring = found["Spring"]
    assert (spring["id"], spring["message_ids"]) == (made["id"], [made["message"]])
    assert spring["messages"][0]["subject"] == "Back!"
    assert (spring["included"], spring["excluded"]) == ([news], [left_out])
    assert (spring["archived"], spring["channel"]) == (True, "email")
    assert found["Text"]["channel"] == "sms"


def test_a_flow_shows_its_messages_in_order_with_their_delays(
    extract: Extract, klaviyo: KlaviyoHandle
) -> None:
    """The longest wait before each."""
    wait = {
        "temporary_id": "wait",
        "type": "time-delay",
        "links": {"next": "mail2"},
        "data": {"unit": "hours", "value": 5},
    }
    mails = [
        {
            "temporary_id": f"mail{each}",
            "type": "send-email",
            "links": {"next": "wait" if each == 1 else None},
            "data": {"message": {"name": f"Mail {each}"}, "status": "live"},
        }
        for each in (1, 2)
    ]
    klaviyo.add_flow("Thanks", actions=[mails[0], wait, mails[1]])
    [flow] = extract(None, "flows").records["flows"]
    assert [(m["name"], m["position"], m["delay_seconds_before"]) for m in flow["messages"]] == [
        ("Mail 1", 1, 0),
        ("Mail 2", 2, 5 * 3600),
    ]
    assert (flow["steps"], flow["longest_seconds"], flow["status"]) == (2, 5 * 3600, "live")
