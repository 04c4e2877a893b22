"""What can happen to orders and tickets: bought, paid back, given away, scanned."""

from nevent_sandbox.nevent.answers import BadRequestError
from nevent_sandbox.nevent.checkins import MOST_SCANS, CheckIn
from nevent_sandbox.nevent.concerts import Concert
from nevent_sandbox.nevent.moments import Moment
from nevent_sandbox.nevent.orders import MOST_TICKETS, Holder, Order, Ticket
from nevent_sandbox.nevent.rows import Fan


class OrderChanges(Moment):
    """Acts on orders and scans."""

    def buy(
        self,
        fan: Fan,
        concert: Concert,
        kinds: list[str],
        *,
        holders: list[Holder | None] | None = None,
        state: str = "SUCCEEDED",
        purchased: int | None = None,
    ) -> Order:
        """A new order of tickets of these kinds: general, early, vip, free."""
        if not 0 < len(kinds) <= MOST_TICKETS:
            raise BadRequestError(f"An order has 1 to {MOST_TICKETS} tickets")
        number = self.store.next_number("purchase", self.store.base_orders.size)
        when = self.at if purchased is None else purchased
        tickets = []
        for place, kind in enumerate(kinds):
            chosen = concert.types[kind]
            tickets.append(
                Ticket(
                    number * MOST_TICKETS + place,
                    chosen.name,
                    chosen.vip,
                    chosen.price,
                    "ACTIVE",
                    when,
                    holders[place] if holders else None,
                )
            )
        method = "CARD" if any(ticket.price for ticket in tickets) else "FREE"
        order = Order(
            number,
            fan["id"],
            concert.index,
            state,
            concert.currency,
            method,
            when,
            self.at,
            0,
            tickets,
        )
        self.store.put_order(order)
        return order

    def refund(self, order: Order, tickets: set[int] | None = None) -> None:
        """Pay an order back, or some of its tickets."""
        for ticket in order.tickets:
            if tickets is None or ticket.number in tickets:
                ticket.status, ticket.changed = "REFUNDED", self.at
        back = [ticket for ticket in order.tickets if ticket.status == "REFUNDED"]
        order.refunded = sum(ticket.price for ticket in back)
        if len(back) == len(order.tickets):
            order.state = "REFUNDED"
        self.put(order)

    def transfer(self, order: Order, number: int, holder: Holder | None) -> None:
        """Give a ticket to somebody else, or back to the buyer."""
        for ticket in order.tickets:
            if ticket.number == number:
                ticket.status = "TRANSFERRED" if holder else "ACTIVE"
                ticket.holder, ticket.changed = holder, self.at
        self.put(order)

    def put(self, order: Order) -> None:
        """Store an order that was changed."""
        order.updated = self.at
        self.store.put_order(order)

    def check_in(
        self,
        order: Order,
        number: int,
        *,
        entered: int | None = None,
        left: int | None = None,
        status: str | None = None,
    ) -> CheckIn:
        """Scan a ticket; who holds it, if known, else the buyer, has attended."""
        ticket = next(ticket for ticket in order.tickets if ticket.number == number)
        used = {row.number for row in self.store.check_ins_of_order(order.number)}
        free = [n for n in range(number * MOST_SCANS, (number + 1) * MOST_SCANS) if n not in used]
        if not free:
            raise BadRequestError(f"A ticket is scanned at most {MOST_SCANS} times")
        held = ticket.holder.user_id if ticket.holder else None
        row = CheckIn(
            free[-1],
            held or order.user_id,
            order.concert,
            number,
            ticket.type_name,
            self.at if entered is None else entered,
            left,
            status or ("CHECKED_OUT" if left else "CHECKED_IN"),
            self.at,
        )
        self.store.put_check_in(row)
        if ticket.status == "ACTIVE" and row.status != "VOIDED":
            ticket.status, ticket.changed = "USED", self.at
            self.put(order)
        return row
