"""Every reason that a record may be rejected for has its next step."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bad_records import BAD, messages
from click.testing import CliRunner
from singer_outcomes.advice import advice
from target_klaviyo.advice import ADVICE
from target_klaviyo.target import TargetKlaviyo

if TYPE_CHECKING:
    from collections.abc import Callable

    from singer_messages import Message, Run

    Load = Callable[..., Run]


def test_each_reason_has_its_next_step(load: Load) -> None:
    """Not the same vague words for all of them."""
    vague = advice("something unheard of", {})
    run = load(messages(), max_rejects=100)
    assert [each["reason"] for each in run.rejects if advice(each["reason"], ADVICE) == vague] == []


def test_rejects_are_grouped_with_their_next_step(load: Load, settings: Message) -> None:
    """As the command prints them: no address in it."""
    load(messages(), max_rejects=100)
    env = {f"TARGET_KLAVIYO_{name.upper()}": str(value) for name, value in settings.items()}
    done = CliRunner().invoke(TargetKlaviyo.cli, ["rejects", "--json"], env=env)
    assert done.exit_code == 0, done.output
    told = json.loads(done.output)
    assert "nevent-demo.es" not in done.output
    assert sum(each["count"] for each in told) == len(BAD)
