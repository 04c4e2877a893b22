"""The kinds of orders that occur, and how often: every 67 orders hold each of them.

A ticket's `scan` says what happens at a concert that has passed: `stay` is scanned once a day,
`day1` and `days2` on the first days only, `return` leaves and comes back, `late` is uploaded by
an offline scanner the day after, `void` is scanned by mistake, and "" never comes.
"""

from msgspec import Struct

from nevent_sandbox.nevent.arithmetic import Pattern

ENTERING = ("stay", "day1", "days2", "return")
FRIENDS = 3  # the next fans in the audience are a fan's friends: this many may hold his tickets


class Plan(Struct, frozen=True):
    """One ticket of a shape; holder: 0 the buyer, 1..3 that friend, -1 an outsider."""

    kind: str = "general"
    scan: str = "stay"
    holder: int = 0
    status: str = "ACTIVE"


class Shape(Struct, frozen=True):
    """One kind of order; `refund` is the refunded share of the total."""

    tickets: tuple[Plan, ...]
    state: str = "COMPLETE"
    refund: float = 0.0

    @property
    def visit(self) -> str:
        """How the concert changes the order once it has passed: gate, late or idle."""
        scans = [plan.scan for plan in self.tickets if plan.status == "ACTIVE"]
        if any(scan in ENTERING for scan in scans):
            return "gate"
        return "late" if "late" in scans else "idle"

    @property
    def settled(self) -> bool:
        """Nothing happened to it between the sale and the concert."""
        return (
            self.state in {"COMPLETE", "PENDING", "FAILED"}
            and self.refund == 0.0
            and not any(plan.status == "TRANSFERRED" for plan in self.tickets)
        )


_ONE = Plan()
_GONE = Plan(scan="")
_BACK = Plan(scan="", status="REFUNDED")
_OUT = Plan(scan="", holder=-1)
_KINDS: tuple[tuple[int, Shape], ...] = (
    (18, Shape((_ONE,))),
    (4, Shape((_GONE,))),
    (6, Shape((_ONE, _ONE))),
    (2, Shape((_ONE, Plan(holder=1)))),
    (3, Shape((Plan(kind="early", scan="days2"),))),
    (3, Shape((Plan(kind="vip"),))),
    (1, Shape((Plan(kind="vip"), Plan(kind="vip", holder=1)))),
    (2, Shape((Plan(kind="free", scan="day1"),))),
    (2, Shape((_ONE,) * 4)),
    (2, Shape((_ONE, Plan(holder=1), Plan(holder=2), Plan(holder=3)))),
    (1, Shape((_ONE, _OUT, _OUT, _OUT))),
    (1, Shape((_ONE, _ONE, Plan(holder=1), Plan(kind="free"), _OUT, _GONE))),
    (2, Shape((Plan(scan="return"),))),
    (1, Shape((Plan(kind="vip", scan="return"), _ONE))),
    (2, Shape((Plan(scan="late"),))),
    (1, Shape((Plan(scan="void"),))),
    (2, Shape((_BACK,), "REFUNDED", 1.0)),
    (1, Shape((_BACK, _BACK), "REFUNDED", 1.0)),
    (2, Shape((_ONE, _BACK), "COMPLETE", 0.5)),
    (1, Shape((_ONE,), "COMPLETE", 0.25)),
    (1, Shape((Plan(holder=1, status="TRANSFERRED"),))),
    (1, Shape((Plan(scan="", holder=-1, status="TRANSFERRED"),))),
    (1, Shape((_ONE, Plan(scan="", holder=-1, status="TRANSFERRED")))),
    (3, Shape((_GONE,), "PENDING")),
    (2, Shape((_GONE,), "FAILED")),
    (2, Shape((Plan(scan="", status="CANCELLED"),), "CANCELLED")),
)
_REPEATED = [shape for amount, shape in _KINDS for _ in range(amount)]
SHAPES = [_REPEATED[n * 26 % len(_REPEATED)] for n in range(len(_REPEATED))]
CALLED_OFF = [
    Shape(tuple(_BACK for _ in shape.tickets), "REFUNDED", 1.0)
    if shape.state in {"COMPLETE", "REFUNDED"}
    else shape
    for shape in SHAPES
]
"""The same orders for a concert that was cancelled: everything paid is paid back."""

VISITS = {
    visit: Pattern([(0,) if shape.visit == visit else () for shape in SHAPES])
    for visit in ("idle", "gate", "late")
}


_AGAIN = {1: None, 2: {"stay", "days2"}, 3: {"stay"}}
"""Which scans a ticket still has on the second and the third day of a festival."""


def scanned(*scans: str, day: int = 1) -> Pattern[int]:
    """Places of the tickets with one of these scans; from day 2 on, of those who come again."""
    wanted = _AGAIN[day] or set(scans)
    return Pattern(
        [
            [place for place, plan in enumerate(shape.tickets) if plan.scan in wanted]
            for shape in SHAPES
        ]
    )
