"""The command: where it runs, what it prints, how it ends."""

from __future__ import annotations

import json
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from nevent_sandbox.demo.demonstration import Demonstration
from nevent_sandbox.demo.sync import Project
from nevent_sandbox.server import Sandbox

if TYPE_CHECKING:
    from types import FrameType

PIPED_WIDTH = 120
_INTERRUPTED = 130


@click.command()
@click.option("--fans", default=500, show_default=True, help="People known to Nevent.")
@click.option("--seed", default=42, show_default=True, help="Decides every generated value.")
@click.option("--limits", default="real", show_default=True, help="real, scaled=N or off.")
@click.option("--show", default=1, show_default=True, help="Fans to print in full.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of tables.")
def demo(*, fans: int, seed: int, limits: str, show: int, as_json: bool) -> None:
    """Load a realistic audience into a Klaviyo on this machine, three times, and explain it.

    Run it in the project's folder: it takes meltano.yml as it is there. Needs no account.
    """
    source = Path.cwd()
    if not (source / "meltano.yml").exists():
        raise click.UsageError("No meltano.yml here: run this in the project's folder.")
    signal.signal(signal.SIGTERM, _interrupt)
    console = Console(quiet=as_json)
    if not console.is_terminal:
        console.width = PIPED_WIDTH
    folder = Path(tempfile.mkdtemp(prefix="nevent-klaviyo-demo-"))
    try:
        with Sandbox(fans=fans, seed=seed, limits=limits) as sandbox:
            project = Project(source, folder, sandbox)
            shown = Demonstration(console, sandbox, project, show=show)
            shown.run()
    except KeyboardInterrupt:
        console.print(f"Stopped. Logs so far: {folder}")
        sys.exit(_INTERRUPTED)
    if as_json:
        click.echo(json.dumps(shown.told, ensure_ascii=False, indent=2, default=str))
    sys.exit(0 if all(each.kept for each in shown.promises) else 1)


def _interrupt(_signum: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
