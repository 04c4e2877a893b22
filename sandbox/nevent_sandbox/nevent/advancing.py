"""Lets time pass: a seeded batch of what happens to an audience in some days."""

from random import Random
from typing import TYPE_CHECKING, Any

from nevent_sandbox.nevent.changes import Changes
from nevent_sandbox.nevent.choosing import TRIES, Choosing
from nevent_sandbox.nevent.instants import DAY, HOUR, MINUTE, iso
from nevent_sandbox.nevent.orders import COMPLETED, Holder, Order
from nevent_sandbox.nevent.people import TAGS
from nevent_sandbox.nevent.rows import Fan
from nevent_sandbox.nevent.sales import DOORS
from nevent_sandbox.nevent.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

DEFAULT = 20
MOST = 5000
_CONSENTING = 0.8
_CITIES = ("Murcia", "Gijón", "Cáceres", "Vitoria-Gasteiz")

Change = dict[str, Any]


class Advance:
    """One batch: every change tells its kind, the fans concerned and the ids touched."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._chance = Random(f"{store.seed} {store.turns}")  # noqa: S311 - a seeded audience
        self._changes = Changes(store)
        self._choose = Choosing(self._changes, self._chance)
        self._kinds: dict[str, Callable[[], Change | None]] = {
            "purchase": self._purchase,
            "check_in": self._check_in,
            "refund": self._refund,
            "transfer": self._transfer,
            "event_moved": self._event_moved,
            "lineup_changed": self._lineup_changed,
            "tag_added": self._tag_added,
            "tag_removed": self._tag_removed,
            "city_changed": self._city_changed,
            "email_changed": self._email_changed,
            "consent_granted": self._consent_granted,
            "consent_withdrawn": self._consent_withdrawn,
            "preference_changed": self._preference_changed,
            "subscribed": self._subscribed,
            "unsubscribed": self._unsubscribed,
            "erased": self._erased,
            "fan_added": self._fan_added,
        }

    def run(self, since: int, wanted: int | dict[str, int]) -> list[Change]:
        """Apply so many changes (all kinds in turn, or so many of each), between then and now."""
        kinds = self._wanted(wanted)
        now = self._store.now()
        self._store.turns += 1
        found = []
        for place, kind in enumerate(kinds):
            self._changes.at = since + (now - since) * (place + 1) // (len(kinds) + 1)
            change = self._kinds[kind]()
            if change is not None:
                found.append({"kind": kind, "at": iso(self._changes.at), **change})
        return found

    def _wanted(self, wanted: int | dict[str, int]) -> list[str]:
        if isinstance(wanted, dict):
            return [kind for kind, times in wanted.items() for _ in range(times)]
        names = list(self._kinds)
        return [names[place % len(names)] for place in range(wanted)]

    @property
    def kinds(self) -> list[str]:
        """The names of all kinds."""
        return list(self._kinds)

    def _order_id(self, order: Order) -> str:
        return self._store.orders.base.identify(order)

    def _purchase(self) -> Change | None:
        fan, concerts = self._choose.fan(), self._choose.on_sale()
        if fan is None or not concerts:
            return None
        kind = self._chance.choice(("general", "general", "early", "vip"))
        count = self._chance.choice((1, 1, 2))
        order = self._changes.buy(fan, self._chance.choice(concerts), [kind] * count)
        return {"fan": fan["id"], "ids": [self._order_id(order)]}

    def _check_in(self) -> Change | None:
        at, start = self._changes.at, self._store.start
        passed = [
            c
            for c in self._store.concerts
            if not c.fixed_status and c.date > start and c.date + DOORS < at
        ]
        if not passed:
            return None
        concert = self._chance.choice(passed)

        def usable(order: Order) -> bool:
            active = any(ticket.status == "ACTIVE" for ticket in order.tickets)
            return order.state in COMPLETED and active

        order = self._choose.order(usable, concert)
        if order is None:
            return None
        ticket = next(ticket for ticket in order.tickets if ticket.status == "ACTIVE")
        entered = min(at, concert.date + self._chance.randrange(180) * MINUTE)
        row = self._changes.check_in(order, ticket.number, entered=max(entered, ticket.changed))
        identifier = self._store.check_ins.base.identify(row)
        return {"fan": row.user_id, "ids": [identifier, self._order_id(order)]}

    def _sold(self) -> Order | None:
        def plain(order: Order) -> bool:
            fresh = all(ticket.status == "ACTIVE" for ticket in order.tickets)
            return order.state in {"SUCCEEDED", "COMPLETE"} and fresh and not order.refunded

        coming = self._choose.coming()
        return self._choose.order(plain, self._chance.choice(coming)) if coming else None

    def _refund(self) -> Change | None:
        order = self._sold()
        if order is None:
            return None
        self._changes.refund(order)
        return {"fan": order.user_id, "ids": [self._order_id(order)]}

    def _transfer(self) -> Change | None:
        order, friend = self._sold(), self._choose.fan()
        if order is None or friend is None or friend["id"] == order.user_id:
            return None
        self._changes.transfer(order, order.tickets[0].number, Holder(friend["id"]))
        fans = {"fan": order.user_id, "fans": [order.user_id, friend["id"]]}
        return {**fans, "ids": [self._order_id(order)]}

    def _event_moved(self) -> Change | None:
        coming = [c for c in self._choose.coming() if c.date > self._changes.at + 20 * DAY]
        if not coming:
            return None
        concert = self._chance.choice(coming)
        self._changes.set_concert(concert, date=concert.date + 2 * DAY + HOUR)
        return {"fan": None, "ids": [concert.id]}

    def _lineup_changed(self) -> Change | None:
        coming = self._choose.coming()
        if not coming:
            return None
        concert = self._chance.choice(coming)
        artists = self._chance.sample(self._store.artists, 3 * concert.days)
        self._changes.set_lineup(concert, [artist["id"] for artist in artists])
        return {"fan": None, "ids": [concert.id]}

    def _set(self, fan: Fan | None, **values: Any) -> Change | None:
        if fan is None:
            return None
        self._changes.set_fan(fan, values)
        return {"fan": fan["id"], "ids": [fan["id"]]}

    def _tag_added(self) -> Change | None:
        tag = self._chance.choice(TAGS)
        fan = self._choose.fan(lambda row: tag not in row["tags"])
        return self._set(fan, tags=[*(fan or {"tags": []})["tags"], tag])

    def _tag_removed(self) -> Change | None:
        fan = self._choose.fan(lambda row: bool(row["tags"]))
        return self._set(fan, tags=(fan or {"tags": []})["tags"][1:])

    def _city_changed(self) -> Change | None:
        city = self._chance.choice(_CITIES)
        return self._set(self._choose.fan(lambda row: row["city"] != city), city=city)

    def _email_changed(self) -> Change | None:
        fan = self._choose.fan(lambda row: "@" in (row["email"] or ""))
        local, _, domain = (fan or {"email": ""})["email"].strip().partition("@")
        return self._set(fan, email=f"{local}.nuevo@{domain}")

    def _consented(self, *, granted: bool, act: str) -> Change | None:
        fan = self._choose.fan(
            lambda row: ((row["thirdPartySharing"] or {}).get("granted", False)) == granted
        )
        if fan is None:
            return None
        self._changes.consent(fan, act)
        return {"fan": fan["id"], "ids": [fan["id"]]}

    def _consent_granted(self) -> Change | None:
        return self._consented(granted=False, act="grant")

    def _consent_withdrawn(self) -> Change | None:
        return self._consented(granted=True, act="withdraw")

    def _preference_changed(self) -> Change | None:
        fan = self._choose.fan()
        enabled = bool(fan and fan["communicationPreferences"]["emailEnabled"])
        return self._set(fan, communicationPreferences={"emailEnabled": not enabled})

    def _subscribed(self) -> Change | None:
        newsletter = self._chance.randrange(len(self._store.subscriptions))
        fan = self._choose.fan(
            lambda row: (
                bool(row["email"]) and not self._store.subscriptions_of(newsletter, row["id"])
            )
        )
        if fan is None:
            return None
        values = {"userId": fan["id"], "email": fan["email"], "source": "Event Registration"}
        concerts = self._choose.on_sale()
        if concerts:
            concert = self._chance.choice(concerts)
            values |= {"eventId": concert.id, "eventName": concert.name}
        row = self._changes.subscribe(newsletter, values)
        return {"fan": fan["id"], "ids": [row["id"]]}

    def _unsubscribed(self) -> Change | None:
        newsletter = self._chance.randrange(len(self._store.subscriptions))
        register = self._store.subscriptions[newsletter]
        for _ in range(TRIES if len(register) else 0):
            row = register.at(self._chance.randrange(len(register)))
            if row["status"] == "CONFIRMED":
                self._changes.set_subscription(newsletter, row, {"status": "UNSUBSCRIBED"})
                return {"fan": row["userId"], "ids": [row["id"]]}
        return None

    def _erased(self) -> Change | None:
        fan = self._choose.fan()
        if fan is None:
            return None
        self._changes.erase(fan)
        return {"fan": fan["id"], "ids": [fan["id"]]}

    def _fan_added(self) -> Change | None:
        number = self._store.fans_at_start + self._store.added["user"]
        words = self._store.base_fans.words
        chance = self._chance.getrandbits(64)
        name, surname = words.names(number, chance)
        fan = self._changes.add_fan(
            {
                "email": words.plain_email(number),
                "name": name,
                "surname": surname,
                "phone": words.phone(number, chance),
                "country": words.country(number),
                "language": "es",
                "city": self._chance.choice(_CITIES),
            }
        )
        if self._chance.random() < _CONSENTING:
            self._changes.consent(fan, "grant")
        return {"fan": fan["id"], "ids": [fan["id"]]}
