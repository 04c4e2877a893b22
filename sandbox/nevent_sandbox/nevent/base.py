"""The computed base of a tenant: what its data were before anything changed."""

from functools import lru_cache
from typing import Any, NamedTuple

from nevent_sandbox.credentials import NEVENT_TENANT_ID
from nevent_sandbox.nevent.checkins import CheckIns
from nevent_sandbox.nevent.concerts import Concert, concerts
from nevent_sandbox.nevent.fans import Fans
from nevent_sandbox.nevent.identifiers import Identifiers
from nevent_sandbox.nevent.newsletters import NAMES, Subscriptions
from nevent_sandbox.nevent.orders import Orders
from nevent_sandbox.nevent.performers import Likes, performers


class Base(NamedTuple):
    """Everything that follows from audience, seed and first day; nobody changes any of it."""

    identifiers: Identifiers
    artists: list[dict[str, Any]]
    likes: Likes
    concerts: list[Concert]
    orders: Orders
    fans: Fans
    check_ins: CheckIns
    subscriptions: list[Subscriptions]


@lru_cache(maxsize=8)  # a reset comes back to the same base, and is asked for before every test
def base(*, fans: int, seed: int, start: int) -> Base:
    """The base of an audience of so many fans, on the day that begins at `start`."""
    identifiers = Identifiers(seed)
    artists = performers(identifiers, seed)
    planned = concerts(start, seed, identifiers, artists)
    orders = Orders(fans=fans, seed=seed, start=start, concerts=planned, identifiers=identifiers)
    people = Fans(
        size=fans,
        seed=seed,
        start=start,
        tenant=NEVENT_TENANT_ID,
        concerts=planned,
        orders=orders,
        identifiers=identifiers,
    )
    return Base(
        identifiers=identifiers,
        artists=artists,
        likes=Likes(seed),
        concerts=planned,
        orders=orders,
        fans=people,
        check_ins=CheckIns(planned, orders, identifiers),
        subscriptions=[
            Subscriptions(
                number,
                seed=seed,
                start=start,
                fans=people,
                concerts=planned,
                identifiers=identifiers,
            )
            for number in range(len(NAMES))
        ],
    )
