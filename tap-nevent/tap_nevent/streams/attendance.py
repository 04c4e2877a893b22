"""Check-ins: one row a fan and concert."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nevent_client.rows import moment
from typing_extensions import override

from tap_nevent.client import PersonalStream
from tap_nevent.streams.per_fan import PerFanFallback

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from nevent_client.rows import Row
    from singer_sdk.helpers.types import Context, Record

Pair = tuple[str, str]


class AttendanceStream(PerFanFallback, PersonalStream):
    """First check-in of each fan at each concert; later ones of that pair add nothing."""

    name = "attendance"
    operation = "attendance"
    kind = "attended"

    @override
    def get_records(self, context: Context | None) -> Iterable[Record]:
        self._settled: set[int] = set()  # hashes of the pairs dealt with in this run
        return super().get_records(context)

    @override
    def walked(self) -> Iterator[list[Record]]:
        if self.bookmark.since is None and (yield from self._from_the_first_check_in()):
            return
        yield from super().walked()

    def _from_the_first_check_in(self) -> Generator[list[Record], None, bool]:
        """All rows in the order of check-in, on a first run: a pair's first one needs no asking.

        False where this Nevent does not sort so; what was given by then is settled.
        """
        self.bookmark.hold(holding=True)  # this is not the order of changes
        before = ""
        for page in self.run.pager.pages(self.operation, query={"sort": "checkedInAt,asc"}):
            times = [moment(row.get("checkedInAt")) or "" for row in page.rows]
            if [before, *times] != sorted([before, *times]):
                return False
            before = times[-1] if times else before
            valid = list(filter(_counts, page.rows))
            yield from self.blocks(self._first_ones(valid))
        self.bookmark.reach(self.run.started)
        self.bookmark.hold(holding=False)
        return True

    def _first_ones(self, rows: list[Row]) -> Iterator[Record]:
        consenting = self.run.people.consenting(map(self.person, rows))
        for row in rows:
            pair = hash(_pair(row))
            if row["userId"] in consenting and pair not in self._settled:
                self._settled.add(pair)
                yield self.record(row, consenting[row["userId"]])

    @override
    def records(self, rows: list[Row]) -> Iterator[Record]:
        """Of the rows that changed, those that are their pair's first check-in."""
        valid = [row for row in rows if _counts(row) and hash(_pair(row)) not in self._settled]
        consenting = self.run.people.consenting(map(self.person, valid))
        fans = {row["userId"] for row in valid} & consenting.keys()
        first: dict[Pair, Row] = {}
        for some in self.run.pager.of_people(self.operation, sorted(fans)):
            _keep_first(first, some)
        for row in valid:
            pair = _pair(row)
            if row["userId"] in fans and first.get(pair, row)["id"] == row["id"]:
                self._settled.add(hash(pair))
                yield self.record(row, consenting[row["userId"]])

    @override
    def record(self, row: Row, person: Row) -> Record:
        record = super().record(row, person)
        record["id"] = ":".join(_pair(row))
        return record

    @override
    def belated(self) -> Iterator[Record]:
        self._settled.clear()  # whoever consented meanwhile was passed over
        return super().belated()

    @override
    def rows_of_fan(self, fan: Row) -> list[Row]:
        query = {"type": self.kind}
        found = self.run.pager.whole("user_nevent_events", path={"id": fan["id"]}, query=query)
        return [
            {
                "id": f"{fan['id']}:{each['id']}",
                "userId": fan["id"],
                "eventId": each["id"],
                "user": fan,
                "event": each,
                "checkedInAt": each.get("date"),  # the only time known
                "updatedAt": fan["updatedAt"],
            }
            for each in found
        ]

    @override
    def fallback_records(self, rows: list[Row]) -> Iterator[Record]:
        return (self.record(row, row["user"]) for row in rows)


def _counts(row: Row) -> bool:
    return row.get("status") != "VOIDED"


def _pair(row: Row) -> Pair:
    return (str(row["userId"]), str(row["eventId"]))


def _keep_first(first: dict[Pair, Row], rows: list[Row]) -> None:
    for row in filter(_counts, rows):
        best = first.setdefault(_pair(row), row)
        if (row.get("checkedInAt") or "", row["id"]) < (best.get("checkedInAt") or "", best["id"]):
            first[_pair(row)] = row
