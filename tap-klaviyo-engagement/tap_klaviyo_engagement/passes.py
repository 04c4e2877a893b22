"""What flows sent to whom, gathered from events."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from klaviyo_client.flow_status import Received

from tap_klaviyo_engagement.events import FOREVER, Event
from tap_klaviyo_engagement.reading import Reading, Wanted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from klaviyo_client.own_metrics import Metric

    from tap_klaviyo_engagement.events import Happening
    from tap_klaviyo_engagement.run import Run


class Person(NamedTuple):
    """Who received something, as the latest event that was read tells it."""

    external_id: str | None
    email: str | None


class Passes:
    """Messages of flows by person and flow.

    A person takes some tens of bytes for each message of the flows they are in; everybody else's
    mail is let go at once.
    """

    def __init__(self) -> None:
        self._messages: dict[str, dict[str, list[tuple[int, str | None]]]] = {}  # flow, profile
        self.people: dict[str, Person] = {}

    def read(self, run: Run, metrics: list[Metric], since: int) -> None:
        """Gather what was received since then, in seconds since 1970."""
        wanted = [Wanted(each, [(since, FOREVER)], uncut=lambda at: at) for each in metrics]
        now = int(run.started.timestamp())
        concurrency = run.config["concurrency"]
        with Reading(run.session, wanted, concurrency=concurrency, now=now) as spans:
            for span in spans:
                for happening in span.happenings:
                    self._take(happening)

    @property
    def flows(self) -> list[str]:
        """Flows that sent anything."""
        return list(self._messages)

    def of(self, flow_id: str) -> Iterator[tuple[str, list[Received]]]:
        """Each person of a flow with what they received of it."""
        for profile, messages in self._messages[flow_id].items():
            yield profile, [Received(datetime.fromtimestamp(at, UTC), m) for at, m in messages]

    def _take(self, happening: Happening) -> None:
        event = happening.event
        person = event.relationships.profile.data
        if not isinstance(event, Event) or person is None:
            return
        told = event.attributes.event_properties
        if told is None or told.flow is None:
            return
        message = None if told.message is None else str(told.message)
        self._messages.setdefault(str(told.flow), {}).setdefault(person.id, []).append(
            (happening.at, message)
        )
        if happening.profile is not None:
            known = happening.profile.attributes
            self.people[person.id] = Person(known.external_id, known.email)
