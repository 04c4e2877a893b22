"""The organiser's concerts and who plays there, read once a run and only if asked for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from nevent_client.errors import NotServedError
from nevent_client.rows import day, moment

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import tzinfo

    from nevent_client.paging import Pager
    from nevent_client.rows import Row

_COMING = frozenset({"SCHEDULED", "RUNNING"})


class Artist(NamedTuple):
    """Someone who plays."""

    name: str
    genres: tuple[str, ...]


class Concert(NamedTuple):
    """What the other streams need of a nevent_event; times in UTC, `date` the organiser's."""

    id: str
    name: str
    starts: str
    date: str
    ends: str
    status: str
    on_sale: str | None
    genres: tuple[str, ...]
    updated: str

    def is_ahead(self, now: str) -> bool:
        """Whether it has yet to end."""
        return self.ends >= now and self.status not in {"CANCELLED", "DRAFT"}

    def is_on_sale(self, now: str) -> bool:
        """Whether tickets can be bought."""
        sold = self.on_sale is None or self.on_sale <= now
        return sold and self.status in _COMING and self.starts >= now


class Concerts:
    """All concerts by id, and line-ups on demand."""

    def __init__(self, pager: Pager, zone: tzinfo) -> None:
        self._pager = pager
        self._zone = zone
        self._lineups: dict[str, tuple[Artist, ...]] = {}
        self._playing: dict[str, list[str]] = {}

    @cached_property
    def all(self) -> dict[str, Concert]:
        """Concerts by id; none where this Nevent has no list of them."""
        try:
            rows = list(self._pager.rows("nevent_events", query={"size": 1000}))
        except NotServedError:
            return {}
        return {row["id"]: _concert(row, self._zone) for row in rows}

    @cached_property
    def artists(self) -> dict[str, Artist]:
        """Artists by id."""
        try:
            rows = list(self._pager.rows("performers", query={"size": 1000}))
        except NotServedError:
            return {}
        return {row["id"]: _artist(row) for row in rows}

    def lineup(self, concert_id: str | None) -> tuple[Artist, ...]:
        """Who plays there, in order, each once."""
        if not concert_id:
            return ()
        if concert_id not in self._lineups:
            self.read_lineups([concert_id])
        return self._lineups[concert_id]

    def playing(self, concert_id: str | None) -> list[str]:
        """The names of those who play there; one list for all who ask."""
        key = concert_id or ""
        if key not in self._playing:
            self._playing[key] = [each.name for each in self.lineup(concert_id)]
        return self._playing[key]

    def read_lineups(self, concert_ids: Iterable[str | None]) -> None:
        """Fetch the line-ups not known yet, several at a time."""
        missing = sorted({each for each in concert_ids if each} - self._lineups.keys())
        for key, lineup in zip(missing, self._pager.each(self._lineup, missing), strict=True):
            self._lineups[key] = lineup

    def _lineup(self, concert_id: str) -> tuple[Artist, ...]:
        try:
            answer = self._pager.session.call("lineup", path={"id": concert_id})
        except NotServedError:
            return ()
        artists = (
            _artist(each["performer"])
            for of_day in answer.get("days") or []
            for stage in of_day.get("stages") or []
            for session in stage.get("sessions") or []
            for each in session.get("performers") or []
        )
        return tuple({each.name: each for each in artists}.values())


def _artist(row: Row) -> Artist:
    return Artist(str(row.get("name")), tuple(row.get("genres") or ()))


def _concert(row: Row, zone: tzinfo) -> Concert:
    starts = moment(row.get("date")) or ""
    return Concert(
        id=row["id"],
        name=str(row.get("name")),
        starts=starts,
        date=day(starts, zone) or "",
        ends=moment(row.get("endDate")) or starts,
        status=str(row.get("status")),
        on_sale=moment(row.get("onSaleAt")),
        genres=tuple(row.get("genres") or ()),
        updated=moment(row.get("updatedAt")) or "",
    )
