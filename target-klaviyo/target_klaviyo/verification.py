"""A sample of what Klaviyo accepted without a job to ask, read back at the end of the run."""

from __future__ import annotations

import random
import threading
from typing import TYPE_CHECKING, Any, NamedTuple

from klaviyo_client.limits import GET_EVENTS, MAX_EVENTS_PAGE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from klaviyo_client import KlaviyoSession
    from singer_outcomes.queues import Row

    from target_klaviyo.people import People

COULD_NOT_LOOK = "sample of accepted events not read back: the key lacks events:read"


class Seen(NamedTuple):
    """How many of a sample Klaviyo shows by now; what it does not show may still be on its way."""

    sampled: int
    found: int


class Verification:
    """Draws a few of the accepted events, each with the same chance, and looks for them.

    Args:
        size: of the sample; 0 reads nothing back.
    """

    def __init__(self, session: KlaviyoSession, people: People, *, size: int) -> None:
        self._session = session
        self._people = people
        self._size = size
        self._lock = threading.Lock()
        self._accepted = 0
        self._sample: list[tuple[str, str]] = []  # whose event, and its unique_id

    def accepted(self, rows: Iterable[Row]) -> None:
        """These events were accepted."""
        if not self._size:
            return
        with self._lock:
            for row in rows:
                drawn = (row.people[0], row.identity.rpartition("|")[2])
                self._accepted += 1
                place = random.randrange(self._accepted)  # noqa: S311  # a sample, no secret
                if len(self._sample) < self._size:
                    self._sample.append(drawn)
                elif place < self._size:
                    self._sample[place] = drawn

    def read_back(self) -> Seen | None:
        """Look for the sample in Klaviyo; None where there is none.

        Raises:
            KlaviyoError: Klaviyo did not answer, or the key may not read.
        """
        if not self._sample:
            return None
        found = 0
        for person, unique_id in self._sample:
            column = "email" if "@" in person else "phone_number"
            profile = next(iter(self._people.find(column, [person])), None)
            if profile is not None:
                found += self._shows(profile["id"], unique_id)
        return Seen(len(self._sample), found)

    def _shows(self, profile_id: str, unique_id: str) -> bool:
        condition = f'equals(profile_id,"{profile_id}")'
        params: dict[str, Any] = {"page[size]": MAX_EVENTS_PAGE}
        params["fields[event]"] = "event_properties"
        pages = self._session.pages(GET_EVENTS, filter=condition, **params)
        return any(
            each["attributes"]["event_properties"].get("$event_id") == unique_id
            for page in pages
            for each in page["data"]
        )
