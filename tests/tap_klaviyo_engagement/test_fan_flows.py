"""Where people stand in flows, while time passes."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from flow_definitions import new_list
from klaviyo_client import KlaviyoSession, Operation

if TYPE_CHECKING:
    from collections.abc import Callable

    from klaviyo_extraction import Output, Record
    from nevent_sandbox import Sandbox
    from nevent_sandbox.handles import KlaviyoHandle

    Extract = Callable[..., Output]

ANA, LUIS = "ana@nevent-demo.es", "luis@nevent-demo.es"
STREAM = "fan_flows"
EVENT = Operation("POST", "/api/events", 350, 3500, ("events:write",))


class Mails:
    """A live flow of three mails, the second after three days, the third after four more."""

    def __init__(self, klaviyo: KlaviyoHandle, sandbox: Sandbox, **more: Any) -> None:
        self._klaviyo, self._sandbox = klaviyo, sandbox
        names = ("one", "two", "three")
        actions = [_mail("one", "d1"), _wait("d1", "two", 3), _mail("two", "d2")]
        actions += [_wait("d2", "three", 4), _mail("three", None)]
        self.id = klaviyo.add_flow("Thanks", actions=actions, **more)
        [found] = [each for each in klaviyo.flows() if each["id"] == self.id]
        sent = [
            each["data"]["message"]
            for each in found["definition"]["actions"]
            if "message" in each["data"]
        ]
        self.messages = {each["name"]: each["id"] for each in sent}
        assert set(self.messages) == set(names)

    def send(self, name: str, to: str = ANA, at: datetime | None = None) -> None:
        """A mail of the flow reaches somebody, now or at a time."""
        properties = {"$flow": self.id, "$message": self.messages[name], "Campaign Name": name}
        profile = {"email": to, "external_id": f"fan-{to.partition('@')[0]}"}
        metric = {"name": "Received Email", "service": "Klaviyo"}
        attributes = {
            "time": (at or self._sandbox.clock.now()).isoformat(),
            "unique_id": f"{self.id}{name}{to}{at or self._sandbox.clock.now()}",
            "properties": properties,
            "profile": {"data": {"type": "profile", "attributes": profile}},
            "metric": {"data": {"type": "metric", "attributes": metric}},
        }
        session = KlaviyoSession("pk_sandbox_full", api_url=self._klaviyo.url)
        body = {"data": {"type": "event", "attributes": attributes}}
        session.post(EVENT, json.dumps(body).encode())
        session.close()


def _mail(name: str, following: str | None) -> dict[str, Any]:
    message = {"id": f"m-{name}", "name": name, "subject_line": name}
    return {
        "temporary_id": name,
        "type": "send-email",
        "links": {"next": following},
        "data": {"message": message, "status": "live"},
    }


def _wait(name: str, following: str, days: int) -> dict[str, Any]:
    return {
        "temporary_id": name,
        "type": "time-delay",
        "links": {"next": following},
        "data": {"unit": "days", "value": days},
    }


@pytest.fixture
def mails(klaviyo: KlaviyoHandle, sandbox: Sandbox) -> Mails:
    """A flow and what it sends."""
    return Mails(klaviyo, sandbox)


@pytest.fixture
def later(extract: Extract, sandbox: Sandbox) -> Callable[..., list[Record]]:
    """Lets time pass and runs the tap again; what it gives then.

    The look-back is shorter than the flow, so that what is older must be read for its own sake.
    """
    state: list[Record | None] = [None]

    def running(lookback: float = 0.5, **time: float) -> list[Record]:
        sandbox.clock.advance(timedelta(**time))
        output = extract(state[0], STREAM, lookback_days=lookback)
        state[0] = output.state
        return output.records[STREAM]

    return running


def stands(rows: list[Record]) -> list[tuple[str, int | None]]:
    """Status and step of each."""
    return [(each["status"], each["step"]) for each in rows]


def test_a_person_is_followed_from_the_first_mail_to_the_last(
    mails: Mails, later: Callable[..., list[Record]]
) -> None:
    """A row when something moves, none when nothing does."""
    assert later() == []
    mails.send("one")
    assert stands(later(hours=1)) == [("entered", 1)]
    assert later(hours=1) == []
    later(days=3)
    mails.send("two")
    [active] = later(hours=1)
    assert (active["status"], active["step"], active["steps"]) == ("active", 2, 3)
    assert active["entered_at"] < active["last_step_at"]
    later(days=4)
    mails.send("three")
    assert stands(later(hours=1)) == [("finished", 3)]
    assert later(days=30) == []


def test_a_row_names_fan_flow_and_message(
    mails: Mails, later: Callable[..., list[Record]], sandbox: Sandbox
) -> None:
    """With the basis of what it says."""
    mails.send("one")
    [row] = later()
    assert (row["external_id"], row["email"]) == ("fan-ana", ANA)
    assert (row["flow_id"], row["flow_name"], row["flow_status"]) == (mails.id, "Thanks", "live")
    assert row["last_message_id"] == mails.messages["one"]
    assert (row["last_message_name"], row["basis"]) == ("one", "last_mail_and_delays")
    assert datetime.fromisoformat(row["last_step_at"]) <= sandbox.clock.now()
    assert row["updated_at"] == row["last_step_at"]


def test_time_alone_finishes_who_left_in_the_middle(
    mails: Mails, later: Callable[..., list[Record]]
) -> None:
    """No mail comes any more; told once, dated when the last delay had passed."""
    mails.send("one")
    [entered] = later()
    assert later(days=6) == []
    [row] = later(days=3)
    assert stands([row]) == [("finished", 1)]
    passed = datetime.fromisoformat(row["updated_at"]) - datetime.fromisoformat(
        entered["last_step_at"]
    )
    assert passed == timedelta(days=7, hours=1)
    assert later(days=1) == []


def test_who_enters_again_begins_anew(mails: Mails, later: Callable[..., list[Record]]) -> None:
    """After having been through."""
    mails.send("one")
    assert stands(later(days=10)) == [("finished", 1)]
    mails.send("one")
    [again] = later(hours=1)
    assert stands([again]) == [("entered", 1)]
    assert again["entered_at"] == again["last_step_at"]


def test_a_mail_that_shows_days_late_moves_the_person_all_the_same(
    mails: Mails, later: Callable[..., list[Record]], sandbox: Sandbox
) -> None:
    """It is dated before the last run."""
    mails.send("one")
    later(days=5)
    mails.send("two", at=sandbox.clock.now() - timedelta(days=2))
    assert stands(later(lookback=3, hours=1)) == [("active", 2)]


def test_people_are_told_apart(mails: Mails, later: Callable[..., list[Record]]) -> None:
    """Each by their own mails."""
    mails.send("one")
    mails.send("one", LUIS)
    mails.send("two", LUIS)
    rows = {each["email"]: each["status"] for each in later()}
    assert rows == {ANA: "entered", LUIS: "active"}


def test_mails_of_campaigns_move_nobody(
    mails: Mails, later: Callable[..., list[Record]], klaviyo: KlaviyoHandle
) -> None:
    """They carry no flow."""
    mails.id = ""
    mails.send("one")
    assert klaviyo.events("Received Email")
    assert [each for each in later() if each["flow_id"]] == []


@pytest.mark.parametrize("more", [{"status": "draft"}, {"archived": True}])
def test_nobody_moves_in_a_flow_that_is_not_live(
    klaviyo: KlaviyoHandle, sandbox: Sandbox, later: Callable[..., list[Record]], more: Any
) -> None:
    """A draft sends nothing more, nor does an archived one."""
    mails = Mails(klaviyo, sandbox, **more)
    mails.send("one")
    [row] = later()
    assert (row["status"], row["basis"]) == ("finished", "flow_not_live")


def test_a_flow_that_is_gone_still_tells_who_was_in_it(
    mails: Mails, later: Callable[..., list[Record]]
) -> None:
    """Its messages were received; its name is lost."""
    mails.id = "GoneXY"
    mails.send("one")
    [row] = later()
    assert (row["status"], row["flow_name"], row["basis"]) == ("finished", None, "flow_not_live")


def test_after_a_lost_state_the_same_is_told(
    mails: Mails, extract: Extract, later: Callable[..., list[Record]]
) -> None:
    """Nothing but the bookmark is kept: all of it can be told again."""
    mails.send("one")
    mails.send("two", LUIS)
    told = later(days=1)
    assert extract(None, STREAM).records[STREAM] == told


def test_without_the_scope_the_stream_is_left_out(
    extract: Extract, mails: Mails, klaviyo: KlaviyoHandle
) -> None:
    """The others go on; a key with the scope goes on from the beginning."""
    mails.send("one")
    klaviyo.subscribe(ANA)
    without = extract(None, STREAM, "consent_changes", api_key="pk_sandbox_no_flows")
    assert without.records[STREAM] == []
    assert len(without.records["consent_changes"]) == 1
    assert stands(extract(without.state, STREAM).records[STREAM]) == [("entered", 1)]


def test_a_flow_that_runs_is_followed_for_everybody(
    klaviyo: KlaviyoHandle, later: Callable[..., list[Record]], sandbox: Sandbox
) -> None:
    """The account's own flow moves people on; each ends finished, by all the mails they got."""
    news = new_list(klaviyo, "News")
    actions = [_mail("one", "d1"), _wait("d1", "two", 3), _mail("two", None)]
    klaviyo.add_flow("Welcome", trigger={"type": "list", "id": news}, actions=actions)
    people = [f"fan{number}@nevent-demo.es" for number in range(12)]
    for email in people:
        klaviyo.subscribe(email, list_id=news)
    seen: dict[str, list[tuple[str, int | None]]] = {}
    for _ in range(5):
        sandbox.clock.advance(timedelta(days=1))
        klaviyo.progress_flows()
        for row in later():
            seen.setdefault(row["email"], []).append((row["status"], row["step"]))
    assert set(seen) == set(people)
    assert {tuple(each) for each in seen.values()} == {(("entered", 1), ("finished", 2))}
    received = [each for each in klaviyo.touches() if each["kind"] == "received"]
    assert len(received) == 2 * len(people)
