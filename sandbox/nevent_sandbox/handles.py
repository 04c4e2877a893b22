"""A running sandbox's Klaviyo side for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nevent_sandbox.engagement_handle import EngagementHandle

if TYPE_CHECKING:
    from nevent_sandbox.handle import Document

IMPORT = "POST /api/profile-bulk-import-jobs"


class KlaviyoHandle(EngagementHandle):
    """The Klaviyo side."""

    def profile(self, email: str) -> Document | None:
        """The profile resource with this e-mail, `lists` (ids) beside its attributes."""
        found = self._all("profiles", email=email)
        return found[0] if found else None

    def profiles(self) -> list[Document]:
        """All profile resources, oldest first."""
        return self._all("profiles")

    def events(self, metric: str | None = None, email: str | None = None) -> list[Document]:
        """All events in order of time: flat, with metric name and the person's e-mail."""
        query = {"metric": metric, "email": email}
        return self._all("events", **{name: each for name, each in query.items() if each})

    def lists(self) -> list[Document]:
        """All lists: id, name, opt_in_process, profile_count."""
        return self._all("lists")

    def metrics(self) -> list[Document]:
        """All metrics: id, name, service."""
        return self._all("metrics")

    def jobs(self) -> list[Document]:
        """All bulk import jobs, oldest first: id, status and counts."""
        return self._all("jobs")

    def flows(self) -> list[Document]:
        """All flows: id, name, status, archived, trigger_type, definition."""
        return self._all("flows")

    def segments(self) -> list[Document]:
        """All segments: id, name, definition."""
        return self._all("segments")

    def metric(self, name: str, *, service: str = "API") -> str:
        """The id of a metric, which is made where there is none yet."""
        return str(self._post("/metrics", name=name, service=service)["id"])

    def add_segment(self, name: str, definition: Document, **more: Any) -> str:
        """Put a segment there; its id.

        `more` takes is_active, is_starred, is_processing and profile_count.

        Raises:
            ValueError: Klaviyo would refuse the definition.
        """
        return str(self._post("/segments", name=name, definition=definition, **more)["id"])

    def add_flow(
        self,
        name: str,
        *,
        trigger: Document | None = None,
        status: str = "live",
        actions: list[Document] | None = None,
        archived: bool = False,
        **definition: Any,
    ) -> str:
        """Put a flow there; its id.

        It begins with the first of its actions, which are one mail unless told otherwise.
        `definition` takes profile_filter and reentry_criteria.

        Raises:
            ValueError: Klaviyo would refuse the definition.
        """
        actions = [_mail(name)] if actions is None else actions
        whole = {
            "triggers": [] if trigger is None else [trigger],
            "actions": actions,
            "entry_action_id": actions[0].get("temporary_id") if actions else None,
            **definition,
        }
        body = {"name": name, "status": status, "archived": archived, "definition": whole}
        return str(self._post("/flows", **body)["id"])

    def stick(self, operation: str = IMPORT, *, times: int | None = 1) -> None:
        """Leave the next import jobs in `processing` until the faults are cleared."""
        self._order(operation, "stick", times=times)

    def fail_rows(
        self,
        emails: list[str] | None = None,
        rows: list[int] | None = None,
        *,
        pointer: bool = True,
        times: int | None = 1,
    ) -> None:
        """Turn these rows of the next import job into import errors."""
        more = {"emails": emails or [], "rows": rows or [], "pointer": pointer, "times": times}
        self._order(IMPORT, "fail_rows", **more)

    def malformed(
        self, emails: list[str], operation: str = IMPORT, *, times: int | None = 1
    ) -> None:
        """Refuse each request that holds one of these e-mails, as malformed, with pointers."""
        self._order(operation, "malformed", emails=emails, times=times)

    def knobs(self, **knobs: Any) -> None:
        """Set job_seconds, visibility_seconds, effect_seconds, pointers, opt_in_process.

        And revenue_divisor, report_rows, mapped_metrics (id of a mapping → name of a metric).
        """
        self._post("/knobs", **knobs)

    def compete(self, operation: str, *, per_second: float, seconds: float = 60) -> None:
        """Let another client on the same key make requests of an operation, for so long.

        It uses up the same windows, as the RateLimit headers show, and minds no 429.

        Raises:
            ValueError: there are no limits, or no such operation.
        """
        self._post("/compete", operation=operation, per_second=per_second, seconds=seconds)

    def competitors(self) -> list[Document]:
        """Those clients: operation, per_second, until (seconds), admitted, refused."""
        return list(self._get("/compete")["competitors"])

    def alone(self) -> list[Document]:
        """End all competition; the same of those that ended."""
        answer = self._http.delete("/compete")
        answer.raise_for_status()
        return list(answer.json()["competitors"])

    def consent(self, email: str) -> Document | None:
        """The `subscriptions` of the profile with this e-mail."""
        found = self._all("consents", email=email)
        return found[0]["subscriptions"] if found else None

    def consents(self) -> list[Document]:
        """Everybody of whom more is known than that they were never asked.

        Each with profile_id, email, phone_number, subscriptions, to_confirm.
        """
        return self._all("consents")

    def suppression_jobs(self) -> list[Document]:
        """All jobs that suppress and unsuppress, oldest first: id, type, status and counts."""
        return self._all("suppression_jobs")

    def subscribe(self, email: str | None = None, **deed: str) -> None:
        """A person signs up by a form. May take phone_number, list_id, at (ISO 8601)."""
        self._deed("subscribe", email=email, **deed)

    def unsubscribe(self, email: str | None = None, **deed: str) -> None:
        """A person opts out, of one list with list_id. May take phone_number, at."""
        self._deed("unsubscribe", email=email, **deed)

    def complain(self, email: str, **deed: str) -> None:
        """A person marks mail as spam. May take at."""
        self._deed("complain", email=email, **deed)

    def bounce(self, email: str, **deed: str) -> None:
        """Mail to a person comes back for good. May take at."""
        self._deed("bounce", email=email, **deed)

    def suppress(self, email: str, **deed: str) -> None:
        """Someone at the organiser suppresses a person by hand. May take at."""
        self._deed("suppress", email=email, **deed)

    def confirm(self, email: str | None = None, **deed: str) -> None:
        """A person clicks the link of a double opt-in. May take phone_number, list_id, at."""
        self._deed("confirm", email=email, **deed)

    def _deed(self, what: str, **deed: str | None) -> None:
        self._post("/deeds", what=what, **deed)


def _mail(subject: str) -> Document:
    """A flow's action that sends one mail."""
    message = {"subject_line": subject, "from_email": "hola@nevent-demo.es"}
    return {
        "temporary_id": "mail",
        "type": "send-email",
        "links": {"next": None},
        "data": {"message": message, "status": "live"},
    }
