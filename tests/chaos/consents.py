"""Records of consent, lists, suppressions and erasures; and what Klaviyo knows before the run.

Whoever is suppressed by a record states no consent: which of both goes first is a matter of kinds,
not of what came first.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from chaos.people import NEVER, Fan, chance, identifiers
from chaos.records import Stream
from singer_messages import Message, record, schema

if TYPE_CHECKING:
    import random

    from chaos.records import Scene

NEWSLETTER, VIP, SEGMENT = "Nevent - Newsletter", "Nevent - VIP", "Nevent - Rock"
LISTS = (NEWSLETTER, VIP, SEGMENT)
# What is said of one person, one after the other. Left out is what ends as it does because records
# were read together: a consent after an objection (Klaviyo dates the objection with the time of the
# request, so where a killed run had sent it, the older consent is withheld by the rerun), and two
# consents (the one that was sent first gives the date).
_COURSES: tuple[tuple[str, ...], ...] = (
    (),
    ("subscribed",),
    ("subscribed",),
    ("unsubscribed",),
    ("subscribed", "unsubscribed"),
    ("unsubscribed", "unsubscribed"),
)
_THERE = ("plain", "phone_only", "shares_phone", "bad_phone")
_DEEDS = ("unsubscribe", "unsubscribe", "subscribe", "complain", "bounce", "suppress")
_WHO = ("email", "phone_number", "external_id")


def before(dice: random.Random, scene: Scene) -> list[dict[str, str]]:
    """Deeds of people in Klaviyo, each with its time: some opt out there, some sign up.

    `list_name` says for which list.
    """
    deeds: list[dict[str, str]] = []
    for fan in scene.fans:
        if not fan.email or fan.trait in NEVER or dice.random() < 0.7:
            continue
        changes_mind = len({*_course(scene, fan)}) > 1
        at = scene.now - timedelta(days=dice.randrange(200, 400))
        deed = {"email": fan.email, "at": at.isoformat()}
        deeds.append({"what": "subscribe", **deed})
        if dice.random() < 0.3:
            deeds[-1]["list_name"] = NEWSLETTER
        if not changes_mind and dice.random() < 0.8:
            at += timedelta(days=dice.choice((1, 100, 190)))
            deeds.append({"what": dice.choice(_DEEDS), "email": fan.email, "at": at.isoformat()})
    at = scene.now - timedelta(days=30)
    for number in range(6):
        member = f"member{number}@nevent-demo.es"
        deeds.append(
            {"what": "subscribe", "email": member, "list_name": SEGMENT, "at": at.isoformat()}
        )
    return deeds


def subscriptions(dice: random.Random, scene: Scene) -> list[Stream]:
    """Consents and their ends, for everything and for one list, the same ones told twice."""
    columns = ("email_consent", "email_consented_at", "sms_consent", "sms_consented_at")
    records, newsletter = [], []
    for fan in scene.fans:
        if _suppressed(fan):
            continue
        course, ages = _course(scene, fan), sorted(dice.sample(range(3, 300), 3), reverse=True)
        hours = dice.randrange(2, 40) if dice.random() < 0.4 else 0
        for number, consent in enumerate(course):
            age = timedelta(days=ages[number])
            if number == len(course) - 1 and hours:
                age = timedelta(hours=hours)
            values = {"record_id": f"consent-{fan.number}-{number}", **_who(dice, fan, scene)}
            values |= _stated(dice, scene, "email", consent, age)
            if fan.phone and not _shared(fan, scene):
                values |= _stated(dice, scene, "sms", consent, age)
            records.append(record("subscriptions", **values))
        if fan.email and "subscribed" not in course and dice.random() < 0.5:
            values = {"record_id": f"newsletter-{fan.number}", "email": fan.email}
            consent, age = (
                dice.choice(("subscribed", "unsubscribed")),
                timedelta(days=dice.randrange(3, 300)),
            )
            values |= _stated(dice, scene, "email", consent, age)
            values["list_name"] = NEWSLETTER
            newsletter.append(record("subscriptions__newsletter", **values))
    return [
        Stream(_columns("subscriptions", *columns), _repeated(dice, records), late=True),
        Stream(
            _columns("subscriptions__newsletter", *columns, "list_name"),
            _repeated(dice, newsletter),
            late=True,
        ),
    ]


def suppressions(dice: random.Random, scene: Scene) -> list[Stream]:
    """Some people are suppressed, some of them released again."""
    records = []
    for fan in filter(_suppressed, scene.fans):
        for number, suppressed in enumerate(dice.choice(((), (True,), (True, False)))):
            values = {"record_id": f"suppression-{fan.number}-{number}", "email": fan.email}
            records.append(record("suppressions", **values, suppressed=suppressed))
    return [Stream(_columns("suppressions", "suppressed"), records, late=True)]


def list_members(dice: random.Random, scene: Scene) -> list[Stream]:
    """People join and leave one list; another one mirrors a segment that is read whole."""
    records, segment = [], []
    for fan in scene.fans:
        if fan.trait == "bad_email":
            continue
        who = {"email": fan.email} if fan.email else {"phone_number": fan.phone}
        for number, member in enumerate(dice.choice(((), (True,), (True, False), (False,)))):
            identity = f"member-{fan.number}-{number}"
            values = {"record_id": identity, **who, "list_name": VIP, "member": member}
            records.append(record("list_members", **values))
        if dice.random() < 0.3:
            values = {"record_id": f"segment-{fan.number}", **who, "list_name": SEGMENT}
            segment.append(record("list_members__segment", **values, mirror=True))
    values = {"record_id": "segment-there", "email": "member0@nevent-demo.es"}
    values |= {"list_name": SEGMENT, "mirror": True}
    segment.append(record("list_members__segment", **values))
    return [
        Stream(_columns("list_members__segment", "list_name", "mirror"), segment, whole=True),
        Stream(_columns("list_members", "list_name", "member"), records, late=True),
    ]


def deletions(dice: random.Random, scene: Scene) -> list[Stream]:
    """A few people are erased, with records of theirs before and after it."""
    records = []
    for fan in scene.fans:
        if fan.trait in NEVER or _shared(fan, scene) or dice.random() > 0.08:
            continue
        values = {"record_id": f"deletion-{fan.number}", **_who(dice, fan, scene)}
        records.append(record("deletions", **values, external_id=f"nevent-{fan.number}"))
    return [Stream(_columns("deletions"), records, spread=True)]


def _course(scene: Scene, fan: Fan) -> tuple[str, ...]:
    """What this person says, one after the other.

    To change one's mind takes a profile on the list and no opt-out in Klaviyo: the consent in
    between would put them there, or lift that.
    """
    course = chance(scene.name, "course", fan.number).choice(_COURSES)
    return course if fan.trait in _THERE or len({*course}) < 2 else course[-1:]


def _columns(stream: str, *names: str) -> Message:
    return schema(stream, "record_id", *_WHO, *names, keys=("record_id",))


def _who(dice: random.Random, fan: Fan, scene: Scene) -> dict[str, str]:
    who = identifiers(dice, fan)
    who.pop("external_id")
    if _shared(fan, scene):
        who.pop("phone_number")
    return who


def _stated(
    dice: random.Random, scene: Scene, channel: str, consent: str, age: timedelta
) -> dict[str, Any]:
    """One channel's consent; of some records it says nothing, of some not since when."""
    return {
        f"{channel}_consent": dice.choice((*[consent] * 9, None)),
        f"{channel}_consented_at": dice.choice((*[(scene.now - age).isoformat()] * 9, None)),
    }


def _shared(fan: Fan, scene: Scene) -> bool:
    """Whether somebody else says to have the same phone."""
    phones = Counter(each.phone for each in scene.fans if each.phone)
    return fan.phone is not None and phones[fan.phone] > 1


def _suppressed(fan: Fan) -> bool:
    return fan.number % 5 == 4 and fan.email is not None  # a fifth


def _repeated(dice: random.Random, records: list[Message]) -> list[Message]:
    """Some of them once more at the end, as a tap without bookmarks tells them."""
    return [*records, *(each for each in records if dice.random() < 0.05)]
