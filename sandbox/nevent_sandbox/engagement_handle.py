"""What people do with messages at Klaviyo, as tests order and read it."""

from __future__ import annotations

from typing import Any

from nevent_sandbox.handle import Document, Handle


class EngagementHandle(Handle):
    """Campaigns, flows that move on, members of segments, time that passes."""

    def campaigns(self) -> list[Document]:
        """All campaigns: id, name, channel, status, archived, sent, message."""
        return self._all("campaigns")

    def touches(self) -> list[Document]:
        """What people did with messages, in order of writing, what is not visible yet included.

        Each with id (its event's), profile_id, email, external_id, kind, moment, sent (seconds),
        campaign or flow, message, audience, machine, visible.
        """
        return self._all("touches")

    def add_campaign(self, name: str, *, lists: list[str] | None = None, **more: Any) -> Document:
        """Put a campaign there that nobody received: its id and its message's.

        `more` takes channel, status, archived, excluded, subject, sent and created (seconds).
        """
        return self._post("/campaigns", name=name, included=lists or [], **more)

    def send_campaign(self, name: str, **sending: Any) -> Document:
        """Send a campaign: its id, its message's, and how many events of each kind it made.

        `sending` takes lists and segments (ids), excluded, channel, at (ISO 8601; two hours ago),
        subject, shares (opens, clicks, bounces, dropped, spam, unsubscribes, machine, purchases),
        price, archived, seed.
        """
        return self._post("/sendings", name=name, **sending)

    def engage(self, events: list[Document]) -> int:
        """Single things that people did with a message; how many were written.

        Each with what, email or profile_id, campaign or flow and message, at, sent_at (ISO 8601; at
        may be ahead), url, machine, bounce, metric (an older name of it, such as "Received
        SMS"), visible_after (seconds from now).
        """
        return int(self._post("/engagements", events=events)["events"])

    def generate(self, events: int = 100_000, **load: Any) -> int:
        """Engagement in bulk: `load` takes people, campaigns, days, seed, until (ISO 8601)."""
        return int(self._post("/loads", events=events, **load)["events"])

    def progress_flows(self, **progress: Any) -> int:
        """Let live flows send what is due; how many events that made. Takes opens, clicks, seed."""
        return int(self._post("/flow-progress", **progress)["events"])

    def advance(self, **ahead: Any) -> Document:
        """Let time pass (days, hours) and campaigns, signups, unsubscribes happen; what did.

        The clock is shared with Nevent's side.
        """
        return self._post("/advance", **ahead)

    def join_segment(self, segment: str, emails: list[str], **at: float) -> None:
        """Put people into a segment, now or `at` some moment (seconds)."""
        self._post("/segment-members", segment=segment, emails=emails, **at)

    def leave_segment(self, segment: str, emails: list[str], **at: float) -> None:
        """Take people out of a segment, now or `at` some moment (seconds)."""
        self._post("/segment-leavers", segment=segment, emails=emails, **at)
