"""Profiles found and sorted by their suppressions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from consent_bodies import SUPPRESS, addresses

if TYPE_CHECKING:
    from nevent_sandbox.handles import KlaviyoHandle

Api = Any
Document = dict[str, Any]
GLOBAL = "subscriptions.email.marketing.suppression"
BY_LIST = "subscriptions.email.marketing.list_suppressions"


def _fan(number: int) -> str:
    return f"fan{number}@nevent-demo.es"


def _day(number: int) -> str:
    return f"2026-01-{number:02}T12:00:00Z"


def _found(api: Api, **query: Any) -> list[str]:
    emails: list[str] = []
    answer = api.get("/profiles", page_size=2, **query)
    while True:
        assert answer.status_code == 200, answer.text
        page = answer.json()
        emails += [each["attributes"]["email"] for each in page["data"]]
        if page["links"]["next"] is None:
            return [email.partition("@")[0].removeprefix("fan") for email in emails]
        answer = api.http.get(page["links"]["next"])


def _opt_outs(klaviyo: KlaviyoHandle) -> None:
    """Fans 1 to 9 are known; each opted out on the day 10 - n, 3 and 6 by complaint, 9 not."""
    for number in range(1, 10):
        klaviyo.subscribe(_fan(number), at=_day(1))
    for number in range(1, 9):
        deed = klaviyo.complain if number % 3 == 0 else klaviyo.unsubscribe
        deed(_fan(number), at=_day(10 - number))


def test_opt_outs_are_found_by_reason_and_time(api: Api, klaviyo: KlaviyoHandle) -> None:
    """Each condition alone and together, in order of creation, over pages."""
    _opt_outs(klaviyo)
    assert _found(api, filter=f'equals({GLOBAL}.reason,"SPAM_COMPLAINT")') == ["3", "6"]
    after, before = f"greater-than({GLOBAL}.timestamp,{_day(5)})", _day(8)
    assert _found(api, filter=after) == ["1", "2", "3", "4"]
    assert _found(api, filter=f"{after},less-or-equal({GLOBAL}.timestamp,{before})") == list("234")
    reason = f'equals({GLOBAL}.reason,"UNSUBSCRIBE")'
    assert _found(api, filter=f"and({after},{reason})") == ["1", "2", "4"]
    assert _found(api, filter=f'{reason},equals(email,"{_fan(5)}")') == ["5"]


def test_opt_outs_are_sorted_by_their_time_both_ways(api: Api, klaviyo: KlaviyoHandle) -> None:
    """Over pages; who has none is not among them."""
    _opt_outs(klaviyo)
    assert _found(api, sort=f"{GLOBAL}.timestamp") == list("87654321")
    assert _found(api, sort=f"-{GLOBAL}.timestamp") == list("12345678")
    reason = f'equals({GLOBAL}.reason,"UNSUBSCRIBE")'
    assert _found(api, sort=f"{GLOBAL}.timestamp", filter=reason) == list("875421")
    assert _found(api, sort="-email", filter=reason) == list("875421")
    assert _found(api, sort=f"-{BY_LIST}.timestamp") == []


def test_a_page_of_opt_outs_can_be_turned_back(api: Api, klaviyo: KlaviyoHandle) -> None:
    """`prev` of the second page is the first."""
    _opt_outs(klaviyo)
    first = api.get("/profiles", page_size=3, sort=f"{GLOBAL}.timestamp").json()
    second = api.http.get(first["links"]["next"]).json()
    again = api.http.get(second["links"]["prev"]).json()
    assert [each["id"] for each in again["data"]] == [each["id"] for each in first["data"]]


def test_somebody_with_two_suppressions_is_found_once(api: Api, klaviyo: KlaviyoHandle) -> None:
    """By each of them, and all conditions must hold of one and the same."""
    klaviyo.subscribe(_fan(1), at=_day(1))
    klaviyo.unsubscribe(_fan(1), at=_day(2))
    klaviyo.bounce(_fan(1), at=_day(4))
    assert _found(api, sort=f"{GLOBAL}.timestamp") == ["1"]
    assert _found(api, filter=f"greater-than({GLOBAL}.timestamp,{_day(1)})") == ["1"]
    late = f"greater-than({GLOBAL}.timestamp,{_day(3)})"
    assert _found(api, filter=late, sort=f"-{GLOBAL}.timestamp") == ["1"]
    assert _found(api, filter=f'{late},equals({GLOBAL}.reason,"HARD_BOUNCE")') == ["1"]
    assert _found(api, filter=f'{late},equals({GLOBAL}.reason,"UNSUBSCRIBE")') == []


def test_opt_outs_of_a_list_are_found_by_list_reason_and_time(
    api: Api, klaviyo: KlaviyoHandle
) -> None:
    """And together with global ones."""
    lists = [api.new_list(name) for name in "ab"]
    for number in range(1, 5):
        for each in lists:
            klaviyo.subscribe(_fan(number), list_id=each, at=_day(1))
        klaviyo.unsubscribe(_fan(number), list_id=lists[number % 2], at=_day(10 - number))
    klaviyo.unsubscribe(_fan(3), list_id=lists[0], at=_day(20))
    of_list = f'equals({BY_LIST}.list_id,"{lists[1]}")'
    assert _found(api, filter=of_list) == ["1", "3"]
    assert _found(api, filter=of_list, sort=f"{BY_LIST}.timestamp") == ["3", "1"]
    assert _found(api, sort=f"-{BY_LIST}.timestamp") == ["1", "2", "3", "4"]
    late = f"greater-or-equal({BY_LIST}.timestamp,{_day(8)})"
    assert _found(api, filter=f'{late},equals({BY_LIST}.reason,"UNSUBSCRIBE")') == ["1", "2", "3"]
    api.change(addresses(SUPPRESS, _fan(3)))
    both = f'{of_list},equals({GLOBAL}.reason,"USER_SUPPRESSED")'
    assert _found(api, filter=both) == ["3"]


@pytest.mark.parametrize(
    "text",
    [
        f"equals({GLOBAL}.timestamp,2026-01-01)",
        f"greater-than({GLOBAL}.timestamp,yesterday)",
        f"greater-than({GLOBAL}.timestamp,2090-01-01)",
        f'any({GLOBAL}.reason,["UNSUBSCRIBE"])',
        f'equals({GLOBAL}.list_id,"x")',
    ],
)
def test_a_filter_that_the_vendor_lacks_is_refused(api: Api, text: str) -> None:
    """Operator, field, value."""
    answer = api.get("/profiles", filter=text)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["source"] == {"parameter": "filter"}


def test_only_the_wanted_fields_of_a_suppression_are_told(api: Api, klaviyo: KlaviyoHandle) -> None:
    """As a reader of opt-outs asks for them."""
    klaviyo.subscribe(_fan(1), at=_day(1))
    klaviyo.unsubscribe(_fan(1), at=_day(2))
    marketing = "subscriptions.email.marketing"
    query = {
        "additional-fields[profile]": "subscriptions",
        "fields[profile]": f"email,{marketing}.consent,{marketing}.suppression",
    }
    (profile,) = api.get("/profiles", **query).json()["data"]
    suppression = {"reason": "UNSUBSCRIBE", "timestamp": "2026-01-02T12:00:00+00:00"}
    told = {"consent": "UNSUBSCRIBED", "suppression": [suppression]}
    assert profile["attributes"] == {
        "email": _fan(1),
        "subscriptions": {"email": {"marketing": told}},
    }
