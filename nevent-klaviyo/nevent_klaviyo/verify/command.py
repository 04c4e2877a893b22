"""`nevent-klaviyo verify`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from nevent_klaviyo.errors import FAILED as EXIT_FAILED
from nevent_klaviyo.errors import INCOMPLETE
from nevent_klaviyo.running import console, language_option, running
from nevent_klaviyo.screen import Screen
from nevent_klaviyo.texts import texts
from nevent_klaviyo.verify import klaviyo, nevent
from nevent_klaviyo.verify.checks import FAILED, MISSING, Check

if TYPE_CHECKING:
    from nevent_klaviyo.texts import Words

TRIES = 2  # somebody waits for the answer, and none is one as well
COLUMNS = ("", "state", "serves", "what_to_do")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of tables.")
@language_option
def verify(as_json: bool, lang: str) -> None:  # noqa: FBT001  # click's way
    """Check the token, the key and each of its scopes. Nothing is changed on either side.

    Says of whatever is missing which feature that costs, who must act, and where. Whether the key
    may write is inferred: Klaviyo is sent documents that hold nothing, which it refuses.

    Exit codes: 0 all works; 1 one side cannot be used; 2 wrong arguments or settings; 4 it works,
    but a scope is missing.
    """
    with running(lang, tries=TRIES) as (sides, words):
        found = {
            "nevent": list(nevent.checked(sides.nevent)),
            "klaviyo": list(klaviyo.checked(sides.settings.klaviyo_api_key, sides.klaviyo)),
        }
        if as_json:
            document = {
                side: [_document(each, words) for each in some] for side, some in found.items()
            }
            click.echo(json.dumps(document, ensure_ascii=False, indent=2))
        else:
            screen = Screen(console(), words)
            for side, some in found.items():
                screen.table(words(side), COLUMNS, [_row(each, words) for each in some])
        states = {each.state for some in found.values() for each in some}
        if FAILED in states:
            raise SystemExit(EXIT_FAILED)
        if MISSING in states:
            raise SystemExit(INCOMPLETE)


def _row(check: Check, words: Words) -> tuple[str, ...]:
    told = _advice(check, words)
    return (words.code(check.what), words(f"state_{check.state}"), _serves(check, words), told)


def _document(check: Check, words: Words) -> dict[str, Any]:
    return {
        "check": check.what,
        "state": check.state,
        "why": check.why,
        "serves": _serves(check, words) or None,
        "advice": _advice(check, words) or None,
    }


def _serves(check: Check, words: Words) -> str:
    """What a scope is needed for."""
    key = f"scope_{check.what.replace(':', '_').replace('-', '_')}"
    return words(key) if key in texts() else ""


def _advice(check: Check, words: Words) -> str:
    """What stands in the way and what to do, and the side's own word."""
    advice = words(f"why_{check.why}", **check.values) if check.why else ""
    return " ".join(filter(None, (advice, check.told)))
