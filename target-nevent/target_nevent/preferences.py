"""Opt-outs that came in at Klaviyo, on their way to Nevent's preferences.

One way only: a channel is switched off, never on, and WhatsApp never.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from nevent_client.errors import RefusedError, UnknownError
from nevent_client.fields import CHANNELS
from nevent_client.rows import written

from target_nevent.fans import named_in
from target_nevent.kinds import decode
from target_nevent.moments import at_most, second

if TYPE_CHECKING:
    from singer_outcomes.echoes import Echoes
    from singer_outcomes.fates import Fates
    from singer_outcomes.queues import Row

    from target_nevent.calls import Calls
    from target_nevent.fans import Fan, Fans, Named

OUR_OWN = "sent to Klaviyo from here: no news"
NEWER_YES = "a newer consent in Nevent goes to Klaviyo instead"


class Decision(NamedTuple):
    """What to do about one opt-out, and why it is withheld."""

    action: Literal["switch off", "unchanged", "withhold"]
    reason: str = ""


def decide(channel: str, at: datetime | None, fan: Fan) -> Decision:
    """Whether an opt-out of this time switches the channel off.

    A dated yes that is newer stays; within the same second, or undated, the no wins.
    """
    if fan.columns[f"{channel}_enabled"] is False:
        return Decision("unchanged")
    said_yes = fan.columns[f"{channel}_changed_at"]
    if at is not None and said_yes and second(said_yes) > second(at):
        return Decision("withhold", NEWER_YES)
    return Decision("switch off")


class Preferences:
    """Switches channels off, each fan read right before all four are written back."""

    def __init__(self, calls: Calls, fans: Fans, fates: Fates, echoes: Echoes) -> None:
        self._calls = calls
        self._fans = fans
        self._fates = fates
        self._echoes = echoes

    def deliver(self, rows: list[Row]) -> None:
        """Deal with each of these opt-outs and settle its row."""
        records = [decode(row.body) for row in rows]
        named = [named_in(record) for record in records]
        for row, record, each, fan in zip(
            rows, records, named, self._fans.find(named), strict=True
        ):
            self._one(row, record, each, fan)

    def _one(self, row: Row, record: dict[str, Any], named: Named, fan: Fan | None) -> None:
        channel, at = record["channel"], _time(record["changed_at"])
        decision = decide(channel, at, fan) if fan else None
        if decision and decision.action == "switch off" and self._is_echo(channel, at, named):
            decision = Decision("withhold", OUR_OWN)
        if fan and decision and decision.action == "switch off":
            fan = self._fans.fresh(fan)
            decision = decide(channel, at, fan) if fan else None
        if fan is None or decision is None:
            self._fates.settle([row], "unknown")
        elif decision.action == "unchanged":
            self._fates.settle([row], "unchanged")
        elif decision.action == "withhold":
            self._fates.withhold([row], decision.reason)
        else:
            self._switch_off(row, record, named, fan)

    def _is_echo(self, channel: str, at: datetime | None, named: Named) -> bool:
        """Whether this opt-out was sent from here, as where consent to third parties is withdrawn.

        What somebody wishes about Nevent's own messages stands in Nevent already.
        """
        return at is not None and self._echoes.covers(named.people, channel, at)

    def _switch_off(self, row: Row, record: dict[str, Any], named: Named, fan: Fan) -> None:
        channel, at = record["channel"], _time(record["changed_at"])
        wanted = {f"{each}_enabled": bool(fan.columns[f"{each}_enabled"]) for each in CHANNELS}
        wanted[f"{channel}_enabled"] = False
        dated = {f"{channel}_changed_at": written(at_most(at, self._calls.now()))} if at else {}
        try:
            path = {"id": fan.id}
            self._calls.write("set_preferences", [row], wanted, assumed=dated, path=path)
        except UnknownError:
            self._fates.settle([row], "unknown")  # erased a moment ago
        except RefusedError as error:
            self._fates.refuse(row, f"Nevent: {error}", pointer=None, payload=record)
        else:
            if self._calls.planned:
                self._fans.foresee(fan.changed(**wanted, **dated), named)
            self._fates.settle([row], "written")


def _time(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None
