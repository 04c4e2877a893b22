"""What people did with mails and where they stand in flows, as interactions of Nevent's fans.

Each goes once, known again by its id: five hundred a request where this Nevent takes many, one by
one where it takes one, and elsewhere (custom fields, a file) where it takes none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nevent_client.errors import NotServedError, RefusedError, UnknownError, scrubbed
from nevent_client.paging import chunked
from nevent_client.rows import body

from target_nevent.fans import STRANGER, Named, named_in
from target_nevent.kinds import decode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from singer_outcomes.fates import Fates
    from singer_outcomes.queues import Row

    from target_nevent.calls import Calls
    from target_nevent.elsewhere import Elsewhere
    from target_nevent.fans import Fans

BATCH, ONE = "interaction_batch", "add_interaction"
NOWHERE = "this Nevent keeps no interactions, and no other place is configured"
_FATES = {"CREATED": "written", "UPDATED": "written", "DUPLICATE": "unchanged"}
SOURCE = "klaviyo"


class Told:
    """One row with what it asks for, and the fan it is about."""

    __slots__ = ("columns", "row")

    def __init__(self, row: Row, columns: dict[str, Any], fan_id: str) -> None:
        self.row = row
        told = {name: each for name, each in columns.items() if name not in Named._fields}
        self.columns = {**told, "fan_id": fan_id, "source": SOURCE}

    @property
    def id(self) -> str:
        """What Nevent knows it by."""
        return str(self.columns["id"])


class Engagement:
    """Finds whom each row is about, and sends it the best way that this Nevent has."""

    def __init__(self, calls: Calls, fans: Fans, fates: Fates, elsewhere: Elsewhere) -> None:
        self._calls = calls
        self._fans = fans
        self._fates = fates
        self._elsewhere = elsewhere
        self._way = BATCH
        self._served = False  # whether a fan's interactions were seen to be there

    def deliver(self, rows: list[Row]) -> None:
        """Send these rows and settle them."""
        told, unknown = [], []
        records = [decode(row.body) for row in rows]
        sure = self._calls.planned  # else Nevent itself tells whom it does not know
        ids = self._fans.ids([named_in(record) for record in records], sure=sure)
        for row, record, fan_id in zip(rows, records, ids, strict=True):
            if fan_id is None:
                unknown.append(row)
            else:
                told.append(Told(row, record, fan_id))
        self._fates.settle(unknown, "unknown")
        for chunk in chunked(told, self._calls.operation(BATCH).max_size):
            self._send(chunk)

    def _send(self, told: Sequence[Told]) -> None:
        way = self._way
        try:
            if way == BATCH:
                self._batch(told)
            elif way == ONE:
                self._singly(told)
            else:
                self._put_elsewhere(told)
        except NotServedError:
            if self._way == way:
                self._way = ONE if way == BATCH else ""
            self._send(told)

    def _batch(self, told: Sequence[Told]) -> None:
        if self._calls.planned:
            self._require_one(told)
        fields = self._calls.operation(BATCH).fields
        items = [body(fields, each.columns) for each in told]
        try:
            answer = self._calls.send(BATCH, [each.row for each in told], {"items": items})
        except RefusedError as error:
            if len(told) == 1:
                self._refuse(told[0], str(error))
                return
            middle = len(told) // 2  # one bad item never sinks the others
            self._batch(told[:middle])
            self._batch(told[middle:])
            return
        if answer is None:  # a dry run
            self._fates.settle([each.row for each in told], "written")
            return
        results = {each.get("externalId"): each for each in answer.get("results") or ()}
        for each in told:
            self._settle(each, results.get(each.id) or {})

    def _settle(self, told: Told, result: dict[str, Any]) -> None:
        status = str(result.get("status"))
        if fate := _FATES.get(status):
            self._fates.settle([told.row], fate)
        elif status == "UNKNOWN_USER":
            self._fates.settle([told.row], "unknown")
        else:
            self._refuse(told, f"{status}: {scrubbed(result.get('message'))}")

    def _singly(self, told: Sequence[Told]) -> None:
        """One request each.

        Raises:
            NotServedError: not even that is served; nothing was settled.
        """
        self._require_one(told)
        for each in told:
            fields = self._calls.operation(ONE).fields
            columns = {name: value for name, value in each.columns.items() if name != "fan_id"}
            path = {"id": each.columns["fan_id"]}
            try:
                answer = self._calls.send(ONE, [each.row], body(fields, columns), path=path)
            except UnknownError:
                self._fates.settle([each.row], "unknown")
            except RefusedError as error:
                self._refuse(each, str(error))
            else:
                status = str((answer or {}).get("status") or "CREATED")
                self._fates.settle([each.row], _FATES.get(status, "written"))

    def _require_one(self, told: Sequence[Told]) -> None:
        """A 404 may mean the person or the operation: ask for those of somebody whom Nevent knows.

        Raises:
            NotServedError: the operation is not there.
        """
        if self._served:
            return
        for each in told:
            fan_id = str(each.columns["fan_id"])
            if self._fans.known(fan_id) and not fan_id.startswith(STRANGER):
                try:
                    self._calls.read("interactions", path={"id": fan_id})
                except UnknownError as error:
                    raise NotServedError(str(error)) from None
                self._served = True
                return

    def _put_elsewhere(self, told: Sequence[Told]) -> None:
        if not self._elsewhere.configured:
            self._fates.withhold([each.row for each in told], NOWHERE)
            return
        known = {str(each.columns["fan_id"]) for each in told}
        known = {fan_id for fan_id in known if self._fans.known(fan_id)}
        here = [each for each in told if each.columns["fan_id"] in known]
        self._elsewhere.keep([each.row for each in here], [each.columns for each in here])
        self._fates.settle([each.row for each in here], "written")
        gone = [each.row for each in told if each.columns["fan_id"] not in known]
        self._fates.settle(gone, "unknown")

    def _refuse(self, told: Told, reason: str) -> None:
        payload = decode(told.row.body)
        self._fates.refuse(told.row, f"Nevent: {reason}", pointer=None, payload=payload)
