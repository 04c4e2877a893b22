"""The people of one small audience, and how each of them looks in a record."""

from __future__ import annotations

import random
from typing import Literal, NamedTuple

Trait = Literal[
    "plain",  # nothing is wrong
    "phone_only",  # no e-mail address at all
    "shares_phone",  # with somebody who was there before
    "bad_phone",  # a number that no network knows: it is left out
    "bad_email",  # not an address: rejected before it is sent
    "wrong_type",  # breaks the stream's schema: rejected before it is sent
    "refused_value",  # Klaviyo refuses the request and points at the row
    "malformed",  # the same, for the address
    "failing",  # the import job fails at this row
]
ONCE: frozenset[Trait] = frozenset({"refused_value", "wrong_type"})
"""Told in one record only: merged with a good one their value would not be seen."""
NEVER: frozenset[Trait] = frozenset({"bad_email", "malformed"})
"""No record of theirs can arrive, of whatever kind."""
_ODDS: dict[Trait, int] = {
    "plain": 60,
    "phone_only": 6,
    "shares_phone": 14,
    "bad_phone": 6,
    "bad_email": 6,
    "wrong_type": 3,
    "refused_value": 3,
    "malformed": 4,
    "failing": 4,
}
_NOT_ADDRESSES = ("{0}@", "@{0}.es", "{0}", "{0}@nevent demo.es", "{0}..x@nevent-demo.es", "{0}@es")
_SPELLINGS = ("6{0} {1} {2}", "+346{0}{1}{2}", "00346{0}{1}{2}", "6{0}-{1}-{2}", "+34 6{0}{1}{2}")


class Fan(NamedTuple):
    """One person; `email` and `phone` in the form that Klaviyo keeps, None where there is none."""

    number: int
    trait: Trait
    email: str | None
    phone: str | None


def chance(*path: object) -> random.Random:
    """Dice of their own for each thing that is decided, so that one more throw moves no other."""
    return random.Random(":".join(map(str, path)))  # noqa: S311  # no secret


def audience(dice: random.Random, number: int) -> list[Fan]:
    """So many people, in the order in which they became known."""
    fans: list[Fan] = []
    for index in range(number):
        trait: Trait = dice.choices(list(_ODDS), list(_ODDS.values()))[0]
        phone = f"+346{index:02d}{dice.randrange(10**6):06d}" if dice.random() < 0.7 else None
        email: str | None = f"fan{index}.{dice.choice(('ana', 'luis', 'eva'))}@nevent-demo.es"
        if trait == "phone_only":
            phone, email = phone or f"+346{index:02d}123456", None
        elif trait == "shares_phone":
            # Of somebody with an address: a profile of a phone alone would take this one in.
            phone = next((fan.phone for fan in fans if fan.phone and fan.email), None)
        elif trait == "bad_phone":
            phone = None
        fans.append(Fan(index, trait, email, phone))
    return fans


def identifiers(dice: random.Random, fan: Fan) -> dict[str, str]:
    """The columns that say who it is, as a source may write them."""
    columns: dict[str, str] = {"external_id": f"nevent-{fan.number}"}
    if fan.trait == "bad_email":
        columns["email"] = dice.choice(_NOT_ADDRESSES).format(f"fan{fan.number}")
    elif fan.email:
        columns["email"] = dice.choice((fan.email, fan.email, fan.email.upper(), f" {fan.email}"))
    if fan.trait == "bad_phone":
        columns["phone_number"] = dice.choice(("12", "600 11 22", "no tiene"))
    elif fan.phone:
        digits = fan.phone.removeprefix("+346")
        parts = digits[:2], digits[2:5], digits[5:]
        columns["phone_number"] = dice.choice(_SPELLINGS).format(*parts)
    return columns
