"""The `sandbox` command."""

from __future__ import annotations

import gc
import signal
import threading
from pathlib import Path
from typing import Any

import click

from nevent_sandbox.credentials import KLAVIYO_KEYS, NEVENT_REFRESH_TOKEN, NEVENT_TOKEN
from nevent_sandbox.demo import demo
from nevent_sandbox.klaviyo.limits import window_scale
from nevent_sandbox.server import Sandbox


@click.group()
def cli() -> None:
    """Nevent and Klaviyo on this machine."""


cli.add_command(demo)


def _limits(_: click.Context, __: click.Parameter, value: str) -> str:
    try:
        window_scale(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
    return value


@cli.command()
@click.option("--nevent-port", default=8701, show_default=True, help="0 takes a free one.")
@click.option("--klaviyo-port", default=8702, show_default=True, help="0 takes a free one.")
@click.option("--fans", default=500, show_default=True, type=click.IntRange(0), help="People.")
@click.option("--seed", default=42, show_default=True, help="Decides every generated value.")
@click.option(
    "--limits",
    default="off",
    show_default=True,
    callback=_limits,
    help="Rate limits: real, scaled=N (windows N times shorter) or off.",
)
@click.option("--latency-ms", default=0.0, show_default=True, help="Waited before each answer.")
@click.option(
    "--nevent-contract",
    default="assumed",
    show_default=True,
    type=click.Choice(["assumed", "published"]),
    help="Serve what is assumed of Nevent too, or only what is published.",
)
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder in which Nevent's pages are kept for the next time; for benchmarks.",
)
@click.option("--only", type=click.Choice(["nevent", "klaviyo"]), help="Serve one side alone.")
def serve(*, only: str | None, **options: Any) -> None:
    """Serve both sides, or one, until SIGINT or SIGTERM."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    try:
        sandbox = Sandbox(only=only, **options)
    except OSError as error:
        raise click.ClickException(str(error)) from error
    # Bodies and pages are a hundred thousand containers without a cycle among them.
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    with sandbox:
        if only != "klaviyo":
            click.echo(f"Nevent   {sandbox.nevent.url}  token {NEVENT_TOKEN}")
            click.echo(f"         refresh token {NEVENT_REFRESH_TOKEN}")
        if only != "nevent":
            click.echo(f"Klaviyo  {sandbox.klaviyo.url}  keys {', '.join(KLAVIYO_KEYS)}")
        if only != "klaviyo":
            click.echo(f"TAP_NEVENT_API_URL={sandbox.nevent.url}")
            click.echo(f"TAP_NEVENT_DATA_API_URL={sandbox.nevent.url}")
        if only != "nevent":
            click.echo(f"TARGET_KLAVIYO_API_URL={sandbox.klaviyo.url}")
        stopped.wait()
