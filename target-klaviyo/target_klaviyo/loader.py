"""Sends what the sinks queue, and watches Klaviyo's import jobs to their end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from singer_outcomes.loader import Loader
from typing_extensions import override

from target_klaviyo.kinds import KINDS

if TYPE_CHECKING:
    from klaviyo_client import KlaviyoSession
    from singer_outcomes.fates import Fates
    from singer_outcomes.ledger import Ledger

    from target_klaviyo.imports import Imports
    from target_klaviyo.jobs import ImportJob

OPEN_JOBS = 16  # import jobs whose end is awaited; each holds 9 MB of keys of up to 10,000 people
FIRST_POLL, LAST_POLL = 0.1, 3.0  # seconds between looks at the open jobs


class KlaviyoLoader(Loader):
    """The way of rows from queue to settled; people in an open job wait for its end."""

    def __init__(
        self, session: KlaviyoSession, fates: Fates, imports: Imports, *, ledger: Ledger
    ) -> None:
        super().__init__(KINDS, fates, ledger=ledger, let_go=session.stop, close=session.close)
        self._imports = imports
        self._jobs: dict[str, ImportJob] = {}
        self._poll = FIRST_POLL

    def track(self, job: ImportJob) -> None:
        """Watch an import job to its end."""
        with self._changed:
            self._jobs[job.id] = job
            self._changed.notify_all()

    @property
    @override
    def _under_way(self) -> bool:
        return super()._under_way or bool(self._jobs)

    @property
    @override
    def _room(self) -> bool:
        return super()._room and self._sending.total() + len(self._jobs) < OPEN_JOBS

    @property
    @override
    def _pause(self) -> float:
        return self._poll if self._jobs else super()._pause

    @override
    def _look(self) -> None:
        """Settle the rows of every job that has ended."""
        with self._changed:
            jobs = dict(self._jobs)
        ended = not jobs
        for job in self._imports.settled(jobs) if jobs else ():
            ended = True
            with self._changed:
                del self._jobs[job.id]
                self._changed.notify_all()
        self._poll = FIRST_POLL if ended else min(self._poll * 1.5, LAST_POLL)
