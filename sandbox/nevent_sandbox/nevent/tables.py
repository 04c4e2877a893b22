"""The collections of the data API: their columns, and their rows in snake_case."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from nevent_sandbox.nevent.checkins import CheckIn
from nevent_sandbox.nevent.instants import iso
from nevent_sandbox.nevent.likings import Likings
from nevent_sandbox.nevent.orders import Order
from nevent_sandbox.nevent.store import TENANT_ID, Store

Line = dict[str, Any]


class Table(NamedTuple):
    """One collection: what it holds, the field of its time, its columns with their types."""

    description: str
    time_field: str
    columns: dict[str, str]


_TEXT, _INTEGER, _TIME = "STRING", "INTEGER", "TIMESTAMP"
TABLES = {
    "purchases": Table(
        "Orders; amounts in cents",
        "purchased_at",
        {
            "purchase_id": _TEXT,
            "user_id": _TEXT,
            "event_id": _TEXT,
            "state": _TEXT,
            "total_price": _INTEGER,
            "refunded_amount": _INTEGER,
            "currency": _TEXT,
            "purchased_at": _TIME,
            "updated_at": _TIME,
            "tenant_id": _TEXT,
        },
    ),
    "tickets": Table(
        "Tickets; user_id is the holder if known, else the buyer; prices in cents",
        "purchased_at",
        {
            "ticket_id": _TEXT,
            "purchase_id": _TEXT,
            "user_id": _TEXT,
            "event_id": _TEXT,
            "status": _TEXT,
            "price": _INTEGER,
            "currency": _TEXT,
            "ticket_type": _TEXT,
            "vip": "BOOLEAN",
            "purchased_at": _TIME,
            "state": _TEXT,
            "tenant_id": _TEXT,
        },
    ),
    "attendance": Table(
        "Scans at the doors",
        "checked_in_at",
        {
            "attendance_id": _TEXT,
            "user_id": _TEXT,
            "event_id": _TEXT,
            "ticket_type": _TEXT,
            "checked_in_at": _TIME,
            "status": _TEXT,
            "updated_at": _TIME,
        },
    ),
    "likes": Table(
        "Artists that fans like",
        "created_at",
        {"user_id": _TEXT, "performer_id": _TEXT, "performer_name": _TEXT, "created_at": _TIME},
    ),
    "users": Table(
        "Fans", "created_at", {"user_id": _TEXT, "created_at": _TIME, "updated_at": _TIME}
    ),
}
_PURCHASES = ("total_price", "purchased_at", "tenant_id", "event_id", "state")
PUBLISHED = {
    "purchases": Table(
        "Orders; amounts in cents",
        "purchased_at",
        {name: TABLES["purchases"].columns[name] for name in _PURCHASES},
    ),
    "events": Table("Concerts", "date", {"event_id": _TEXT, "tenant_id": _TEXT}),
}


class Lines:
    """Reads the rows of a collection, of all fans in the order of their ids or of one."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._likings = Likings(store)
        self._of_fan: dict[str, Callable[[str], list[Line]]] = {
            "purchases": self._purchases,
            "tickets": self._tickets,
            "attendance": self._attendance,
            "likes": self._likes,
            "users": self._users,
        }

    def of_fan(self, collection: str, user: str) -> list[Line]:
        """One fan's rows."""
        return self._of_fan[collection](user)

    def users(self, first: int, last: int) -> Iterator[str]:
        """Ids of all fans whose numbers lie between, erased ones too: their orders remain."""
        prefix = self._store.identifiers.prefix("user")
        end = self._store.fans_at_start + self._store.added["user"]
        for number in range(max(0, first), min(end, last + 1)):
            yield f"{prefix}{number:08x}"

    def events(self) -> list[Line]:
        """The concerts."""
        return [{"event_id": c.id, "tenant_id": TENANT_ID} for c in self._store.concerts]

    def _purchases(self, user: str) -> list[Line]:
        return [self._purchase(order) for order in self._store.orders_of(user)]

    def _purchase(self, order: Order) -> Line:
        return {
            "purchase_id": self._store.orders.base.identify(order),
            "user_id": order.user_id,
            "event_id": self._store.concerts[order.concert].id,
            "state": order.state,
            "total_price": order.total,
            "refunded_amount": order.refunded,
            "currency": order.currency,
            "purchased_at": iso(order.purchased),
            "updated_at": iso(order.updated),
            "tenant_id": TENANT_ID,
        }

    def _tickets(self, user: str) -> list[Line]:
        make = self._store.identifiers.make
        found = []
        for order in self._store.orders_touching(user):
            for ticket in order.tickets:
                held = ticket.holder.user_id if ticket.holder else None
                if (held or order.user_id) == user:
                    found.append(
                        {
                            "ticket_id": make("ticket", ticket.number),
                            "purchase_id": make("purchase", order.number),
                            "user_id": user,
                            "event_id": self._store.concerts[order.concert].id,
                            "status": ticket.status,
                            "price": ticket.price,
                            "currency": order.currency,
                            "ticket_type": ticket.type_name,
                            "vip": ticket.vip,
                            "purchased_at": iso(order.purchased),
                            "state": order.state,
                            "tenant_id": TENANT_ID,
                        }
                    )
        return found

    def _attendance(self, user: str) -> list[Line]:
        return [self._check_in(row) for row in self._store.check_ins_of(user)]

    def _check_in(self, row: CheckIn) -> Line:
        return {
            "attendance_id": self._store.check_ins.base.identify(row),
            "user_id": row.user_id,
            "event_id": self._store.concerts[row.concert].id,
            "ticket_type": row.type_name,
            "checked_in_at": iso(row.entered),
            "status": row.status,
            "updated_at": iso(row.updated),
        }

    def _likes(self, user: str) -> list[Line]:
        number = self._store.number(user)
        if number is None or user in self._store.fans.gone:
            return []
        return [
            {
                "user_id": user,
                "performer_id": self._store.artists[artist]["id"],
                "performer_name": self._store.artists[artist]["name"],
                "created_at": iso(self._likings.moment(number, artist)),
            }
            for artist in self._store.likes.of(number)
        ]

    def _users(self, user: str) -> list[Line]:
        row = self._store.fans.get(user)
        if row is None:
            return []
        return [{"user_id": user, "created_at": row["createdAt"], "updated_at": row["updatedAt"]}]
