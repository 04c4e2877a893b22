"""A plan and five runs, told one after the other."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from nevent_sandbox.demo import pages, planned, promises
from nevent_sandbox.demo.audience import Audience
from nevent_sandbox.demo.changes import Concerned, Day, Side
from nevent_sandbox.demo.consent import Consents, agrees, of_fan, withheld
from nevent_sandbox.demo.fan import Pair, compare, complete, wrong_events
from nevent_sandbox.demo.memberships import (
    EVERYBODY,
    Lists,
    erased_are_gone,
    mirrored,
    withdrawn_are_left_alone,
)
from nevent_sandbox.demo.preferences import CHANNELS, Preferences
from nevent_sandbox.demo.promises import Promise
from nevent_sandbox.demo.sent import Directory, Sent
from nevent_sandbox.demo.way_back import Week

if TYPE_CHECKING:
    from rich.console import Console

    from nevent_sandbox.demo.sync import Project, Sync
    from nevent_sandbox.server import Sandbox

Row = dict[str, Any]

JOB = "meltano run bidirectional"
PLAN = "TARGET_KLAVIYO_DRY_RUN=true meltano run nevent-to-klaviyo"
HISTORY = timedelta(hours=48)  # the loader's history_after_hours


class Demonstration:
    """A plan and five acts over one sandbox; `promises` and `told` gather what came of them."""

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
        plan = self._plan()
        if plan and self._first(plan):
            since = self._nevent.now()
            self._second()
            self._third(since)
            if self._fourth():
                self._console.rule("[bold]5. Fifth run: nothing has changed on either side")
                self._quiet("fifth")
                self._together()
        kept = all(each.kept for each in self.promises)
        self.told["promises"] = [each._asdict() for each in self.promises]
        self._console.rule("[bold]" + ("All as promised" if kept else "[red]Not as promised"))
        self._console.print(
            f"Logs, state and rejects of these runs: {self._project.folder}\n"
            "Next: change a name in meltano.yml and run this again; `make sandbox` keeps both APIs "
            "running for\n`meltano run` by hand; README.md, 'From the sandbox to a real account'.",
            highlight=False,
        )

    def _plan(self) -> Row | None:
        self._console.rule("[bold]0. What would happen")
        sync = self._sync(dry_run=True)
        kept = [promises.ended_well("dry", sync)]
        if sync.plan:
            self._console.print(pages.plan(sync), highlight=False, markup=False)
            self.told["plan"] = sync.plan
            held = self._klaviyo.counts()["profiles"]
            kept.append(planned.nothing_written(self._klaviyo.requests(), held))
        return sync.plan if self._keep(kept) else None

    def _first(self, plan: Row) -> bool:
        self._console.rule("[bold]1. First run: everything")
        self._klaviyo.clear_requests()
        sync = self._sync()
        kept = [promises.ended_well("first", sync)]
        if sync.exit_code == 0:
            side, events = self._side(), self._klaviyo.events()
            metrics = Counter(each["metric"] for each in events)
            requests, ledger = self._klaviyo.requests(), self._project.consent_ledger
            self._show_arrived(side, sync, metrics, len(requests))
            kept.append(promises.everybody_arrived(side.audience, side.profiles))
            kept += promises.events_agree(side.audience, metrics, sync.streams)
            kept += self._consents(side, ledger)
            kept += self._fans(side, events)
            shared = len(side.audience.shared_addresses())
            profiles = len(side.profiles)
            kept += planned.carried_out(plan, profiles, shared, metrics, ledger, requests)
        return self._keep(kept)

    def _side(self) -> Side:
        """Both ends as they are by now."""
        profiles = self._klaviyo.profiles()
        consents = Consents(self._klaviyo.consents())
        lists = Lists(self._klaviyo.lists(), profiles)
        return Side(Audience(self._nevent), profiles, consents, lists)

    def _show_arrived(self, side: Side, sync: Sync, metrics: Counter[str], requests: int) -> None:
        held = {"lists": self._klaviyo.lists(), "jobs": self._klaviyo.jobs()}
        counts = {"profiles": len(side.profiles), **held}
        self._console.print(pages.arrived(side.audience, sync, counts, metrics, requests))
        path = str(self._project.folder / "output" / "rejects.jsonl")
        if reasons := pages.rejected(sync, path):
            self._console.print("", reasons)
        self.told["klaviyo"] = {**counts, "events": metrics, "requests": requests}

    def _consents(self, side: Side, ledger: list[Row]) -> list[Promise]:
        preferences = Preferences(side.audience)
        everybody = next((k for k, name in side.lists.names.items() if name == EVERYBODY), None)
        counts, reasons = side.consents.counts(), withheld(preferences, ledger, everybody)
        self._console.print("", pages.consents(counts, reasons))
        self.told["consents"] = {"klaviyo": counts, "withheld": reasons}
        old = datetime.fromisoformat(self._nevent.now()) - HISTORY
        kept = agrees(preferences, side.consents, old=old.isoformat())
        return [*kept, mirrored(side.audience, side.lists)]

    def _fans(self, side: Side, events: list[Row]) -> list[Promise]:
        audience, preferences = side.audience, Preferences(side.audience)
        by_fan = {each["attributes"].get("external_id"): each for each in side.profiles}
        found = complete(side.profiles, events, audience)
        # Rather one whose consent has a story: of each channel something was said.
        told = sorted(
            found, key=lambda fan: -min(len(list(preferences.of(fan, c))) for c in CHANNELS)
        )
        chosen = told[: self._show]
        kept = [Promise("a fan has every property that is promised", bool(chosen))]
        self.told["fans"] = []
        for fan in chosen:
            profile, name = by_fan[fan], audience.name(fan)
            pairs = compare(fan, profile, audience)
            pairs += of_fan(fan, audience.fans[fan], preferences, side.consents)
            theirs = [each for each in events if each["email"] == profile["attributes"]["email"]]
            self._console.print("", pages.side_by_side(name, pairs), "", pages.events_of(theirs))
            self._tell_fan(audience.fans[fan], profile, theirs, pairs)
            right = all(pair.same is not False for pair in pairs)
            right = right and not wrong_events(fan, theirs, audience)
            kept.append(Promise(f"{name}: the same on both sides", right))
        return kept

    def _second(self) -> None:
        self._console.rule("[bold]2. Second run: nothing has changed")
        self._quiet("second")

    def _quiet(self, name: str) -> None:
        """One more run, which has nothing to say."""
        self._klaviyo.clear_requests()
        self._nevent.clear_requests()
        sync = self._sync()
        requests = self._klaviyo.requests() + self._nevent.requests()
        self._keep([promises.ended_well(name, sync), promises.nothing_sent(name, requests)])

    def _third(self, since: str) -> None:
        self._console.rule("[bold]3. Third run: one day later")
        before = self._side()
        known = {each["unique_id"] for each in self._klaviyo.events()}
        changes = self._nevent.advance(days=1)
        self._klaviyo.clear_requests()
        sync = self._sync()
        if sync.exit_code:
            self._keep([promises.ended_well("third", sync)])
            return
        after = self._side()
        sides = (before.audience, after.audience)
        directory = Directory(sides, [*before.profiles, *after.profiles])
        requests = promises.writes(self._klaviyo.requests(bodies=True))
        sent = Sent(requests, directory, {**before.lists.names, **after.lists.names}, known)
        concerned = Concerned(self._nevent, since, before.audience.segments, after.audience)
        rejected = {each["key"]: each["reason"] for each in self._project.rejects}
        lines = Day(before, after, sent, concerned, rejected).explained(changes)
        self._console.print(pages.day(lines))
        self.told["day"] = [line._asdict() for line in lines]
        left = before.audience.fans.keys() - after.audience.fans.keys()
        withdrawn = [row for fan, row in after.audience.everybody.items() if fan in left]
        self._keep(
            [
                promises.ended_well("third", sync),
                promises.only_the_changed(sent.people, concerned.fans),
                erased_are_gone(concerned.erased, after.audience, after.profiles),
                withdrawn_are_left_alone(withdrawn, after.audience, after.consents, after.lists),
                mirrored(after.audience, after.lists),
            ]
        )

    def _fourth(self) -> bool:
        self._console.rule("[bold]4. Fourth run: what happened in Klaviyo meanwhile")
        week = Week(self._nevent, self._klaviyo)
        week.happen()
        sync = self._sync()
        kept = [promises.ended_well("fourth", sync)]
        if sync.exit_code == 0:
            came = week.came()
            self._console.print(pages.week(came, sync))
            self.told["week"] = [line._asdict() for line in came]
            kept += week.promises()
        return self._keep(kept)

    def _together(self) -> None:
        """What the operator's tools show of it."""
        for arguments in (("fan", self._reader()), ("conversions",)):
            self._console.rule(f"[bold]nevent-klaviyo {arguments[0]}")
            shown = self._project.tool(*arguments)
            self._console.print(shown.stdout, markup=False, highlight=False)
            text = f"`nevent-klaviyo {arguments[0]}` shows both sides"
            self._keep([Promise(text, shown.returncode == 0 and bool(shown.stdout))])

    def _reader(self) -> str:
        """The id of a fan who read the campaign, rather one who clicked."""
        rank = {"clicked": 0, "opened": 1, "received": 2}
        found = [each for each in self._klaviyo.touches() if each["external_id"]]
        chosen = min(found, key=lambda each: rank.get(each["kind"], len(rank)))
        return str(chosen["external_id"])

    def _sync(self, *, dry_run: bool = False) -> Sync:
        command = PLAN if dry_run else JOB
        with self._console.status(command) as status:
            sync = self._project.sync(status.update, dry_run=dry_run)
        self._console.print(
            f"`{command}`: {sync.seconds:.1f} s, exit code {sync.exit_code}, log {sync.log}",
            highlight=False,
            soft_wrap=True,
        )
        if sync.exit_code:
            tail = sync.log.read_text(encoding="utf-8").splitlines()[-15:]
            self._console.print("\n".join(tail), markup=False, highlight=False)
        told = {name: each for name, each in sync._asdict().items() if each not in ({}, [])}
        self.told["runs"].append({**told, "log": str(sync.log)})
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
