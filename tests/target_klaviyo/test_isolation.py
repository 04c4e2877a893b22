"""Malformed addresses among ten thousand: each rejected, nobody else touched, requests counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from singer_messages import Message, Run, record, schema, state
from target_klaviyo import imports, shipments

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from nevent_sandbox.handles import KlaviyoHandle

    Load = Callable[..., Run]

IMPORT = "POST /profile-bulk-import-jobs"
PEOPLE = 10_000
PROFILES = schema("profiles", "email", "first_name", keys=("first_name",))
PLAINLY_WRONG = "ana@@nevent-demo.es"
CLUSTERED, SPREAD = "side by side", "far apart"


def _audience(number: int = PEOPLE, *, wrong: Collection[int] = ()) -> list[Message]:
    """So many people; those of these numbers with what is no address at first sight."""
    people = [
        record(
            "profiles",
            email=PLAINLY_WRONG if index in wrong else _address(index),
            first_name=f"Fan {index}",
        )
        for index in range(number)
    ]
    return [PROFILES, *people, state({"done": number})]


def _address(index: int) -> str:
    return f"fan{index}@nevent-demo.es"


def _settled(run: Run, *, written: int) -> None:
    """Everybody else is written, the state is told, and no reject is there twice."""
    assert run.summary["streams"]["profiles"]["written"] == written
    assert len(run.states) == 1
    keys = [reject["key"] for reject in run.rejects]
    assert len(keys) == len(set(keys)) == run.summary["streams"]["profiles"]["rejected"]


def test_one_plainly_malformed_address_among_ten_thousand_costs_no_request(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """Caught before anything is sent, with its column."""
    run = load(_audience(wrong=[4711]))
    _settled(run, written=9_999)
    (reject,) = run.rejects
    assert (reject["key"], reject["column"]) == ("Fan 4711", "email")
    assert reject["reason"] == "email is not an address"
    assert [request["items"] for request in klaviyo.requests(IMPORT)] == [9_999]


@pytest.mark.parametrize("pointers", ["all", "first"])
def test_one_address_that_only_klaviyo_takes_for_malformed_costs_one_request(
    load: Load, klaviyo: KlaviyoHandle, pointers: str
) -> None:
    """The request is refused whole, with a pointer to the row; the others are sent again."""
    klaviyo.knobs(pointers=pointers)
    klaviyo.malformed([_address(4711)], times=None)
    run = load(_audience())
    _settled(run, written=9_999)
    (reject,) = run.rejects
    assert reject["key"] == "Fan 4711"
    assert reject["pointer"] == "/data/attributes/profiles/data/4711/attributes/email"
    assert [request["items"] for request in klaviyo.requests(IMPORT)] == [10_000, 9_999]
    assert len(klaviyo.profiles()) == 9_999


def test_one_that_is_not_named_is_found_by_halving(load: Load, klaviyo: KlaviyoHandle) -> None:
    """A refusal without a pointer: two requests for each time that ten thousand can be halved."""
    klaviyo.knobs(pointers="none")
    klaviyo.malformed([_address(4711)], times=None)
    run = load(_audience())
    _settled(run, written=9_999)
    assert [reject["key"] for reject in run.rejects] == ["Fan 4711"]
    assert len(klaviyo.requests(IMPORT)) <= 2 * 14 + 1


def test_three_hundred_plainly_malformed_ones_cost_no_request(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """As one."""
    run = load(_audience(wrong=range(0, 9_000, 30)), max_rejects=300)
    _settled(run, written=9_700)
    assert len(run.rejects) == 300
    assert [request["items"] for request in klaviyo.requests(IMPORT)] == [9_700]


@pytest.mark.parametrize("where", [CLUSTERED, SPREAD])
def test_three_hundred_that_one_refusal_names_cost_one_request(
    load: Load, klaviyo: KlaviyoHandle, where: str
) -> None:
    """All of them are taken out at once."""
    bad = _three_hundred(where)
    klaviyo.malformed([*map(_address, bad)], times=None)
    run = load(_audience(), max_rejects=300)
    _settled(run, written=9_700)
    assert {reject["key"] for reject in run.rejects} == {f"Fan {index}" for index in bad}
    assert [request["items"] for request in klaviyo.requests(IMPORT)] == [10_000, 9_700]


@pytest.mark.parametrize("where", [CLUSTERED, SPREAD])
@pytest.mark.parametrize(("pointers", "each"), [("first", 1), ("none", 2 * 10)])
def test_a_hundred_named_one_by_one_or_not_at_all_are_all_found(
    load: Load, klaviyo: KlaviyoHandle, hurried: None, where: str, pointers: str, each: int
) -> None:
    """Nobody else of a thousand is lost for them; at most so many requests for each."""
    del hurried
    klaviyo.knobs(pointers=pointers)
    bad = range(100) if where == CLUSTERED else range(0, 1_000, 10)
    klaviyo.malformed([*map(_address, bad)], times=None)
    run = load(_audience(1_000), max_rejects=100)
    _settled(run, written=900)
    assert {reject["key"] for reject in run.rejects} == {f"Fan {index}" for index in bad}
    assert len(klaviyo.requests(IMPORT)) <= each * 100 + 1


def _three_hundred(where: str) -> range:
    return range(300) if where == CLUSTERED else range(0, 9_000, 30)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests leave as fast as they are answered: the sandbox limits none here."""
    operation = shipments.PROFILES.operation._replace(burst=10_000, steady=100_000)
    monkeypatch.setattr(imports, "PROFILES", shipments.PROFILES._replace(operation=operation))
