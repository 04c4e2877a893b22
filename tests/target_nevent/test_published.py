"""With what Nevent has published, and nothing that we assume of it, all works by fallbacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nevent_people import ANA, EVA, PREFERENCES, SUBSCRIBERS, fan, no, wants, yes
from singer_messages import Run, state

if TYPE_CHECKING:
    from collections.abc import Callable

    from nevent_sandbox.nevent_handle import NeventHandle

SET = "PUT /users/{id}/communication-preferences"


def test_opt_outs_arrive(published: NeventHandle, load: Callable[..., Run]) -> None:
    """Fans are looked up one by one, and no consent is dated: the no wins."""
    ids = [fan(published, each) for each in (ANA, EVA)]
    rows = [no(external_id=each, changed_at="2019-01-01T00:00:00Z") for each in ids]
    run = load([PREFERENCES, *rows, no(external_id="0" * 24), state({"n": 1})])
    assert run.states == [{"n": 1}]
    assert run.summary["streams"]["preferences"] == {"read": 3, "written": 2, "unknown": 1}
    assert [wants(published, each)["emailEnabled"] for each in (ANA, EVA)] == [False, False]
    published.clear_requests()
    assert load([PREFERENCES, *rows]).summary["streams"]["preferences"]["unchanged"] == 2
    assert published.requests(SET) == []


def test_sign_ups_arrive_and_what_cannot_be_kept_is_told(
    published: NeventHandle, load: Callable[..., Run]
) -> None:
    """Consent to third parties has no place there, and nobody tells who was erased."""
    more = {
        "newsletter_id": published.newsletters()[0]["id"],
        "import_since": "2026-01-01T00:00:00Z",
    }
    fan(published, EVA, emailEnabled=False)
    run = load([SUBSCRIBERS, yes(), yes(EVA), state({"n": 1})], **more)
    assert run.states == [{"n": 1}]
    assert run.summary["streams"]["subscribers"]["written"] == 1
    assert set(run.summary["notes"]) == {
        "this Nevent tells nobody who was erased: only this store knows",
        "new fans without their consent to third parties: this Nevent keeps none",
    }
    made = published.user(ANA)
    assert made is not None
    assert made["name"] == "Ana"
    again = load([SUBSCRIBERS, yes(), yes(EVA)], **more).summary["streams"]["subscribers"]
    assert (again["unchanged"], again["withheld"]) == (1, 1)
