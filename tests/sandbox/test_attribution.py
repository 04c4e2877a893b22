"""Which message an event is owed to, as `include=attributions` tells it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from nevent_sandbox.klaviyo import moments

if TYPE_CHECKING:
    from nevent_sandbox.handles import KlaviyoHandle

Api = Any
Document = dict[str, Any]
ANA, EVA = "ana@nevent-demo.es", "eva@nevent-demo.es"
DAY, HOUR = 86_400, 3_600
BOUGHT = int(time.time()) - HOUR


def _ago(seconds: float) -> str:
    """So long before the purchase."""
    return str(moments.told(BOUGHT - seconds))


@pytest.fixture
def campaigns(api: Api, klaviyo: KlaviyoHandle) -> list[Document]:
    """Two campaigns and Ana, who bought a ticket."""
    api.load({"email": ANA}, {"email": EVA})
    api.event(ANA, time=_ago(0), value=40.0, unique_id="t1")
    return [klaviyo.add_campaign(name) for name in ("Uno", "Dos")]


def _touched(klaviyo: KlaviyoHandle, *touches: Document) -> None:
    klaviyo.engage([{"email": ANA, **each} for each in touches])


def _purchases(api: Api, **query: Any) -> tuple[list[Document], dict[str, Document]]:
    metric = next(
        each["id"]
        for each in api.get("/metrics").json()["data"]
        if each["attributes"]["name"] == "Purchased Ticket"
    )
    filtered = f'equals(metric_id,"{metric}")'
    answer = api.get("/events", filter=filtered, include="attributions", **query).json()
    return answer["data"], {each["id"]: each for each in answer["included"]}


def _message(api: Api) -> str | None:
    """The message that Ana's purchase is owed to."""
    (bought,), included = _purchases(api)
    told = bought["relationships"]["attributions"]["data"]
    if not told:
        assert included == {}
        return None
    relationships = included[told[0]["id"]]["relationships"]
    assert relationships["event"]["data"]["id"] == bought["id"]
    message: str = relationships["campaign-message"]["data"]["id"]
    return message


def test_a_purchase_is_owed_to_the_message_opened_or_clicked_last(
    api: Api, klaviyo: KlaviyoHandle, campaigns: list[Document]
) -> None:
    """A click two days ago yields to another campaign's opening of yesterday."""
    one, two = campaigns
    _touched(
        klaviyo,
        {"what": "opened", "campaign": two["id"], "at": _ago(DAY)},
        {"what": "clicked", "campaign": one["id"], "at": _ago(2 * DAY)},
    )
    assert _message(api) == two["message"]


@pytest.mark.parametrize(("seconds", "owed"), [(5 * DAY - 1, True), (5 * DAY, False), (-1, False)])
def test_five_days_after_a_click_are_the_end(
    api: Api, klaviyo: KlaviyoHandle, campaigns: list[Document], seconds: int, *, owed: bool
) -> None:
    """To the second; and what was clicked after buying did not cause it."""
    one, _ = campaigns
    _touched(klaviyo, {"what": "clicked", "campaign": one["id"], "at": _ago(seconds)})
    assert _message(api) == (one["message"] if owed else None)


def test_a_click_in_the_second_of_the_purchase_counts(
    api: Api, klaviyo: KlaviyoHandle, campaigns: list[Document]
) -> None:
    """Moments are whole seconds. Of two in one second it is the one written later."""
    one, two = campaigns
    both = [{"what": "clicked", "campaign": each["id"], "at": _ago(0)} for each in (one, two)]
    _touched(klaviyo, *both)
    assert _message(api) == two["message"]


@pytest.mark.parametrize("what", ["received", "bounced", "unsubscribed"])
def test_nothing_else_earns_it(
    api: Api, klaviyo: KlaviyoHandle, campaigns: list[Document], what: str
) -> None:
    """Receiving a mail is not enough."""
    _touched(klaviyo, {"what": what, "campaign": campaigns[0]["id"], "at": _ago(HOUR)})
    assert _message(api) is None


def test_what_another_person_clicked_counts_for_nobody_else(
    api: Api, klaviyo: KlaviyoHandle, campaigns: list[Document]
) -> None:
    """Eva's click, Ana's purchase."""
    click = {"what": "clicked", "campaign": campaigns[0]["id"], "at": _ago(HOUR)}
    klaviyo.engage([{**click, "email": EVA}])
    assert _message(api) is None


def test_a_push_message_counts_for_a_day(
    api: Api, klaviyo: KlaviyoHandle, campaigns: list[Document]
) -> None:
    """Opened 25 hours ago it has no part; 23 hours ago it has."""
    assert campaigns
    push = klaviyo.add_campaign("Push", channel="mobile_push")
    _touched(klaviyo, {"what": "opened", "campaign": push["id"], "at": _ago(25 * HOUR)})
    assert _message(api) is None
    _touched(klaviyo, {"what": "opened", "campaign": push["id"], "at": _ago(23 * HOUR)})
    assert _message(api) == push["message"]


def test_a_click_that_nobody_sees_yet_earns_nothing_yet(
    api: Api, klaviyo: KlaviyoHandle, campaigns: list[Document]
) -> None:
    """Until its event is visible; then the same purchase is owed to it."""
    one, _ = campaigns
    click = {"what": "clicked", "campaign": one["id"], "at": _ago(HOUR), "visible_after": 60}
    _touched(klaviyo, click)
    assert _message(api) is None
    klaviyo.advance(hours=1)
    assert _message(api) == one["message"]


def test_a_flow_earns_it_too(api: Api, klaviyo: KlaviyoHandle, campaigns: list[Document]) -> None:
    """Attributed to flow and flow message, and to no campaign."""
    assert campaigns
    flow = klaviyo.add_flow("Bienvenida", trigger={"type": "list", "id": api.new_list()})
    _touched(klaviyo, {"what": "clicked", "flow": flow, "at": _ago(HOUR)})
    (bought,), included = _purchases(api)
    (attribution,) = included.values()
    (click,) = klaviyo.events("Clicked Email")
    told = {name: each["data"]["id"] for name, each in attribution["relationships"].items()}
    assert told == {
        "event": bought["id"],
        "attributed-event": click["id"],
        "flow": flow,
        "flow-message": click["properties"]["$message"],
    }
    assert "attributes" not in attribution


def test_events_of_klaviyos_own_are_owed_to_nothing(
    api: Api, klaviyo: KlaviyoHandle, campaigns: list[Document]
) -> None:
    """Opening twice is no conversion of the first opening; unasked, nothing is told at all."""
    opened = {"what": "opened", "campaign": campaigns[0]["id"]}
    _touched(klaviyo, {**opened, "at": _ago(HOUR)}, {**opened, "at": _ago(60)})
    answer = api.get("/events", include="attributions").json()
    owed = [each["relationships"]["attributions"]["data"] for each in answer["data"]]
    assert sorted(len(each) for each in owed) == [0, 0, 1]
    plain = api.get("/events").json()["data"]
    assert not any("data" in each["relationships"]["attributions"] for each in plain)


def test_one_event_is_read_with_its_attribution(
    api: Api, klaviyo: KlaviyoHandle, campaigns: list[Document]
) -> None:
    """The same as in the list."""
    _touched(klaviyo, {"what": "opened", "campaign": campaigns[0]["id"], "at": _ago(HOUR)})
    (bought,), included = _purchases(api)
    one = api.get(f"/events/{bought['id']}", include="attributions").json()
    assert one["data"]["relationships"]["attributions"]["data"][0]["id"] in included
    assert one["included"] == list(included.values())


def test_a_merged_profile_brings_its_clicks_along(
    api: Api, klaviyo: KlaviyoHandle, campaigns: list[Document]
) -> None:
    """Eva clicked, Ana bought; they turn out to be one person."""
    one, _ = campaigns
    click = {"what": "clicked", "campaign": one["id"], "at": _ago(HOUR)}
    klaviyo.engage([{**click, "email": EVA}])
    ana, eva = (klaviyo.profile(each) for each in (ANA, EVA))
    assert ana is not None
    assert eva is not None
    sources = {"profiles": {"data": [{"type": "profile", "id": eva["id"]}]}}
    merge = {"type": "profile-merge", "id": ana["id"], "relationships": sources}
    assert api.post("/profile-merge", {"data": merge}).status_code == 201
    assert _message(api) == one["message"]


def test_who_is_deleted_leaves_no_clicks_behind(
    api: Api, klaviyo: KlaviyoHandle, campaigns: list[Document]
) -> None:
    """Not even under the number of an event that comes later."""
    click = {"what": "clicked", "campaign": campaigns[0]["id"], "at": _ago(HOUR)}
    klaviyo.engage([{**click, "email": EVA}])
    person = {"data": {"type": "profile", "attributes": {"email": EVA}}}
    erasure = {"type": "data-privacy-deletion-job", "attributes": {"profile": person}}
    assert api.post("/data-privacy-deletion-jobs", {"data": erasure}).status_code == 202
    assert klaviyo.counts()["touches"] == 0
    klaviyo.engage([{**click, "email": ANA}])
    assert [each["email"] for each in klaviyo.touches()] == [ANA]
