"""Klaviyo's error documents, and the exception that carries one to the answer."""

from __future__ import annotations

import uuid
from typing import Any

Document = dict[str, Any]


class ApiError(Exception):
    """A request that is answered with errors; whoever sent it must act."""

    def __init__(
        self, status: int, errors: list[Document], headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(f"{status}: {errors[0]['detail']}")
        self.status = status
        self.errors = errors
        self.headers = headers or {}


def problem(
    status: int,
    code: str,
    title: str,
    detail: str,
    *,
    source: Document | None = None,
    meta: Document | None = None,
) -> Document:
    """One entry of `errors`."""
    return {
        "id": str(uuid.uuid4()),
        "status": status,
        "code": code,
        "title": title,
        "detail": detail,
        "source": source or {},
        "links": {},
        "meta": meta or {},
    }


def invalid(detail: str, pointer: str) -> Document:
    """One 400 entry about a place in the body."""
    return problem(400, "invalid", "Invalid input.", detail, source={"pointer": pointer})


def refused(*problems: Document) -> ApiError:
    """A 400 of these entries."""
    return ApiError(400, list(problems))


def bad_parameter(parameter: str, detail: str) -> ApiError:
    """A 400 about the query."""
    return refused(
        problem(400, "invalid", "Invalid input.", detail, source={"parameter": parameter})
    )


def malformed() -> ApiError:
    """A 400 for a body that is no document at all."""
    return refused(invalid("The payload provided in the request is invalid.", "/data"))


def not_authenticated(detail: str) -> ApiError:
    """A 401 for credentials that are missing."""
    title = "Authentication credentials were not provided."
    return ApiError(401, [problem(401, "not_authenticated", title, detail)])


def authentication_failed() -> ApiError:
    """A 401 for a key that is not, or no longer, one."""
    text = "Incorrect authentication credentials."
    return ApiError(401, [problem(401, "authentication_failed", text, text)])


def denied(detail: str, meta: Document | None = None) -> ApiError:
    """A 403."""
    title = "You do not have permission to perform this action."
    return ApiError(403, [problem(403, "permission_denied", title, detail, meta=meta)])


def not_found(kind: str, identifier: str) -> ApiError:
    """A 404 for a resource."""
    detail = f"A {kind} with id {identifier} does not exist."
    return ApiError(404, [problem(404, "not_found", "Not found.", detail)])


def duplicate_profile(profile_id: str) -> ApiError:
    """A 409 that names the profile which holds the identifier."""
    detail = "A profile already exists with one of these identifiers."
    source, meta = {"pointer": "/data/attributes"}, {"duplicate_profile_id": profile_id}
    return ApiError(
        409, [problem(409, "duplicate_profile", "Conflict.", detail, source=source, meta=meta)]
    )


def throttled(seconds: int) -> ApiError:
    """A 429 with the seconds to wait."""
    text = "Request was throttled."
    detail = f"{text} Expected available in {seconds} second{'' if seconds == 1 else 's'}."
    entry = problem(429, "throttled", text, detail, source={"pointer": "/data/"})
    entry["links"] = {
        "type": "https://developers.klaviyo.com/en/docs/rate_limits_and_error_handling"
    }
    return ApiError(429, [entry], {"Retry-After": str(seconds)})


_PLAIN = {
    404: ("not_found", "Not found.", "The requested path does not exist."),
    405: ("method_not_allowed", "Method not allowed.", "This path does not take this method."),
    410: ("gone", "Gone.", "The revision in the request is retired."),
    413: ("payload_too_large", "Payload too large.", "The request is larger than 5 MB."),
    415: ("unsupported_media_type", "Unsupported media type.", "Send application/vnd.api+json."),
    500: ("error", "A server error occurred.", "Please try again later."),
    503: ("service_unavailable", "Service unavailable.", "Please try again later."),
}


def plain(status: int, detail: str | None = None) -> ApiError:
    """An error that says no more than its status."""
    code, title, usual = _PLAIN.get(status, ("error", "Error.", "Ordered by the sandbox."))
    return ApiError(status, [problem(status, code, title, detail or usual)])
