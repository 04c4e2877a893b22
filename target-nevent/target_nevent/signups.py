"""What a row of `subscribers` says."""

from __future__ import annotations

from typing import Any

from target_nevent.fans import Named

SOURCE = "Klaviyo"


class Signup:
    """One person's consent to one newsletter."""

    def __init__(self, columns: dict[str, Any]) -> None:
        self.columns = columns
        self.email: str = columns["email"]
        self.newsletter: str = columns["newsletter_id"]
        self.source: str = columns.get("source") or columns.get("list_name") or SOURCE
        self.named = Named(columns.get("external_id"), self.email)

    @property
    def consented_at(self) -> str:
        """The original time of consent (ISO 8601)."""
        at: str = self.columns["consented_at"]
        return at
