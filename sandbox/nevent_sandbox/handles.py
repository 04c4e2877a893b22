"""Hands on a running sandbox for tests: they speak HTTP to its control plane and nothing else."""

from __future__ import annotations

from typing import Any, Self

import httpx

Document = dict[str, Any]

IMPORT = "POST /api/profile-bulk-import-jobs"
PAGE = 10_000


class Handle:
    """What both sides have in common."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=f"{url}/_sandbox", timeout=120, trust_env=False)

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def refuse(
        self, operation: str, *, status: int = 503, times: int | None = 1, retry_after: int = 0
    ) -> None:
        """Answer the next requests with an error; a 429 carries `Retry-After`."""
        self._order(operation, "refuse", status=status, times=times, retry_after=retry_after)

    def delay(self, operation: str, seconds: float, *, times: int | None = 1) -> None:
        """Answer late."""
        self._order(operation, "delay", seconds=seconds, times=times)

    def drop(self, operation: str, *, after: bool = False, times: int | None = 1) -> None:
        """Cut the connection before applying the request, or after it."""
        self._order(operation, "drop_after" if after else "drop", times=times)

    def challenge(self, operation: str, *, times: int | None = 1) -> None:
        """Answer 403 with a web page, as a CDN does."""
        self._order(operation, "html_403", times=times)

    def faults(self) -> list[Document]:
        """The faults still in force, with how many `times` each has left."""
        return list(self._get("/faults")["faults"])

    def clear_faults(self) -> None:
        """Lift all faults; jobs that stick go on."""
        self._http.delete("/faults").raise_for_status()

    def requests(self, operation: str | None = None, *, bodies: bool = False) -> list[Document]:
        """The requests so far, oldest first; of one operation where named."""
        told = self._get("/requests", bodies=int(bodies))["requests"]
        if operation is None:
            return list(told)
        method, _, path = operation.partition(" ")
        wanted = {operation, f"{method} /api{path}"}
        return [each for each in told if each["operation"] in wanted]

    def clear_requests(self) -> None:
        """Forget the requests so far."""
        self._http.delete("/requests").raise_for_status()

    def reset(self) -> None:
        """Start again as if just served."""
        self._post("/reset")

    def counts(self) -> Document:
        """How many of each thing there are."""
        counts: Document = self._get("/state", kind="counts")["counts"]
        return counts

    def _order(self, operation: str, kind: str, **more: Any) -> None:
        self._post("/faults", operation=operation, kind=kind, **more)

    def _get(self, path: str, **query: Any) -> Document:
        answer = self._http.get(path, params=query)
        answer.raise_for_status()
        document: Document = answer.json()
        return document

    def _post(self, path: str, **body: Any) -> Document:
        answer = self._http.post(path, json=body)
        if answer.is_error:
            raise ValueError(f"{path}: {answer.status_code} {answer.text}")
        document: Document = answer.json()
        return document

    def _all(self, kind: str, **query: Any) -> list[Document]:
        found: list[Document] = []
        while True:
            page = self._get("/state", kind=kind, offset=len(found), limit=PAGE, **query)[kind]
            found += page
            if len(page) < PAGE:
                return found


class KlaviyoHandle(Handle):
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
        may be ahead), url, machine, bounce, visible_after (seconds from now).
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
