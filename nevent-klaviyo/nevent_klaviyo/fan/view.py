"""The combined view of one person: a document of plain values, the same for screen and `--json`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from nevent_klaviyo.errors import UnaskedError, UnknownPersonError
from nevent_klaviyo.fan.differences import differences
from nevent_klaviyo.fan.identity import Search
from nevent_klaviyo.fan.klaviyo_side import KlaviyoSide
from nevent_klaviyo.fan.nevent_side import NeventSide
from nevent_klaviyo.instants import iso
from nevent_klaviyo.sides import KLAVIYO, NEVENT, Problems

if TYPE_CHECKING:
    from nevent_klaviyo.sides import Sides

Row = dict[str, Any]

EVERYTHING_OF_NEVENT = (
    *("fan", "third_party_consent", "preferences", "purchases", "concerts", "newsletters"),
)
EVERYTHING_OF_KLAVIYO = (
    *("profile", "consent", "lists", "campaigns", "flows", "engagement", "events"),
)


def view(sides: Sides, who: str, *, keep: int) -> Row:
    """Both sides' blocks of this person, with what differs and what could not be read.

    Args:
        sides: where to ask.
        who: an e-mail address, the id of a fan or of a Klaviyo profile.
        keep: how many of the person's last events to show.

    Raises:
        UnknownPersonError: neither side knows the person.
        UnaskedError: one does not, and the other could not be asked.
        KlaviyoError, NeventError: a side that does not answer as it should.
    """
    problems = Problems()
    person = Search(sides, problems).person(who)
    if person.fan is None and person.profile is None:
        if person.unread:
            raise UnaskedError(" ".join(each.message for each in problems.found))
        raise UnknownPersonError
    nevent: Row = dict.fromkeys(EVERYTHING_OF_NEVENT)
    klaviyo: Row = dict.fromkeys(EVERYTHING_OF_KLAVIYO)
    fan, profile = person.fan, person.profile
    with ThreadPoolExecutor(1) as beside:
        reading = beside.submit(NeventSide(sides, problems).blocks, fan) if fan else None
        if profile is not None:
            klaviyo |= KlaviyoSide(sides, problems, keep=keep).blocks(profile)
        if reading is not None:
            nevent |= reading.result()
    nevent = {"known": person.known(NEVENT), **nevent}
    klaviyo = {"known": person.known(KLAVIYO), **klaviyo}
    return {
        "read_at": iso(sides.klaviyo.now()),
        NEVENT: nevent,
        KLAVIYO: klaviyo,
        "differences": differences(nevent, klaviyo),
        "problems": [each._asdict() for each in problems.found],
    }
