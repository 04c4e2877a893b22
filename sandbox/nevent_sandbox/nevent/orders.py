"""Orders and their tickets, put together from their number."""

from collections.abc import Sequence

from msgspec import Struct

from nevent_sandbox.nevent.arithmetic import Pattern, Shuffle, mix
from nevent_sandbox.nevent.concerts import Concert
from nevent_sandbox.nevent.identifiers import Identifiers
from nevent_sandbox.nevent.instants import DAY
from nevent_sandbox.nevent.sales import DOORS, DOORS_OPEN, LATE, LATE_OPEN, Sales
from nevent_sandbox.nevent.shapes import CALLED_OFF, ENTERING, FRIENDS, SHAPES, Shape, scanned

COMPLETED = frozenset({"SUCCEEDED", "COMPLETE", "REFUNDED"})
METHODS = ("CARD", "CARD", "BIZUM", "PAYPAL", "APPLE_PAY")
MOST_TICKETS = 8  # a ticket's number is its order's times eight plus its place
_COUNTS = (0, 1, 1, 2, 1, 12, 1, 36, 1, 3, 1, 2, 0, 1, 2, 1, 1, 2, 1, 5, 2, 1, 1, 2, 1)
_FEWER = tuple(1 if count > FRIENDS else count for count in _COUNTS)
_PER_FAN = _COUNTS + _FEWER + _FEWER + _FEWER
OUTSIDERS = ("Lucía Prat", "Íñigo Sáez", "Noa Vilar", "Marc Oliva", "Zoe Quintana", "Hugo Peña")


class Holder(Struct, frozen=True):
    """Who holds a ticket in place of the buyer: a fan by id, or an outsider by name and e-mail."""

    user_id: str | None
    name: str | None = None
    surname: str | None = None
    email: str | None = None


class Ticket(Struct):
    """One ticket; price in cents, `changed` a moment."""

    number: int
    type_name: str
    vip: bool
    price: int
    status: str
    changed: int
    holder: Holder | None = None


class Order(Struct):
    """One order; amounts in cents, moments in milliseconds."""

    number: int
    user_id: str
    concert: int
    state: str
    currency: str
    method: str
    purchased: int
    updated: int
    refunded: int
    tickets: list[Ticket]

    @property
    def total(self) -> int:
        """The price of all its tickets."""
        return sum([ticket.price for ticket in self.tickets])


class Orders:
    """The base audience's orders, by number and by fan."""

    def __init__(
        self,
        *,
        fans: int,
        seed: int,
        start: int,
        concerts: Sequence[Concert],
        identifiers: Identifiers,
    ) -> None:
        self._concerts = concerts
        self._seed = seed
        self._fans = fans
        self._identifiers = identifiers
        self._per_fan = Pattern([range(count) for count in _PER_FAN])
        self.size = self._per_fan.before(fans)
        self.sales = Sales(concerts, start, self.size)
        self._slots = Shuffle(max(1, self.size), seed + 5)
        self._nets = [[self._net(c, n) for n in range(len(SHAPES))] for c in concerts]
        self._names = [[self._completed_names(c, n) for n in range(len(SHAPES))] for c in concerts]
        self.entries = scanned(*ENTERING)
        self.lates = scanned("late")

    def buyer(self, number: int) -> int:
        """The fan who placed an order."""
        return self._per_fan.at(self._slots(number))[0]

    def attendee(self, number: int, holder: int) -> int:
        """The fan who uses a ticket held by the buyer (0) or by one of his friends."""
        return (self.buyer(number) + holder) % self._fans

    def of_fan(self, fan: int) -> list[int]:
        """The orders that a fan of the base audience placed."""
        return self._slots.inverses(self._per_fan.span(fan))

    def touching(self, fan: int) -> list[int]:
        """The orders of a fan and of those who may have given him a ticket."""
        friends = {(fan - back) % self._fans for back in range(FRIENDS + 1)}
        return [number for friend in friends for number in self.of_fan(friend)]

    def shape(self, concert: int, number: int) -> Shape:
        """What kind of order it is."""
        called_off = self._concerts[concert].fixed_status == "CANCELLED"
        return (CALLED_OFF if called_off else SHAPES)[number % len(SHAPES)]

    def net_euro_cents(self, number: int) -> int:
        """What an order brought in euros: its price if completed, less refunds, in cents."""
        return self._nets[self.sales.concert(number)][number % len(SHAPES)]

    def type_names(self, number: int) -> frozenset[str]:
        """The names of the tickets of an order, if it was completed."""
        return self._names[self.sales.concert(number)][number % len(SHAPES)]

    def _completed_names(self, concert: Concert, number: int) -> frozenset[str]:
        shape = self.shape(concert.index, number)
        names = frozenset(concert.types[plan.kind].name for plan in shape.tickets)
        return names if shape.state in COMPLETED else frozenset()

    def _net(self, concert: Concert, number: int) -> int:
        shape = self.shape(concert.index, number)
        if concert.currency != "EUR" or shape.state not in COMPLETED:
            return 0
        total = sum([concert.types[plan.kind].price for plan in shape.tickets])
        back = sum([concert.types[p.kind].price for p in shape.tickets if p.status == "REFUNDED"])
        return total - (back or int(total * shape.refund))

    def entered(self, concert: int, number: int, nth: int) -> int:
        """When the nth scanned ticket of an order came through the doors."""
        low, high = self.sales.bounds(concert)
        first = self.entries.before(low)
        count = self.entries.before(high) - first
        place = self.entries.before(number) - first + nth
        doors = self._concerts[concert].date + DOORS
        return doors + (2 * place + 1) * DOORS_OPEN // (2 * count)

    def uploaded(self, concert: int, number: int, nth: int) -> int:
        """When the late scan of an order's nth late ticket was uploaded."""
        low, high = self.sales.bounds(concert)
        first = self.lates.before(low)
        count = self.lates.before(high) - first
        place = self.lates.before(number) - first + nth
        return self._concerts[concert].end + LATE + (2 * place + 1) * LATE_OPEN // (2 * count)

    def updated(self, number: int) -> int:
        """The last change of an order, without composing it."""
        segment, place = self.sales.place(number)
        if segment.visit in {"sale", "idle"}:
            return segment.time(place)
        return self.order(number).updated

    def order(self, number: int) -> Order:
        """Compose an order of the base audience."""
        segment, place = self.sales.place(number)
        concert = self._concerts[segment.concert]
        shape = self.shape(concert.index, number)
        fan = self.buyer(number)
        chance = mix(number, self._seed)
        closed = concert.date + DOORS
        sold = segment.visit in {"sale", "idle"}
        changed = segment.time(place) if sold else closed
        purchased = changed
        if not (sold and shape.settled):
            purchased = concert.on_sale + (changed - concert.on_sale) * (1 + chance % 97) // 99
        if not sold:
            changed = (
                purchased if shape.settled else (purchased + min(closed, purchased + DAY)) // 2
            )
        tickets = self._tickets(shape, concert, number, fan, purchased, changed)
        if not sold:
            self._use(tickets, shape, concert.index, number)
            changed = max([ticket.changed for ticket in tickets])
        total = sum([ticket.price for ticket in tickets])
        state = shape.state
        if state == "COMPLETE" and not shape.refund and chance & 3:
            state = "SUCCEEDED"
        return Order(
            number,
            self._identifiers.make("user", fan),
            concert.index,
            state,
            concert.currency,
            METHODS[chance % len(METHODS)] if total else "FREE",
            purchased,
            changed,
            self._refunded(shape, tickets),
            tickets,
        )

    def _tickets(
        self, shape: Shape, concert: Concert, number: int, fan: int, purchased: int, changed: int
    ) -> list[Ticket]:
        tickets = []
        for place, plan in enumerate(shape.tickets):
            kind = concert.types[plan.kind]
            tickets.append(
                Ticket(
                    number * MOST_TICKETS + place,
                    kind.name,
                    kind.vip,
                    kind.price,
                    plan.status,
                    purchased if plan.status == "ACTIVE" else changed,
                    self._holder(plan.holder, fan, number * MOST_TICKETS + place),
                )
            )
        return tickets

    def _use(self, tickets: list[Ticket], shape: Shape, concert: int, number: int) -> None:
        entered = late = 0
        for ticket, plan in zip(tickets, shape.tickets, strict=True):
            if plan.scan in ENTERING:
                if plan.status == "ACTIVE":
                    ticket.status, ticket.changed = "USED", self.entered(concert, number, entered)
                entered += 1
            elif plan.scan == "late":
                ticket.status, ticket.changed = "USED", self.uploaded(concert, number, late)
                late += 1

    def _holder(self, holder: int, fan: int, ticket: int) -> Holder | None:
        if holder == 0:
            return None
        friend = (fan + holder) % self._fans
        if holder > 0 and friend != fan:
            return Holder(self._identifiers.make("user", friend))
        name, surname = OUTSIDERS[ticket % len(OUTSIDERS)].split()
        email = None if ticket % 3 == 0 else f"invitado{ticket}@correo-demo.es"
        return Holder(None, name, surname, email)

    def _refunded(self, shape: Shape, tickets: list[Ticket]) -> int:
        if not shape.refund:
            return 0
        paid_back = sum([t.price for t in tickets if t.status == "REFUNDED"])
        return paid_back or int(sum([t.price for t in tickets]) * shape.refund)
