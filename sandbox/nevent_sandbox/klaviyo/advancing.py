"""Days that pass in an account: campaigns go out, people sign up and leave, flows move on."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from nevent_sandbox.klaviyo import deeds, flow_progress, sending
from nevent_sandbox.klaviyo.deeds import Deed
from nevent_sandbox.klaviyo.flow_progress import Progress
from nevent_sandbox.klaviyo.sending import Sending
from nevent_sandbox.klaviyo.settling import settle

if TYPE_CHECKING:
    from nevent_sandbox.klaviyo.account import Account
    from nevent_sandbox.klaviyo.errors import Document

_BIGGEST_LIST = (
    "SELECT l.id FROM lists l LEFT JOIN members m ON m.list = l.n "
    "GROUP BY l.n ORDER BY count(m.profile) DESC, l.n LIMIT 1"
)
_MAILED = (
    "SELECT p.email FROM profiles p JOIN consents c ON c.profile = p.n "
    "WHERE c.channel = 'email.marketing' AND c.consent = 'SUBSCRIBED' AND p.email IS NOT NULL "
    "ORDER BY p.email"
)
_NAMES = ("Cartel", "Últimas entradas", "Preventa", "Horarios", "Encuesta", "Agenda")


class Ahead(msgspec.Struct, forbid_unknown_fields=True):
    """How far the clock moves, and how much happens meanwhile."""

    days: float = 0
    hours: float = 0
    campaigns: int = 0
    signups: int = 0
    unsubscribes: int = 0
    purchases: float = 0.1  # of those who click
    seed: int = 1


def advance(account: Account, wanted: Ahead) -> Document:
    """Let time pass and things happen: the `campaigns` sent, who signed up, who left.

    Raises:
        ValueError: time does not run backwards; a campaign needs a list.
    """
    account.clock.advance(timedelta(days=wanted.days, hours=wanted.hours))
    settle(account)
    db = account.store.reading()
    chance = random.Random(wanted.seed)  # noqa: S311  # no secret
    biggest = db.execute(_BIGGEST_LIST).fetchone()
    if wanted.campaigns and biggest is None:
        raise ValueError("There is no list to send a campaign to.")
    number = int(db.execute("SELECT count(*) FROM campaigns").fetchone()[0])
    sent = [
        sending.send(
            account,
            Sending(
                f"{_NAMES[(number + each) % len(_NAMES)]} {number + each + 1}",
                lists=[biggest[0]],
                purchases=wanted.purchases,
                seed=wanted.seed + each,
            ),
        )
        for each in range(wanted.campaigns)
    ]
    known = int(db.execute("SELECT count(*) FROM profiles").fetchone()[0])
    newcomers = [f"apuntada{known + each}@correo-demo.es" for each in range(wanted.signups)]
    for email in newcomers:
        deeds.do(account, Deed("subscribe", email, list_id=biggest and biggest[0]))
    mailed = [email for (email,) in db.execute(_MAILED) if email not in newcomers]
    leaving = chance.sample(mailed, min(wanted.unsubscribes, len(mailed)))
    for email in leaving:
        deeds.do(account, Deed("unsubscribe", email))
    flows = flow_progress.progress(account, Progress(seed=wanted.seed))["events"]
    return {
        "campaigns": sent,
        "signed_up": newcomers,
        "unsubscribed": leaving,
        "flow_events": flows,
    }
