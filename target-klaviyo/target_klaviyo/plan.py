"""What a dry run says would happen."""

from __future__ import annotations

import math
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec

from target_klaviyo.foreseen import Foreseen
from target_klaviyo.shipments import decode

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterable

    from klaviyo_client.limits import Operation
    from singer_outcomes.queues import Row

    from target_klaviyo.flows import StartedFlow
    from target_klaviyo.people import People
    from target_klaviyo.wishes import Wish

Identifiers = tuple[str | None, str | None]  # e-mail, phone number
NAMES = "email,phone_number"
PARTS = ("location", "properties")
FIELDS = (
    "email,phone_number,external_id,first_name,last_name,organization,locale,title,image,"
    "location,properties"
)


class Plan:
    """Counts requests that would be sent and what they would change. Any thread may tell."""

    def __init__(self, people: People) -> None:
        self._people = people
        self._lock = threading.Lock()
        self._requests: Counter[Operation] = Counter()
        self._foreseen = Foreseen()
        self._profiles: dict[str, str] = {}  # first identifier: new, changed or unchanged
        self.events: Counter[str] = Counter()  # by metric
        self.live_events: Counter[str] = Counter()  # those without backfill
        self.consents: Counter[str] = Counter()  # subscribe, unsubscribe by channel
        self.flows: list[StartedFlow] = []
        self.flows_visible = True

    def request(self, operation: Operation) -> None:
        """One request would be sent."""
        with self._lock:
            self._requests[operation] += 1

    def phone_of(self, email: str) -> str | None:
        """The phone number that the profile with this address would have by now."""
        with self._lock:
            return self._foreseen.phone_of(email)

    def renamed(self, email: str) -> None:
        """A profile would get this address."""
        with self._lock:
            self._foreseen.meet(email, None)
            self._profiles[email] = "changed"

    def people_of(self, rows: Iterable[Row]) -> None:
        """These profile resources would be imported: new people, changed ones, or as they are."""
        rows = list(rows)
        there = self._there([row.people[0] for row in rows], FIELDS)
        for row in rows:
            resource, held = decode(row.body), there.get(row.people[0])
            changed = held is not None and _changes(resource, held)
            with self._lock:
                if held is not None:
                    self._foreseen.held(held)
                new = self._foreseen.meet(*_identifiers(resource))
                now = "new" if new else "changed" if changed else "unchanged"
                before = self._profiles.get(row.people[0])
                if (before is None and (new or held is not None)) or before == "unchanged":
                    self._profiles[row.people[0]] = now

    def strangers(self, rows: Iterable[Row]) -> None:
        """Each of these rows would make a profile of a person whom Klaviyo lacks."""
        self._meet([_identifiers(_person(decode(row.body))) for row in rows])

    def happenings(self, rows: Iterable[Row]) -> None:
        """These events would be sent."""
        rows = list(rows)
        self.strangers(rows)
        with self._lock:
            for row in rows:
                event = decode(row.body)["attributes"]["events"]["data"][0]["attributes"]
                metric = event["metric"]["data"]["attributes"]["name"]
                self.events[metric] += 1
                self.live_events[metric] += not event.get("backfill")

    def statement(self, wish: Wish) -> None:
        """This statement of consent would be sent."""
        with self._lock:
            self.consents[f"{wish.decision.action} {wish.channel}"] += 1
        mail = wish.channel == "email"
        self._meet([(wish.identifier, None) if mail else (None, wish.identifier)])

    def minutes(self) -> float:
        """At Klaviyo's limits; operations have counters of their own and run side by side."""
        with self._lock:
            return max(
                (number / each.steady for each, number in self._requests.items()), default=0.0
            )

    def as_dict(self, summary: dict[str, Any]) -> dict[str, Any]:
        """The whole plan; `summary` is that of the run."""
        streams = summary["streams"]
        with self._lock:
            requests = {each.name: number for each, number in sorted(self._requests.items())}
            profiles = Counter(self._profiles.values())
        kinds = Counter[str]()
        for name, counts in streams.items():
            kinds[name.partition("__")[0]] += counts.get("planned", 0)
        return {
            "profiles": dict(profiles),
            "billable_profiles_added": profiles["new"],
            "events": dict(self.events),
            "events_without_backfill": dict(self.live_events),
            "consents": dict(self.consents),
            "list_members": kinds["list_members"],
            "suppressions": kinds["suppressions"],
            "deletions": kinds["deletions"],
            "requests": requests,
            "minutes_at_the_limits": round(self.minutes(), 2),
            "rejects": {n: c["reasons"] for n, c in streams.items() if c.get("reasons")},
            "flows_visible": self.flows_visible,
            "flows_started": [each._asdict() for each in self.flows],
        }

    def log(self, logger: logging.Logger, summary: dict[str, Any]) -> None:
        """One JSON line, then the same in words."""
        plan = self.as_dict(summary)
        logger.info("Plan: %s", msgspec.json.encode(plan).decode())
        for line in _lines(plan):
            logger.info("%s", line)

    def _meet(self, people: Iterable[Identifiers]) -> None:
        """Count those as new whom neither Klaviyo has nor the plan brings."""
        with self._lock:
            unmet = [each for each in people if any(each) and not self._foreseen.knows(*each)]
        there = self._there([email or str(phone) for email, phone in unmet], NAMES)
        with self._lock:
            for held in there.values():
                self._foreseen.held(held)
            for email, phone in unmet:
                if self._foreseen.meet(email, phone):
                    self._profiles[email or str(phone)] = "new"

    def _there(self, firsts: Iterable[str], fields: str) -> dict[str, dict[str, Any]]:
        """Attributes of those whom Klaviyo has, by this identifier."""
        firsts = list(firsts)
        wanted = {
            "email": [each for each in firsts if "@" in each],
            "phone_number": [each for each in firsts if "@" not in each],
        }
        return {
            str(each["attributes"][column]).lower(): each["attributes"]
            for column, values in wanted.items()
            for each in self._people.find(column, values, fields=fields)
        }


def _person(resource: dict[str, Any]) -> dict[str, Any]:
    """The profile resource that an item is, or is about."""
    inner = resource["attributes"].get("profile")
    person: dict[str, Any] = inner["data"] if inner else resource
    return person


def _identifiers(resource: dict[str, Any]) -> Identifiers:
    attributes = resource["attributes"]
    return attributes.get("email"), attributes.get("phone_number")


def _changes(resource: dict[str, Any], held: dict[str, Any]) -> bool:
    """Whether an import would change anything of a profile."""
    attributes = resource["attributes"]
    for name, value in attributes.items():
        if name in PARTS:
            there = held.get(name) or {}
            if any(there.get(key) != each for key, each in value.items()):
                return True
        elif held.get(name) != value:
            return True
    unset = resource.get("meta", {}).get("patch_properties", {}).get("unset", [])
    return any(name in (held.get("properties") or {}) for name in unset)


def _lines(plan: dict[str, Any]) -> list[str]:
    profiles = plan["profiles"]
    new, changed, same = (profiles.get(each, 0) for each in ("new", "changed", "unchanged"))
    lines = [
        "Dry run: nothing was written. A real run would:",
        f"  profiles: {new:,} new (billable), {changed:,} changed, {same:,} as they are",
    ]
    for metric, number in plan["events"].items():
        live = plan["events_without_backfill"].get(metric, 0)
        lines.append(f"  events '{metric}': {number:,}, {live:,} of them may start flows")
    lines += [f"  {what}: {number:,}" for what, number in plan["consents"].items()]
    lines += [
        f"  {what.replace('_', ' ')}: {plan[what]:,}"
        for what in ("list_members", "suppressions", "deletions")
        if plan[what]
    ]
    for stream, reasons in plan["rejects"].items():
        lines += [f"  rejected of {stream}: {n:,} x {reason}" for reason, n in reasons.items()]
    minutes = math.ceil(plan["minutes_at_the_limits"])
    total = sum(plan["requests"].values())
    lines.append(f"  {total:,} requests, {minutes:,} min at Klaviyo's limits")
    if not plan["flows_visible"]:
        lines.append("  Live flows could not be looked at: the key lacks flows:read.")
    lines += [
        f"  STARTS THE LIVE FLOW '{each['name']}': {each['reason']}"
        for each in plan["flows_started"]
    ]
    return lines
