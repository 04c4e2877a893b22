"""Opt-outs that came in at Klaviyo, on their way to Nevent's preferences.

One way only: a channel is switched off, never on, and WhatsApp never.
"""

from __future__ import annotations

import contextlib
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from nevent_client.errors import InvalidError, RefusedError, UnknownError
from nevent_client.fields import CHANNELS
from nevent_client.rows import written
from singer_outcomes.identifiers import email_address

from target_nevent.fans import Named, named_in
from target_nevent.kinds import decode
from target_nevent.moments import at_most, second

if TYPE_CHECKING:
    from singer_outcomes.echoes import Echoes
    from singer_outcomes.fates import Fates
    from singer_outcomes.queues import Row

    from target_nevent.calls import Calls
    from target_nevent.fans import Fan, Fans
    from target_nevent.memory import Memory

OUR_OWN = "sent to Klaviyo from here: no news"
UNDATED = "opt-outs without their time: this Nevent takes none"
NOT_THIS_TIME = "opt-outs whose own time Nevent does not take"
ALL_FOUR = "channels never asked about are off now: this Nevent takes all four or none"
NEWER_YES = "a newer consent in Nevent goes to Klaviyo instead"


class Decision(NamedTuple):
    """What to do about one opt-out, and why it is withheld."""

    action: Literal["switch off", "unchanged", "withhold"]
    reason: str = ""


class No(NamedTuple):
    """An opt-out from a channel; `at` is None where nobody knows when."""

    channel: str
    at: datetime | None


def decide(no: No, fan: Fan) -> Decision:
    """Whether an opt-out switches the channel off.

    A dated yes that is newer stays; within the same second, or undated, the no wins.
    """
    if fan.columns[f"{no.channel}_enabled"] is False:
        return Decision("unchanged")
    said_yes = fan.columns[f"{no.channel}_changed_at"]
    if no.at is not None and said_yes and second(said_yes) > second(no.at):
        return Decision("withhold", NEWER_YES)
    return Decision("switch off")


class Preferences:
    """Switches channels off, each fan read right before all four are written back."""

    def __init__(
        self, calls: Calls, fans: Fans, fates: Fates, memory: Memory, echoes: Echoes
    ) -> None:
        self._calls = calls
        self._memory = memory
        self._fans = fans
        self._fates = fates
        self._echoes = echoes

    def deliver(self, rows: list[Row]) -> None:
        """Deal with each of these opt-outs and settle its row."""
        records = [decode(row.body) for row in rows]
        named = [_named(record) for record in records]
        for row, record, each, fan in zip(
            rows, records, named, self._fans.find(named), strict=True
        ):
            self._one(row, record, each, fan)

    def _one(self, row: Row, record: dict[str, Any], named: Named, fan: Fan | None) -> None:
        no = No(record["channel"], _time(record["changed_at"]))
        sharing = self._with_number(no, named)
        if fan is None and sharing:
            fan = sharing[0]
        if fan is None:
            if no.channel == "email" and named.email:  # a sign-up of before may still come
                self._memory.opt_out(named.email, no.at)
            self._fates.settle([row], "unknown")
            return
        reached = [*(each for each in sharing if each.id != fan.id), fan]
        willing = [each for each in reached if decide(no, each).action == "switch off"]
        decision = decide(no, fan)
        if willing and self._is_echo(no, named, willing):
            self._fates.withhold([row], OUR_OWN)
        elif willing:
            self._act(row, no, named, willing)
        elif decision.action == "withhold":
            self._fates.withhold([row], decision.reason)
        else:
            self._fates.settle([row], "unchanged")

    def _with_number(self, no: No, named: Named) -> list[Fan]:
        """All fans whom an SMS to this number reaches: it is the number that wants none."""
        if no.channel != "sms" or not named.phone_number:
            return []
        return self._fans.with_phone(named.phone_number)

    def _is_echo(self, no: No, named: Named, fans: list[Fan]) -> bool:
        """Whether this opt-out was sent from here, as where consent to third parties is withdrawn.

        What somebody wishes about Nevent's own messages stands in Nevent already; a yes given there
        since makes the next no one of their own.
        """
        if no.at is None:
            return False
        said = [each.columns[f"{no.channel}_changed_at"] for each in fans]
        since = max((second(each) for each in said if each), default=None)
        return self._echoes.covers(named.people, no.channel, no.at, since=since)

    def _act(self, row: Row, no: No, named: Named, fans: list[Fan]) -> None:
        """Switch the channel off for these, and for who has the same address, the last one last.

        Whatever ends the run meanwhile, that one is as before and the next run does it all.
        """
        *others, fan = fans
        try:
            for each in (*others, *self._with_address(no, named, fan)):
                with contextlib.suppress(UnknownError):  # erased a moment ago
                    self._switch_off(row, no, Named(each.id), each)
            done = self._switch_off(row, no, named, fan)
        except UnknownError:
            self._fates.settle([row], "unknown")  # erased a moment ago
        except RefusedError as error:
            payload = decode(row.body)
            self._fates.refuse(row, f"Nevent: {error}", pointer=None, payload=payload)
        else:
            self._fates.settle([row], "written" if done or others else "unchanged")

    def _with_address(self, no: No, named: Named, fan: Fan) -> list[Fan]:
        """Other fans with the same address: Nevent may have one person twice."""
        if no.channel != "email":
            return []
        email = named.email or email_address(str(fan.columns["email"] or ""))
        found = self._fans.with_email(email) if email else []
        return [each for each in found if each.id != fan.id]

    def _switch_off(self, row: Row, no: No, named: Named, known: Fan) -> bool:
        """Write all four, read right before; False where there is nothing to do any more.

        Raises:
            UnknownError: there is no such fan any more.
        """
        fan = self._fans.fresh(known)
        if fan is None:
            raise UnknownError("erased a moment ago")
        if decide(no, fan).action != "switch off":
            return False
        told = {f"{each}_enabled": fan.columns[f"{each}_enabled"] for each in CHANNELS}
        told[f"{no.channel}_enabled"] = False
        asked = {name: wanted for name, wanted in told.items() if wanted is not None}
        whole = {name: bool(wanted) for name, wanted in told.items()}
        at = written(at_most(no.at, self._calls.now())) if no.at else None
        dated = {f"{no.channel}_changed_at": at} if at else {}
        path = {"id": fan.id}
        partly = [(ALL_FOUR, {**asked, **dated})] if asked != whole else []
        better = [*partly, (UNDATED, {**whole, **dated})] if dated else partly
        try:
            self._calls.write("set_preferences", [row], whole, better=better, path=path)
        except InvalidError:
            if not dated:
                raise
            self._fates.summary.note(NOT_THIS_TIME)  # the opt-out counts all the same
            better = [(ALL_FOUR, asked)] if partly else []
            self._calls.write("set_preferences", [row], whole, better=better, path=path)
        if self._calls.planned:
            self._fans.foresee(fan.changed(**{f"{no.channel}_enabled": False}, **dated), named)
        return True


def _named(record: dict[str, Any]) -> Named:
    """Whom an opt-out is about; that from e-mail is the address's, and a number may be shared."""
    named = named_in(record)
    return (
        named._replace(phone_number=None) if record["channel"] == "email" and named.email else named
    )


def _time(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None
