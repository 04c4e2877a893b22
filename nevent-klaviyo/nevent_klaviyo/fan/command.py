"""`nevent-klaviyo fan`."""

from __future__ import annotations

import json

import click

from nevent_klaviyo.fan.show import show
from nevent_klaviyo.fan.view import view
from nevent_klaviyo.running import console, language_option, running


def _somebody(_: click.Context, __: click.Parameter, who: str) -> str:
    if not who.strip():
        raise click.BadParameter("an e-mail address or an id is expected")
    return who.strip()


@click.command()
@click.argument("who", metavar="WHO", callback=_somebody)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of tables.")
@click.option(
    "--events",
    "keep",
    type=click.IntRange(0, 1000),
    default=15,
    show_default=True,
    help="How many of the person's last Klaviyo events to show.",
)
@language_option
def fan(who: str, as_json: bool, keep: int, lang: str) -> None:  # noqa: FBT001  # click's way
    """Show one person as Nevent and Klaviyo see them, side by side.

    WHO is an e-mail address, a Nevent fan id or a Klaviyo profile id. Nothing is changed on either
    side. What a key may not read is said in its place, and the rest is shown.

    Exit codes: 0 shown; 1 a side does not answer or refuses the key; 2 wrong arguments or settings;
    3 neither side knows the person.
    """
    with running(lang) as (sides, words):
        found = view(sides, who, keep=keep)
        if as_json:
            click.echo(json.dumps(found, ensure_ascii=False, indent=2))
        else:
            show(found, console(), words)
