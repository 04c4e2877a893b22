"""What can happen to the audience, one act at a time; each bumps the right `updatedAt`."""

from typing import Any

from nevent_sandbox.nevent.concerts import Concert, lineup
from nevent_sandbox.nevent.fan_changes import FanChanges
from nevent_sandbox.nevent.instants import iso
from nevent_sandbox.nevent.newsletters import Subscription
from nevent_sandbox.nevent.order_changes import OrderChanges
from nevent_sandbox.nevent.rows import Fan


class Changes(FanChanges, OrderChanges):
    """All acts: on fans, orders and scans, concerts, subscriptions."""

    def erase(self, fan: Fan, reason: str = "FAN_REQUEST") -> None:
        """Remove a fan, his subscriptions and interactions; orders and scans stay without him."""
        store = self.store
        for newsletter, register in enumerate(store.subscriptions):
            for row in store.subscriptions_of(newsletter, fan["id"]):
                register.remove(row["id"])
        store.fans.remove(fan["id"])
        store.interactions.forget(fan["id"])
        kept = {key: fan[key] for key in ("id", "email", "phone")}
        store.deletions.append({**kept, "deletedAt": iso(self.at), "reason": reason})

    def set_concert(self, concert: Concert, **values: Any) -> None:
        """Change a concert: its date moves its end and its line-up with it."""
        moved = values.get("date", concert.date) - concert.date
        for key, value in values.items():
            setattr(concert, key, value)
        if moved:
            concert.end += 0 if "end" in values else moved
            for day in concert.lineup:
                day["date"] += moved
                for stage in day["stages"]:
                    for session in stage["sessions"]:
                        session["start"] += moved
                        session["end"] += moved
        concert.updated = self.at

    def set_lineup(self, concert: Concert, performers: list[str]) -> None:
        """Bill other artists, by id."""
        billed = [self.store.artists_by_id[identifier] for identifier in performers]
        concert.lineup = lineup(concert.date, concert.days, billed)
        concert.genres = list(dict.fromkeys(genre for a in billed for genre in a["genres"]))
        concert.updated = self.at

    def subscribe(self, newsletter: int, values: dict[str, Any]) -> Subscription:
        """A new subscription; `values` are fields of the API: e-mail, fan, source, concert."""
        base = self.store.base_subscriptions[newsletter]
        number = base.number(self.store.next_number(f"subscription {newsletter}", base.size))
        row: Subscription = {
            "id": self.store.identifiers.make("subscription", number),
            "userId": None,
            "email": None,
            "newsletterId": self.store.identifiers.make("newsletter", newsletter),
            "status": "CONFIRMED",
            "customFields": {},
            "subscribedAt": iso(self.at),
            "unsubscribedAt": None,
            "source": "Website Form",
            "eventId": None,
            "eventName": None,
            "consent": {"marketing": True, "timestamp": iso(self.at)},
            **values,
            "updatedAt": iso(self.at),
        }
        self.store.put_subscription(newsletter, row)
        return row

    def set_subscription(
        self, newsletter: int, row: Subscription, values: dict[str, Any]
    ) -> Subscription:
        """Change a subscription; ending it notes when."""
        ended = iso(self.at) if values.get("status") == "UNSUBSCRIBED" else row["unsubscribedAt"]
        changed = {**row, "unsubscribedAt": ended, **values, "updatedAt": iso(self.at)}
        self.store.put_subscription(newsletter, changed)
        return changed
