"""Reading with filters, sorts, pages, sparse fields: what other people's clients do."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from nevent_sandbox import Sandbox
    from nevent_sandbox.handles import KlaviyoHandle

Api = Any
Document = dict[str, Any]


def _emails(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [each["attributes"]["email"].split("@")[0] for each in answer.json()["data"]]


@pytest.fixture
def fans(api: Api) -> Api:
    """25 people."""
    api.load(*({"email": f"fan{n:02}@nevent-demo.es", "external_id": f"n{n}"} for n in range(25)))
    return api


def test_pages_follow_each_other_to_the_end_and_back(fans: Api, klaviyo: KlaviyoHandle) -> None:
    """On the host that was called; nobody twice, nobody missing."""
    page = fans.get("/profiles", page_size=10, sort="email").json()
    seen, firsts = [], [page]
    while page["links"]["next"]:
        assert page["links"]["next"].startswith(klaviyo.url)
        page = fans.http.get(page["links"]["next"].removeprefix(f"{klaviyo.url}/api")).json()
        firsts.append(page)
    for each in firsts:
        seen += [profile["attributes"]["email"] for profile in each["data"]]
    assert seen == [f"fan{n:02}@nevent-demo.es" for n in range(25)]
    back = fans.http.get(page["links"]["prev"].removeprefix(f"{klaviyo.url}/api")).json()
    assert back["data"] == firsts[1]["data"]
    assert firsts[0]["links"]["prev"] is None


def test_pages_stand_still_while_people_are_added(fans: Api, klaviyo: KlaviyoHandle) -> None:
    """A cursor is a place, not a number."""
    page = fans.get("/profiles", page_size=10, sort="email").json()
    fans.load({"email": "aaa@nevent-demo.es"})
    after = fans.http.get(page["links"]["next"].removeprefix(f"{klaviyo.url}/api"))
    assert _emails(after)[0] == "fan10"


@pytest.mark.parametrize("form", ["{cursor}", "={cursor}", "{link}"])
def test_a_cursor_is_taken_as_the_vendors_sdk_sends_it(fans: Api, form: str) -> None:
    """Bare, with a leading equals sign, or the whole link."""
    link = fans.get("/profiles", page_size=10).json()["links"]["next"]
    cursor = dict(fans.http.build_request("GET", link).url.params)["page[cursor]"]
    sent = form.format(cursor=cursor, link=link)
    assert _emails(fans.get("/profiles", page_size=10, page_cursor=sent))[0] == "fan10"


@pytest.mark.parametrize(
    ("params", "parameter"),
    [
        ({"page[size]": "101"}, "page[size]"),
        ({"page[size]": "0"}, "page[size]"),
        ({"page[size]": "x"}, "page[size]"),
        ({"page[cursor]": "%%"}, "page[cursor]"),
        ({"page[number]": "2"}, "page[number]"),
        ({"sort": "first_name"}, "sort"),
        ({"include": "lists"}, "include"),
        ({"fields[profile]": "nickname"}, "fields[profile]"),
        ({"fields[list]": "name"}, "fields[list]"),
        ({"additional-fields[profile]": "consent"}, "additional-fields[profile]"),
        ({"filter": "equals(first_name,'x')"}, "filter"),
        ({"filter": "greater-or-equal(updated,2026-01-01)"}, "filter"),
        ({"filter": "contains(email,'x')"}, "filter"),
        ({"filter": "equals(email,'x'"}, "filter"),
        ({"filter": "or(equals(email,'x'),equals(email,'y'))"}, "filter"),
        ({"filter": "greater-than(updated,yesterday)"}, "filter"),
        ({"filter": "any(email,'x')"}, "filter"),
        ({"filter": "any(email,[['x']])"}, "filter"),
        ({"filter": "greater-than(updated,null)"}, "filter"),
        ({"filter": "and(" * 3000}, "filter"),
        ({"filter": "greater-than(updated,2999-01-01)"}, "filter"),
    ],
)
def test_a_wrong_parameter_is_400_and_named(
    api: Api, params: dict[str, str], parameter: str
) -> None:
    """Maxima, unknown names, broken filters, times in the future."""
    answer = api.get("/profiles", **params)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["source"] == {"parameter": parameter}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('equals(email,"fan03@nevent-demo.es")', ["fan03"]),
        ("equals(email,'fan03@nevent-demo.es')", ["fan03"]),
        ('any(email,["fan03@nevent-demo.es", "fan04@nevent-demo.es","x"])', ["fan03", "fan04"]),
        ('equals(external_id,"n3"),any(email,["fan03@nevent-demo.es"])', ["fan03"]),
        ('and(equals(external_id,"n3"),equals(email,"fan03@nevent-demo.es"))', ["fan03"]),
        ('equals(external_id,"n3"),equals(external_id,"n4")', []),
        ('equals(external_id,"n\\"3")', []),
        ('equals(subscriptions.email.marketing.suppression.reason,"HARD_BOUNCE")', []),
    ],
)
def test_filters_are_read_as_documented(fans: Api, text: str, wanted: list[str]) -> None:
    """Quotes, escapes, lists, commas and `and`."""
    assert _emails(fans.get("/profiles", filter=text)) == wanted


@pytest.mark.parametrize(
    "form",
    ["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S+00:00", "%Y-%m-%dT%H:%M:%S+0000", "%Y-%m-%d"],
)
@pytest.mark.parametrize("quote", ["", '"'])
def test_times_in_filters_take_many_forms(
    fans: Api, sandbox: Sandbox, form: str, quote: str
) -> None:
    """Z, offsets with and without colon, a date alone, quoted or not."""
    day_ago = (sandbox.clock.now() - timedelta(days=1)).strftime(form)
    found = fans.get("/profiles", filter=f"greater-than(updated,{quote}{day_ago}{quote})")
    assert len(found.json()["data"]) == 20


def test_a_plus_lost_on_the_way_is_found(fans: Api) -> None:
    """Clients that do not quote their query send a space."""
    url = "/profiles?filter=greater-than(updated,2020-01-01T00:00:00+00:00)"
    assert len(fans.http.get(url).json()["data"]) == 20


def test_sparse_fields_leave_the_rest_out(fans: Api) -> None:
    """Nested ones by their path."""
    asked = {
        "additional-fields[profile]": "subscriptions",
        "fields[profile]": "email,location.city,subscriptions.email.marketing.consent",
    }
    assert fans.get("/profiles", page_size=1, **asked).json()["data"][0]["attributes"] == {
        "email": "fan00@nevent-demo.es",
        "location": {"city": None},
        "subscriptions": {"email": {"marketing": {"consent": "NEVER_SUBSCRIBED"}}},
    }


def test_consent_and_predictions_must_be_asked_for(fans: Api) -> None:
    """They are no part of a plain profile."""
    plain = fans.get("/profiles", page_size=1).json()["data"][0]["attributes"]
    assert not {"subscriptions", "predictive_analytics"} & plain.keys()
    asked = {"additional-fields[profile]": "subscriptions,predictive_analytics"}
    more = fans.get("/profiles", page_size=1, **asked).json()["data"][0]["attributes"]
    assert {"subscriptions", "predictive_analytics"} <= more.keys()


def test_a_profile_is_read_with_its_lists(api: Api, klaviyo: KlaviyoHandle) -> None:
    """Included, and in the relationship."""
    wanted = api.new_list()
    api.load({"email": "ana@nevent-demo.es"}, lists=(wanted,))
    (profile,) = klaviyo.profiles()
    document = api.get(f"/profiles/{profile['id']}", include="lists").json()
    assert document["data"]["relationships"]["lists"]["data"] == [{"type": "list", "id": wanted}]
    assert [each["id"] for each in document["included"]] == [wanted]


def test_events_are_filtered_by_metric_person_and_time(api: Api, klaviyo: KlaviyoHandle) -> None:
    """And sorted by their time, whatever the order in which they came."""
    for day, who, metric in ((3, "ana", "A"), (1, "ana", "B"), (2, "eva", "A")):
        api.event(f"{who}@nevent-demo.es", time=f"2026-05-0{day}T00:00:00Z", metric=metric)
    ids = {metric["name"]: metric["id"] for metric in klaviyo.metrics()}
    ana = klaviyo.profile("ana@nevent-demo.es")
    assert ana is not None
    for text, days in (
        (f'equals(metric_id,"{ids["A"]}")', [2, 3]),
        (f'equals(metric_id,["{ids["A"]}","{ids["B"]}"])', [1, 2, 3]),
        (f'equals(profile_id,"{ana["id"]}")', [1, 3]),
        ("greater-or-equal(datetime,2026-05-02T00:00:00+00:00)", [2, 3]),
        ("greater-than(timestamp,1777680000),less-than(datetime,2026-05-03)", []),
        ("has(profile)", [1, 2, 3]),
    ):
        found = api.get("/events", filter=text, sort="datetime").json()["data"]
        assert [int(each["attributes"]["datetime"][8:10]) for each in found] == days


def test_events_come_200_a_page_and_a_thousand_at_most(api: Api) -> None:
    """The vendor's numbers."""
    api.events([api.entry(unique_id=str(n)) for n in range(205)])
    assert len(api.get("/events").json()["data"]) == 200
    assert len(api.get("/events", page_size=1000).json()["data"]) == 205
    assert api.get("/events", page_size=1001).status_code == 400
