"""People who signed up at Klaviyo, on their way into a newsletter of Nevent's.

Only who is new to Nevent, or has told it nothing about e-mail, is subscribed: whoever Nevent knows
as willing came from there, and whoever it knows as unwilling stays so.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from nevent_client.errors import (
    ConflictError,
    InvalidError,
    RefusedError,
    UnavailableError,
    UnknownError,
)
from nevent_client.rows import dig, moment, written
from singer_outcomes.identifiers import SettingError
from singer_outcomes.loader import ERASED

from target_nevent.kinds import decode
from target_nevent.moments import at_most
from target_nevent.signups import SOURCE, Signup

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from singer_outcomes.fates import Fates
    from singer_outcomes.queues import Row

    from target_nevent.calls import Calls
    from target_nevent.fans import Fan, Fans
    from target_nevent.memory import Memory, Standing
    from target_nevent.pace import Pace

UNWILLING = "has opted out of e-mail in Nevent"
OTHER_ADDRESS = "Nevent has this person under another address"
OPTED_OUT = "has opted out of e-mail in Klaviyo since"
GONE = "Nevent no longer knows this person"
NO_SOURCE = "sign-ups without their source: this Nevent takes none"
NO_SHARING = "new fans without their consent to third parties: this Nevent keeps none"
SHOWS_WITHIN = timedelta(days=1)  # after that nobody is waited for: they may never confirm
NOT_SEEN = "new fans who do not show yet: the next run completes them"
NEVER_SEEN = "new fans who never showed: without their name and consent to third parties"
LEFT_OUT = "new fans whose name or phone Nevent does not take"
_FILLED = ("first_name", "last_name", "phone_number")


class Subscribers:
    """Signs people up one by one, at the pace of Nevent's forms.

    Args:
        newsletter: the configured one, where a record names none.
        erased: whether somebody was, by any identifier.
        waiting: how many sign-ups wait.
    """

    def __init__(
        self,
        calls: Calls,
        fans: Fans,
        fates: Fates,
        memory: Memory,
        pace: Pace,
        *,
        newsletter: str | None,
        erased: Callable[[tuple[str, ...]], bool],
        waiting: Callable[[], int],
    ) -> None:
        self._calls = calls
        self._fans = fans
        self._fates = fates
        self._memory = memory
        self._pace = pace
        self._newsletter = newsletter
        self._erased = erased
        self._waiting = waiting
        self.left = 0
        """Sign-ups that had no turn in this run."""
        self.unseen = 0
        """Sign-ups whose fan Nevent does not show yet."""
        self.spent: UnavailableError | None = None
        """Nevent asks to come back so much later that the rest is left for another run."""

    def deliver(self, rows: list[Row]) -> None:
        """Sign these people up, if need be, and settle their rows."""
        signups = [(row, Signup(decode(row.body))) for row in rows]
        known = self._memory.recall(self._id(signup) for _, signup in signups)
        fresh = []
        for row, signup in signups:
            standing = known.get(self._id(signup))
            if standing and standing.done:
                self._fates.settle([row], "unchanged")
            elif self.left and not signup.named.external_id:
                self._leave(row)  # nobody is looked up in vain, one by one
            else:
                fresh.append((row, signup))
        fans = self._fans.find([signup.named for _, signup in fresh], strictly=True)
        for place, ((row, signup), fan) in enumerate(zip(fresh, fans, strict=True)):
            begun = known.get(self._id(signup))
            self._one(row, signup, fan, begun=begun, left=len(fresh) - place)

    def _one(
        self, row: Row, signup: Signup, fan: Fan | None, *, begun: Standing | None, left: int
    ) -> None:
        standing = fan.columns["email_enabled"] if fan else None
        if fan and begun and standing is not False and not self._calls.planned:
            # A run was killed before it was complete.
            self._complete(row, signup, fan)
            self._end(row, signup, "written")
            return
        if fan is None and begun and begun.sent:
            self._await(row, signup, since=begun.sent)
            return
        if fan is None and signup.named.external_id:
            self._fates.withhold([row], GONE)
            return
        same = [fan] if fan and standing is not None else self._fans.with_email(signup.email)
        standings = {each.columns["email_enabled"] for each in same}
        if False in standings:
            self._fates.withhold([row], UNWILLING)
        elif True in standings:
            self._end(row, signup, "unchanged")
        elif not same and fan:
            self._fates.withhold([row], OTHER_ADDRESS)
        elif self._memory.opted_out(signup.email, signup.consented_at):
            self._fates.withhold([row], OPTED_OUT)
        elif self._calls.planned:
            self._foresee(row, signup, new=not same)
        elif self.spent is not None:
            self._leave(row)
        else:
            self._in_turn(row, signup, new=not same, left=left)

    def _in_turn(self, row: Row, signup: Signup, *, new: bool, left: int) -> None:
        turn = self._pace.turn(lambda: self._waiting() + left)
        if turn == "over":
            self._leave(row)
        elif self._erased(signup.named.people):
            self._fates.withhold([row], ERASED)
        elif turn == "waited":  # much may have happened since
            (fan,) = self._fans.find([signup.named], strictly=True)
            self._one(row, signup, fan, begun=None, left=left)
        else:
            self._sign_up(row, signup, new=new)

    def _leave(self, row: Row) -> None:
        """Without a fate: the state stays before it, and the next run brings it again."""
        self.left += 1
        self._fates.free([row])

    def _await(self, row: Row, signup: Signup, *, since: datetime) -> None:
        """Leave it for the next run, which asks for the fan and does not sign up again."""
        if self._calls.now() - since < SHOWS_WITHIN:
            self.unseen += 1
            self._fates.summary.note(NOT_SEEN)
            self._fates.free([row])
        else:
            self._fates.summary.note(NEVER_SEEN)
            self._end(row, signup, "written")

    def _sign_up(self, row: Row, signup: Signup, *, new: bool) -> None:
        if new:
            self._memory.begin(self._id(signup), self._calls.now())
        try:
            self._subscribe(row, signup)
        except ConflictError:
            pass  # subscribed already, perhaps by this very request, whose answer got lost
        except UnknownError as error:
            if signup.newsletter == self._newsletter:
                raise SettingError(
                    f"newsletter_id names no newsletter of Nevent's. {error}"
                ) from None
            self._refuse(row, signup, error)
            return
        except RefusedError as error:
            self._refuse(row, signup, error)
            return
        except UnavailableError as error:
            if error.wait is None:
                raise
            self.spent = error
            self._memory.abandon(self._id(signup))
            self._leave(row)
            return
        if new:
            fan = self._fans.by_email(signup.email)
            if fan is None:
                now = self._calls.now()
                self._memory.sent(self._id(signup), now)
                self._await(row, signup, since=now)
                return
            self._fans.appeared(fan, signup.named)
            self._complete(row, signup, fan)
        self._end(row, signup, "written", sent_at=self._calls.now())

    def _subscribe(self, row: Row, signup: Signup) -> None:
        operation = self._calls.operation("subscribe")
        at = written(at_most(signup.consented_at, self._calls.now()))
        told = {"email": signup.email, "consented": True, "consented_at": at}
        answer = self._calls.write(
            "subscribe",
            [row],
            told,
            better=[(NO_SOURCE, {**told, "source": signup.source})],
            path={"id": signup.newsletter},
            params={operation.params["tenant"]: self._memory.tenant},
        )
        if dig(answer, "success") is False or dig(answer, "data.success") is False:
            raise InvalidError(f"{operation.label}: Nevent did not subscribe this person.")

    def _complete(self, row: Row, signup: Signup, fan: Fan) -> None:
        """What a sign-up does not tell: consent to third parties, names and phone, where unset."""
        filled = {
            column: signup.columns[column]
            for column in _FILLED
            if signup.columns.get(column) and not fan.columns[column]
        }
        shared = {} if fan.sharing else self._shared(signup)
        path = {"id": fan.id}
        try:
            answer = self._update(row, filled, shared, path)
        except RefusedError:  # such as a number that another fan has
            self._fates.summary.note(LEFT_OUT)
            answer = self._share(row, shared, path)
        except UnknownError:
            return  # erased a moment ago
        if shared and not self._calls.planned and not (answer or {}).get("thirdPartySharing"):
            self._fates.summary.note(NO_SHARING)

    def _share(self, row: Row, shared: dict[str, Any], path: dict[str, str]) -> Any:
        try:
            return self._update(row, {}, shared, path)
        except (RefusedError, UnknownError):
            return None

    def _update(
        self, row: Row, filled: dict[str, Any], shared: dict[str, Any], path: dict[str, str]
    ) -> Any:
        better = [(NO_SHARING, {**filled, **shared})] if shared else []
        return self._calls.write("update_user", [row], filled, better=better, path=path)

    def _shared(self, signup: Signup) -> dict[str, Any]:
        at = written(at_most(signup.consented_at, self._calls.now()))
        return {"consent_granted": True, "consent_at": at, "consent_source": SOURCE}

    def _foresee(self, row: Row, signup: Signup, *, new: bool) -> None:
        """Count the requests, and know the fan from now on."""
        self._subscribe(row, signup)
        if new:
            fan = self._fans.stranger(signup.email, moment(signup.columns["consented_at"]))
            self._complete(row, signup, fan)
            self._fans.foresee(fan, signup.named)
        self._fates.settle([row], "written")

    def _end(self, row: Row, signup: Signup, fate: str, *, sent_at: datetime | None = None) -> None:
        self._memory.done(self._id(signup), sent_at)
        self._fates.settle([row], fate)

    def _refuse(self, row: Row, signup: Signup, error: Exception) -> None:
        self._memory.abandon(self._id(signup))
        self._fates.refuse(row, f"Nevent: {error}", pointer=None, payload=decode(row.body))

    def _id(self, signup: Signup) -> str:
        return self._memory.signup(signup.email, signup.newsletter, signup.columns["consented_at"])
