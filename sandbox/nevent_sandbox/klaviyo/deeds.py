"""What happens inside Klaviyo, ordered by tests: people sign up, opt out, complain, confirm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from nevent_sandbox.klaviyo.consents import BOUNCE, BY_HAND, COMPLAINT, EMAIL, SMS, Act, Register
from nevent_sandbox.klaviyo.lists import numbers
from nevent_sandbox.klaviyo.moments import parsed
from nevent_sandbox.klaviyo.natives import BOUNCED, COMPLAINED
from nevent_sandbox.klaviyo.people import People
from nevent_sandbox.klaviyo.subscribing import confirm

if TYPE_CHECKING:
    import sqlite3

    from nevent_sandbox.klaviyo.account import Account

FORM, PAGE = "FORM", "PREFERENCE_PAGE"


class Deed(msgspec.Struct, forbid_unknown_fields=True):
    """One person does one thing, now or at a time that has passed."""

    what: Literal["subscribe", "unsubscribe", "complain", "bounce", "confirm", "suppress"]
    email: str | None = None
    phone_number: str | None = None
    list_id: str | None = None
    at: str | None = None  # ISO 8601


def do(account: Account, deed: Deed) -> None:
    """Have a deed done.

    Raises:
        ValueError: nobody to do it, no such list, nothing to confirm, a time in the future.
    """
    now = account.clock.time()
    at = parsed(deed.at) if deed.at else now
    if at > now:
        raise ValueError("It can only have happened by now.")
    with account.store.writing() as db:
        if deed.list_id and not numbers(db, [deed.list_id]):
            raise ValueError("There is no such list.")
        profile = _person(account, db, deed, now)
        if deed.what == "confirm":
            if not confirm(account, db, profile, deed.list_id, at):
                raise ValueError("There is nothing to confirm.")
            return
        act = Act(at, FORM if deed.what == "subscribe" else PAGE)
        register = Register(db, act, visible=now + account.knobs.visibility_seconds)
        _DEEDS[deed.what](register, profile, deed, at)
        register.save()


def _subscribe(register: Register, profile: int, deed: Deed, at: float) -> None:
    for channel in _channels(deed):
        register.subscribe(profile, channel, at)
    if deed.list_id:
        register.join(profile, deed.list_id, at)


def _unsubscribe(register: Register, profile: int, deed: Deed, at: float) -> None:
    if deed.list_id:
        if not register.is_member(profile, deed.list_id):
            raise ValueError("Nobody can leave a list that they are not on.")
        register.leave(profile, deed.list_id, at)
        return
    for channel in _channels(deed):
        register.unsubscribe(profile, channel, at)


def _complain(register: Register, profile: int, _: Deed, at: float) -> None:
    register.suppress(profile, COMPLAINT, at)
    register.happened(profile, COMPLAINED, at)


def _bounce(register: Register, profile: int, _: Deed, at: float) -> None:
    register.suppress(profile, BOUNCE, at)
    register.happened(profile, BOUNCED, at, **{"Bounce Type": "Hard"})


def _suppress(register: Register, profile: int, _: Deed, at: float) -> None:
    register.suppress(profile, BY_HAND, at)


_DEEDS = {
    "subscribe": _subscribe,
    "unsubscribe": _unsubscribe,
    "complain": _complain,
    "bounce": _bounce,
    "suppress": _suppress,
}


def _channels(deed: Deed) -> list[str]:
    return [channel for channel, given in ((EMAIL, deed.email), (SMS, deed.phone_number)) if given]


def _person(account: Account, db: sqlite3.Connection, deed: Deed, now: float) -> int:
    given = {"email": deed.email, "phone_number": deed.phone_number}
    row = {"attributes": {name: value for name, value in given.items() if value}}
    people = People(
        db, account.store.identities, now=now, visible=now + account.knobs.visibility_seconds
    )
    people.load([row])
    person = people.identified(row) if deed.what == "subscribe" else people.find(row)
    if person is None:
        raise ValueError("There is no such person.")
    people.save()
    return person.n
