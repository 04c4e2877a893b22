"""`make pull`: engagement read by the command as users run it, compared with what Klaviyo holds.

Each act is runs of `tap-klaviyo-engagement` as a process, each beginning with the state that the
one before it left. A row given "again" is the same row: a target that goes by the key has it once;
one that "differs" it would have in two ways.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from nevent_sandbox import Sandbox

Row = dict[str, Any]
READ = "GET /api/events"
LATE = {"1 s": 1, "1 min": 60, "1 h": 3_600, "1 day": 86_400, "6 days": 518_400}
PEOPLE = 5  # events a person


class Pulled(NamedTuple):
    """What one or several runs gave: how often each event, and in how many different rows."""

    events: Counter[str]
    rows: Counter[str]

    def __add__(self, other: object) -> Pulled:
        assert isinstance(other, Pulled)
        return Pulled(self.events + other.events, self.rows | other.rows)


class Tap:
    """The command, on one account."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self._klaviyo = sandbox.klaviyo
        self._folder = folder
        config = {"api_key": "pk_sandbox_full", "api_url": sandbox.klaviyo.url}
        (folder / "config.json").write_text(json.dumps(config))
        self._command = [
            str(Path(sys.executable).parent / "tap-klaviyo-engagement"),
            *("--config", str(folder / "config.json")),
        ]
        done = subprocess.run([*self._command, "--discover"], capture_output=True, check=True)
        catalog = json.loads(done.stdout)
        for stream in catalog["streams"]:
            for entry in stream["metadata"]:
                if not entry["breadcrumb"]:
                    entry["metadata"]["selected"] = stream["tap_stream_id"] == "engagement"
        (folder / "catalog.json").write_text(json.dumps(catalog))
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        self.state: Row = {}

    def run(self, *, kill_after: int | None = None) -> Pulled:
        """Run it to its end, or kill it after so many records."""
        (self._folder / "state.json").write_text(json.dumps(self.state))
        command = [*self._command, "--catalog", str(self._folder / "catalog.json")]
        command += ["--state", str(self._folder / "state.json")]
        events: Counter[str] = Counter()
        rows: Counter[str] = Counter()
        log = (self._folder / "tap.log").open("wb")
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log) as process:
            assert process.stdout is not None
            for line in process.stdout:
                message = json.loads(line)
                if message["type"] == "STATE":
                    self.state = message["value"]
                elif message["type"] == "RECORD":
                    record = message["record"]
                    events[record["id"]] += 1
                    rows[json.dumps(record, sort_keys=True)] = 1
                    if kill_after is not None and events.total() >= kill_after:
                        process.kill()
                        break
        log.close()
        if kill_after is None and process.returncode:
            raise SystemExit((self._folder / "tap.log").read_text()[-3000:])
        return Pulled(events, rows)


class Proof:
    """Acts over one account, and a line of a table for each."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self._sandbox = sandbox
        self._klaviyo = sandbox.klaviyo
        self._tap = Tap(sandbox, folder)
        self.wrong = 0

    def tell(self, act: str, pulled: Pulled, seconds: float) -> None:
        """Compare what was given with what is visible."""
        there = Counter(each["id"] for each in self._klaviyo.touches() if each["visible"])
        missing = len(there.keys() - pulled.events.keys())
        invented = len(pulled.events.keys() - there.keys())
        differing = len(pulled.rows) - len(pulled.events)
        again = pulled.events.total() - len(pulled.events)
        requests = len(self._klaviyo.requests(READ))
        self._klaviyo.clear_requests()
        self.wrong += missing + invented + differing
        _say(
            f"{act:<42} {len(there):>10,} {missing:>8} {differing:>8} {again:>8,} {requests:>9,} "
            f"{seconds:>8.1f}"
        )

    def plain(self, events: int) -> Pulled:
        """Everything, once; then nothing."""
        self._klaviyo.generate(events, people=max(events // PEOPLE, 10), campaigns=20)
        began = time.monotonic()
        first = self._tap.run()
        self.tell("a first run", first, time.monotonic() - began)
        began = time.monotonic()
        second = first + self._tap.run()
        self.tell("a second run, nothing new", second, time.monotonic() - began)
        return second

    def ugly(self, pulled: Pulled) -> Pulled:
        """Late, equal and future-dated events, and a day on which clocks change."""
        campaign = self._klaviyo.campaigns()[0]["id"]
        people = [each["email"] for each in self._klaviyo.touches()[:2_000]]
        people = list(dict.fromkeys(people))[:500]
        now = self._sandbox.clock.now()

        def opened(number: int, at: datetime, **more: Any) -> Row:
            person = {"email": people[number % len(people)], "campaign": campaign}
            return {"what": "opened", **person, "at": at.isoformat(), **more}

        told = [
            opened(number, now - timedelta(minutes=2), visible_after=seconds)
            for number, seconds in enumerate(LATE.values())
        ]
        told += [opened(number, now - timedelta(hours=3)) for number in range(500)]
        told += [opened(number, now + timedelta(days=9)) for number in range(3)]
        change = datetime(2026, 10, 25, tzinfo=UTC)  # 01:00 UTC: Madrid's clocks go back
        told += [opened(number, change + timedelta(minutes=number)) for number in range(180)]
        self._klaviyo.engage(told)
        self._tap.forget()
        began = time.monotonic()
        pulled = self._tap.run()
        self.tell("500 in a second, 3 to come, clocks change", pulled, time.monotonic() - began)
        passed = 0
        for name, seconds in LATE.items():
            self._sandbox.clock.advance(timedelta(seconds=seconds + 1 - passed))
            passed = seconds + 1
            began = time.monotonic()
            pulled += self._tap.run()
            self.tell(f"seen {name} late", pulled, time.monotonic() - began)
        self._sandbox.clock.advance(timedelta(days=4))
        began = time.monotonic()
        pulled += self._tap.run()
        self.tell("what was to come has come", pulled, time.monotonic() - began)
        return pulled

    def killed(self, events: int) -> None:
        """From the beginning, killed in the middle, then on from the last state."""
        self._tap.forget()
        began = time.monotonic()
        pulled = self._tap.run(kill_after=events // 2)
        pulled += self._tap.run()
        self.tell("killed in the middle (kill -9), and on", pulled, time.monotonic() - began)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """All acts; exit 1 where an event is missing, invented or told in two ways."""
    parser = argparse.ArgumentParser(prog="make pull", description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--latency-ms", type=float, default=50)
    parser.add_argument("--limits", default="real", help="real, scaled=N or off")
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        Sandbox(fans=1, limits=asked.limits, latency_ms=asked.latency_ms) as sandbox,
    ):
        _say(f"{asked.events:,} events, {asked.latency_ms:g} ms latency, limits {asked.limits}\n")
        _say(
            f"{'':<42} {'in Klaviyo':>10} {'missing':>8} {'differs':>8} {'again':>8} "
            f"{'requests':>9} {'seconds':>8}"
        )
        proof = Proof(sandbox, Path(folder))
        proof.ugly(proof.plain(asked.events))
        proof.killed(asked.events)
    sys.exit(bool(proof.wrong))


if __name__ == "__main__":
    main()
