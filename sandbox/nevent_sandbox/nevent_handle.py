"""A hand on the Nevent side for tests: HTTP to its control plane and nothing else."""

from typing import Any

from nevent_sandbox.handle import Document, Handle


class NeventHandle(Handle):
    """The Nevent side."""

    def advance(
        self,
        *,
        days: float = 0,
        hours: float = 0,
        changes: int | dict[str, int] | None = None,
    ) -> list[Document]:
        """Let time pass and seeded changes happen: {kind, at, fan, ids} each.

        Args:
            days: how far the shared clock moves,
            hours: and these on top.
            changes: how many (0: only time passes), or how many of each kind.
        """
        body: Document = {"days": days, "hours": hours}
        if changes is not None:
            body["changes"] = changes
        found: list[Document] = self._post("/advance", **body)["changes"]
        return found

    def edit(self, **act: Any) -> Document:
        """Make one change: `edit(user=…, set={…})`, `edit(add_purchase={…})`; see the README."""
        return self._post("/edit", **act)

    def expire_token(self) -> None:
        """Answer 401 to every token until it is refreshed."""
        self._post("/edit", token="expire")  # noqa: S106 - an order, not a secret

    def user(self, email_or_id: str) -> Document | None:
        """The fan as Nevent has him, with every field; None if there is none."""
        found = self._get("/state", kind="users", user=email_or_id)["users"]
        return found[0] if found else None

    def users(self) -> list[Document]:
        """All fans, in order of their last change."""
        return self._all("users")

    def purchases(self) -> list[Document]:
        """All orders, in order of their last change."""
        return self._all("purchases")

    def attendance(self) -> list[Document]:
        """All scans, in order of their last change."""
        return self._all("attendance")

    def events(self) -> list[Document]:
        """All concerts, in order of their dates at the start."""
        return self._all("events")

    def subscriptions(self) -> list[Document]:
        """All newsletter subscriptions."""
        return self._all("subscriptions")

    def interactions(self, user: str | None = None) -> list[Document]:
        """What other systems told of a fan, by id or e-mail, or of all, in order of arrival."""
        if user is not None and "@" in user:
            found = self.user(user)
            user = str(found["id"]) if found else ""
        return self._all("interactions", **({} if user is None else {"user": user}))

    def subscription(self, email: str, newsletter: str | None = None) -> Document | None:
        """The subscription of an e-mail, to one newsletter if named; None if there is none."""
        wanted = email.strip().lower()
        for row in self.subscriptions():
            if (row["email"] or "").strip().lower() == wanted and newsletter in {
                None,
                row["newsletterId"],
            }:
                return row
        return None

    def knobs(self, **knobs: Any) -> Document:
        """Set double_opt_in, subscribes_per_hour, subscribes_per_day (per newsletter; 0: none)."""
        return self._post("/knobs", **knobs)

    def erase(self, user: str) -> Document:
        """A fan is erased, as by the organiser; what the deletions feed tells of him."""
        return self.edit(user=user, erase=True)

    def newsletters(self) -> list[Document]:
        """All newsletters."""
        return self._all("newsletters")

    def segments(self) -> list[Document]:
        """All segments, each with `members`: the ids of the fans in it by now."""
        return self._all("segments")

    def deletions(self) -> list[Document]:
        """All erased fans."""
        return self._all("deletions")

    def now(self) -> str:
        """The sandbox's moment, ISO 8601."""
        return str(self._get("/state", kind="counts")["now"])
