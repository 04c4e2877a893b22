"""`nevent-klaviyo conversions`."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import click

from nevent_klaviyo.conversions.calculation import Wanted, campaign_conversions
from nevent_klaviyo.conversions.show import show
from nevent_klaviyo.running import console, language_option, running


@click.command()
@click.option(
    "--window-days",
    type=click.IntRange(1, 90),
    default=5,
    show_default=True,
    help="For how many days after a mail a purchase counts for its campaign.",
)
@click.option(
    "--campaign",
    "campaigns",
    multiple=True,
    metavar="NAME|ID",
    help="Only this campaign; may be given more than once.",
)
@click.option(
    "--since",
    type=click.DateTime(("%Y-%m-%d", "%Y-%m-%dT%H:%M:%S")),
    help="Only campaigns sent since then (UTC). Default: a year ago; with --campaign: ever.",
)
@click.option(
    "--lookups",
    type=click.IntRange(0),
    default=1000,
    show_default=True,
    help="How many recipients without a fan id to look up in Nevent by e-mail, a request each.",
)
@click.option("--json", "output", flag_value="json", help="Print one JSON document.")
@click.option("--jsonl", "output", flag_value="jsonl", help="Print one JSON row a line.")
@language_option
def conversions(
    window_days: int,
    campaigns: tuple[str, ...],
    since: datetime | None,
    lookups: int,
    output: str | None,
    lang: str,
) -> None:
    """Compare what each campaign sold by Klaviyo's count and by Nevent's own.

    One row for each campaign that was sent, the latest first: Klaviyo's conversions and their
    value; the tickets that its recipients bought in Nevent within the window after they received
    it, and the revenue less refunds; the differences (Nevent less Klaviyo). A purchase counts for
    the last campaign received before it, and for no other.

    Exit codes: 0 computed; 1 a side does not answer or refuses, or no such campaign; 2 wrong
    arguments or settings.
    """
    wanted = Wanted(campaigns, since and since.replace(tzinfo=UTC), window_days, lookups)
    with running(lang) as (sides, words):
        result = campaign_conversions(sides, wanted)
        notes = [{"code": code, "text": words(code, **values)} for code, values in result.notes]
        if output == "json":
            document = {"campaigns": result.rows, "notes": notes}
            click.echo(json.dumps(document, ensure_ascii=False, indent=2))
        elif output == "jsonl":
            for row in result.rows:
                click.echo(json.dumps(row, ensure_ascii=False))
            for note in notes:
                click.echo(note["text"], err=True)
        else:
            show(result.rows, [each["text"] for each in notes], console(), words)
