"""The base collections as registers read them."""

from typing import Any

from nevent_sandbox.nevent.checkins import CheckIn, CheckIns
from nevent_sandbox.nevent.fans import Fans
from nevent_sandbox.nevent.identifiers import Identifiers
from nevent_sandbox.nevent.instants import iso, moment
from nevent_sandbox.nevent.orders import Order, Orders

Fan = dict[str, Any]


class FanRows:
    """Fans, whose rows already have the shape of the API."""

    def __init__(self, fans: Fans, identifiers: Identifiers) -> None:
        self._fans = fans
        self._identifiers = identifiers
        self.size = fans.size

    def row(self, rank: int) -> Fan:
        """Compose a fan."""
        return self._fans.fan(self._fans.at(rank))

    def updated_at(self, rank: int) -> int:
        """When the fan last changed."""
        return self._fans.updated_at(rank)

    def rank(self, identifier: str) -> int | None:
        """Where the fan stands."""
        number = self._identifiers.number("user", identifier)
        return None if number is None or number >= self.size else self._fans.rank(number)

    def field(self, rank: int, name: str) -> Any:
        """Id, creation or a word of a fan."""
        fan = self._fans.at(rank)
        if name == "id":
            return self._identifiers.make("user", fan)
        if name == "createdAt":
            return iso(self._fans.created(fan, self._fans.updated_at(rank)))
        return self._fans.word(fan, name)

    def identify(self, row: Fan) -> str:
        """The fan's id."""
        return str(row["id"])

    def changed(self, row: Fan) -> int:
        """When the fan last changed."""
        return moment(row["updatedAt"])

    def read(self, row: Fan, name: str) -> Any:
        """The same field of a composed fan."""
        if name == "fullName":
            return f"{row['name'] or ''} {row['surname'] or ''}"
        return row[name]


class OrderRows:
    """Orders."""

    def __init__(self, orders: Orders, identifiers: Identifiers) -> None:
        self._orders = orders
        self._identifiers = identifiers
        self.size = orders.size

    def row(self, rank: int) -> Order:
        """Compose an order."""
        return self._orders.order(self._orders.sales.number(rank))

    def updated_at(self, rank: int) -> int:
        """When the order last changed."""
        return self._orders.updated(self._orders.sales.number(rank))

    def rank(self, identifier: str) -> int | None:
        """Where the order stands."""
        number = self._identifiers.number("purchase", identifier)
        if number is None or number >= self.size:
            return None
        segment, place = self._orders.sales.place(number)
        return segment.rank + place

    def field(self, rank: int, name: str) -> Any:
        """Id or purchase time."""
        number = self._orders.sales.number(rank)
        return number if name == "id" else self._orders.order(number).purchased

    def identify(self, row: Order) -> str:
        """The order's id."""
        return self._identifiers.make("purchase", row.number)

    def changed(self, row: Order) -> int:
        """When the order last changed."""
        return row.updated

    def read(self, row: Order, name: str) -> Any:
        """The same field of a composed order."""
        return row.number if name == "id" else row.purchased


class CheckInRows:
    """Scans at the doors."""

    def __init__(self, check_ins: CheckIns, identifiers: Identifiers) -> None:
        self._check_ins = check_ins
        self._identifiers = identifiers
        self.size = check_ins.size

    def row(self, rank: int) -> CheckIn:
        """Compose a scan."""
        return self._check_ins.at(rank)

    def updated_at(self, rank: int) -> int:
        """When the scan last changed."""
        return self._check_ins.updated_at(rank)

    def rank(self, identifier: str) -> int | None:
        """Where the scan stands."""
        number = self._identifiers.number("attendance", identifier)
        return None if number is None else self._check_ins.rank(number)

    def field(self, rank: int, name: str) -> Any:
        """Id or time of entry."""
        return self.read(self._check_ins.at(rank), name)

    def identify(self, row: CheckIn) -> str:
        """The scan's id."""
        return self._identifiers.make("attendance", row.number)

    def changed(self, row: CheckIn) -> int:
        """When the scan last changed."""
        return row.updated

    def read(self, row: CheckIn, name: str) -> Any:
        """The same field of a composed scan."""
        return row.number if name == "id" else row.entered
