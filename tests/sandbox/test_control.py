"""The control plane of the Klaviyo side: log, faults, state, reset."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from nevent_sandbox import Sandbox
    from nevent_sandbox.handles import KlaviyoHandle

Api = Any
Document = dict[str, Any]
IMPORT = "POST /profile-bulk-import-jobs"


def test_the_log_tells_each_request_in_order(api: Api, klaviyo: KlaviyoHandle) -> None:
    """Method, path with query, operation, status, items, bytes, time."""
    api.load({"email": "ana@nevent-demo.es"}, {"email": "eva@nevent-demo.es"})
    api.get("/profiles", page_size=1)
    api.get("/profiles/nobody")
    write, read, missing = klaviyo.requests()
    assert write["operation"] == "POST /api/profile-bulk-import-jobs"
    assert (write["n"], write["status"], write["items"]) == (1, 202, 2)
    assert write["bytes"] > 100
    assert (read["path"], read["items"]) == ("/api/profiles?page%5Bsize%5D=1", 1)
    assert (missing["operation"], missing["status"]) == ("GET /api/profiles/{id}", 404)
    assert "body" not in write


def test_the_log_keeps_bodies_for_who_asks(api: Api, klaviyo: KlaviyoHandle) -> None:
    """Parsed; a refused one too."""
    klaviyo.refuse("POST /profile-import")
    api.upsert({"email": "ana@nevent-demo.es"})
    (request,) = klaviyo.requests("POST /profile-import", bodies=True)
    assert request["body"]["data"]["attributes"] == {"email": "ana@nevent-demo.es"}
    assert (request["status"], request["items"]) == (503, None)


def test_the_log_can_be_read_from_a_number_and_cleared(api: Api, klaviyo: KlaviyoHandle) -> None:
    """For long runs."""
    for _ in range(3):
        api.get("/accounts")
    told = httpx.get(f"{klaviyo.url}/_sandbox/requests?since=2").json()["requests"]
    assert [each["n"] for each in told] == [3]
    klaviyo.clear_requests()
    assert klaviyo.requests() == []


@pytest.mark.parametrize(("status", "code"), [(429, "throttled"), (503, "service_unavailable")])
def test_a_refusal_strikes_so_many_times(
    api: Api, klaviyo: KlaviyoHandle, status: int, code: str
) -> None:
    """In the vendor's form, then all is well."""
    klaviyo.refuse("GET /accounts", status=status, times=2, retry_after=7)
    answers = [api.get("/accounts") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [status, status, 200]
    assert answers[0].json()["errors"][0]["code"] == code
    assert answers[0].headers["Retry-After"] == "7"


def test_a_fault_without_end_lasts_until_lifted(api: Api, klaviyo: KlaviyoHandle) -> None:
    """For any operation with `*`."""
    klaviyo.refuse("*", status=500, times=None)
    assert [api.get(path).status_code for path in ("/accounts", "/lists")] == [500, 500]
    klaviyo.clear_faults()
    assert api.get("/accounts").status_code == 200


def test_a_fault_without_end_stays_where_only_the_counted_are_lifted(
    api: Api, klaviyo: KlaviyoHandle
) -> None:
    """Nothing slips through in between."""
    klaviyo.refuse("GET /lists", status=500, times=None)
    klaviyo.refuse("GET /accounts", times=3)
    klaviyo.clear_faults(lasting=False)
    assert [api.get(path).status_code for path in ("/accounts", "/lists")] == [200, 500]


def test_a_fault_leaves_other_operations_alone(api: Api, klaviyo: KlaviyoHandle) -> None:
    """The template decides, not the prefix."""
    klaviyo.refuse("GET /lists/{id}")
    assert api.get("/lists").status_code == 200
    assert api.get("/lists/any").status_code == 503


@pytest.mark.parametrize(("after", "written"), [(False, 0), (True, 1)])
def test_a_connection_is_cut_before_or_after_the_work(
    api: Api, klaviyo: KlaviyoHandle, *, after: bool, written: int
) -> None:
    """Without a byte of answer."""
    klaviyo.drop(IMPORT, after=after)
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        api.load({"email": "ana@nevent-demo.es"})
    assert klaviyo.counts()["profiles"] == written
    assert klaviyo.requests()[0]["status"] is None


def test_a_challenge_is_a_web_page(api: Api, klaviyo: KlaviyoHandle) -> None:
    """403, and no word about the key."""
    klaviyo.challenge("GET /accounts")
    answer = api.get("/accounts")
    assert answer.status_code == 403
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cf-mitigated"] == "challenge"


def test_an_answer_can_be_late(api: Api, klaviyo: KlaviyoHandle) -> None:
    """By so many seconds."""
    klaviyo.delay("GET /accounts", 0.05)
    assert api.get("/accounts").elapsed.total_seconds() >= 0.05
    assert klaviyo.requests()[0]["ms"] >= 50


def test_a_late_answer_does_not_outlive_a_reset(api: Api, klaviyo: KlaviyoHandle) -> None:
    """Nor is it noted: whoever asked is of another test."""
    klaviyo.delay(IMPORT, 0.3)
    with ThreadPoolExecutor() as pool:
        asked = pool.submit(api.load, {"email": "ana@nevent-demo.es"})
        while klaviyo.faults():
            pass
        klaviyo.reset()
        api.get("/accounts")
        with pytest.raises(httpx.RemoteProtocolError):
            asked.result()
    assert klaviyo.counts()["profiles"] == 0
    assert [each["operation"] for each in klaviyo.requests()] == ["GET /api/accounts"]


def test_faults_and_knobs_refuse_what_they_do_not_know(klaviyo: KlaviyoHandle) -> None:
    """A misspelt order would be no order."""
    with pytest.raises(ValueError, match="explode"):
        klaviyo._order("*", "explode")  # noqa: SLF001  # an order that no method makes
    with pytest.raises(ValueError, match="job_second"):
        klaviyo.knobs(job_second=1)


def test_the_state_tells_everything(api: Api, klaviyo: KlaviyoHandle) -> None:
    """Or a part of one kind."""
    wanted = api.new_list()
    api.load(*({"email": f"fan{n}@nevent-demo.es"} for n in range(3)), lists=(wanted,))
    api.event("fan1@nevent-demo.es")
    state = httpx.get(f"{klaviyo.url}/_sandbox/state").json()
    assert {name: len(state[name]) for name in ("profiles", "events", "lists", "metrics")} == {
        "profiles": 3,
        "events": 1,
        "lists": 1,
        "metrics": 1,
    }
    assert state["account"]["id"] == "NvSbx1"
    assert state["jobs"][0]["status"] == "complete"
    part = httpx.get(f"{klaviyo.url}/_sandbox/state?kind=profiles&offset=1&limit=1").json()
    assert [each["attributes"]["email"] for each in part["profiles"]] == ["fan1@nevent-demo.es"]


def test_a_reset_empties_all_of_one_side(api: Api, klaviyo: KlaviyoHandle) -> None:
    """Data, faults, knobs, log."""
    klaviyo.knobs(job_seconds=1000)
    api.load({"email": "ana@nevent-demo.es"})
    klaviyo.refuse("*", times=None)
    klaviyo.reset()
    assert set(klaviyo.counts().values()) == {0}
    assert klaviyo.requests() == []
    api.load({"email": "ana@nevent-demo.es"})
    assert klaviyo.counts()["profiles"] == 1


def test_the_clock_is_told_in_every_answer(api: Api, sandbox: Sandbox) -> None:
    """So that clients can tell times by it."""
    assert api.get("/accounts").headers["date"].endswith("GMT")
    assert sandbox.clock.now()
