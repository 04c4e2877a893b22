"""The command: three runs, told one after the other."""

from __future__ import annotations

import json
import signal
import sys
import tempfile
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from nevent_sandbox.demo import pages, promises
from nevent_sandbox.demo.audience import Audience
from nevent_sandbox.demo.changes import Concerned, Sent, Sides, explained, flat
from nevent_sandbox.demo.fan import Pair, compare, complete, wrong_events
from nevent_sandbox.demo.promises import Promise
from nevent_sandbox.demo.sync import Project, Sync
from nevent_sandbox.server import Sandbox

if TYPE_CHECKING:
    from types import FrameType

Row = dict[str, Any]

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


class Demonstration:
    """Three acts over one sandbox; `promises` and `told` gather what came of them."""

    def __init__(self, console: Console, sandbox: Sandbox, project: Project, *, show: int) -> None:
        self._console = console
        self._nevent = sandbox.nevent
        self._klaviyo = sandbox.klaviyo
        self._project = project
        self._show = show
        self.promises: list[Promise] = []
        self.told: Row = {"runs": []}

    def run(self) -> None:
        """All acts, as long as the one before ended well."""
        if self._first():
            since = self._nevent.now()
            self._second()
            self._third(since)
        kept = all(each.kept for each in self.promises)
        self.told["promises"] = [each._asdict() for each in self.promises]
        self._console.rule("[bold]" + ("All as promised" if kept else "[red]Not as promised"))
        self._console.print(
            f"Logs, state and rejects of these runs: {self._project.folder}\n"
            "Next: change a name in meltano.yml and run this again; `make sandbox` keeps both APIs "
            "running for\n`meltano run` by hand; README.md, 'From the sandbox to a real account'.",
            highlight=False,
        )

    def _first(self) -> bool:
        self._console.rule("[bold]1. First run: everything")
        sync = self._sync()
        kept = [promises.ended_well("first", sync)]
        if sync.exit_code == 0:
            audience = Audience(self._nevent)
            profiles, events = self._klaviyo.profiles(), self._klaviyo.events()
            metrics = Counter(each["metric"] for each in events)
            rejects = self._project.rejects
            held = {"lists": self._klaviyo.lists(), "jobs": self._klaviyo.jobs()}
            requests = len(self._klaviyo.requests())
            counts = {"profiles": len(profiles), **held}
            self._console.print(pages.arrived(audience, sync, counts, metrics, requests))
            path = str(self._project.folder / "output" / "rejects.jsonl")
            if reasons := pages.rejected(sync, path):
                self._console.print("", reasons)
            self.told["klaviyo"] = {**counts, "events": metrics, "requests": requests}
            kept.append(promises.everybody_arrived(audience, profiles, rejects))
            kept += promises.events_agree(audience, metrics, sync.streams)
            kept += self._fans(audience, profiles, events)
        return self._keep(kept)

    def _fans(self, audience: Audience, profiles: list[Row], events: list[Row]) -> list[Promise]:
        by_fan = {each["attributes"].get("external_id"): each for each in profiles}
        chosen = list(islice(complete(profiles, events, audience), self._show))
        kept = [Promise("a fan has every property that is promised", bool(chosen))]
        self.told["fans"] = []
        for fan in chosen:
            profile, name = by_fan[fan], audience.name(fan)
            pairs = compare(fan, profile, audience)
            theirs = [each for each in events if each["email"] == profile["attributes"]["email"]]
            self._console.print("", pages.side_by_side(name, pairs), "", pages.events_of(theirs))
            self._tell_fan(audience.fans[fan], profile, theirs, pairs)
            right = all(pair.same is not False for pair in pairs)
            right = right and not wrong_events(fan, theirs, audience)
            kept.append(Promise(f"{name}: the same on both sides", right))
        return kept

    def _second(self) -> None:
        self._console.rule("[bold]2. Second run: nothing has changed")
        self._klaviyo.clear_requests()
        sync = self._sync()
        requests = self._klaviyo.requests()
        self._keep([promises.ended_well("second", sync), promises.nothing_sent(requests)])

    def _third(self, since: str) -> None:
        self._console.rule("[bold]3. Third run: one day later")
        before, names = flat(self._klaviyo.profiles()), Audience(self._nevent).names
        known = {each["unique_id"] for each in self._klaviyo.events()}
        changes = self._nevent.advance(days=1)
        self._klaviyo.clear_requests()
        sync = self._sync()
        if sync.exit_code:
            self._keep([promises.ended_well("third", sync)])
            return
        sent = Sent(self._klaviyo.requests(bodies=True), known)
        audience, concerned = Audience(self._nevent), Concerned(self._nevent, since)
        audience.names = {**names, **audience.names}  # the erased had names too
        rejected = {each["key"]: each["reason"] for each in self._project.rejects}
        sides = Sides(audience, before, flat(self._klaviyo.profiles()), rejected)
        lines = explained(changes, sent, concerned, sides)
        self._console.print(pages.day(lines))
        self.told["day"] = [line._asdict() for line in lines]
        changed = promises.only_the_changed(sent.fans, concerned.fans)
        self._keep([promises.ended_well("third", sync), changed])

    def _sync(self) -> Sync:
        with self._console.status("meltano run tap-nevent target-klaviyo") as status:
            sync = self._project.sync(status.update)
        self._console.print(
            f"`meltano run tap-nevent target-klaviyo`: {sync.seconds:.1f} s, exit code "
            f"{sync.exit_code}, log {sync.log}",
            highlight=False,
            soft_wrap=True,
        )
        if sync.exit_code:
            tail = sync.log.read_text(encoding="utf-8").splitlines()[-15:]
            self._console.print("\n".join(tail), markup=False, highlight=False)
        self.told["runs"].append({**sync._asdict(), "log": str(sync.log)})
        return sync

    def _keep(self, kept: list[Promise]) -> bool:
        self._console.print()
        pages.promises(self._console, kept)
        self.promises += kept
        return kept[0].kept

    def _tell_fan(self, row: Row, profile: Row, events: list[Row], pairs: list[Pair]) -> None:
        self.told["fans"].append(
            {
                "nevent": row,
                "klaviyo": profile,
                "events": events,
                "properties": [pair._asdict() for pair in pairs],
            }
        )
