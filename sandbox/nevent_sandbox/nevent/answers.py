"""Answers of the API: JSON bodies and the error envelope."""

from typing import Any

import msgspec
from starlette.responses import Response

_RECORDS = ("content", "results", "fans", "data")  # where a document has them


class Told:
    """A document that is JSON already, and how many records it holds."""

    def __init__(self, json: bytes | memoryview, items: int | None) -> None:
        self.json = msgspec.Raw(json)
        self.items = items


def _plain(value: object) -> msgspec.Raw:
    if isinstance(value, Told):
        return value.json
    raise NotImplementedError


_ENCODER = msgspec.json.Encoder(enc_hook=_plain)


class NeventError(Exception):
    """A refusal that the API answers with; the caller must act."""

    status = 500
    code = "INTERNAL_SERVER_ERROR"


class BadRequestError(NeventError):
    """The request is malformed."""

    status = 400
    code = "VALIDATION_ERROR"


class UnauthorizedError(NeventError):
    """The token is missing, unknown or expired."""

    status = 401
    code = "UNAUTHORIZED"


class ConflictError(NeventError):
    """It is there already."""

    status = 409
    code = "CONFLICT"


class UnprocessableError(NeventError):
    """The request is understood, and a value in it is not taken."""

    status = 422
    code = "UNPROCESSABLE_ENTITY"


class TooManyError(NeventError):
    """A limit is reached; `wait` is how many seconds until there is room."""

    status = 429
    code = "TOO_MANY_REQUESTS"

    def __init__(self, message: str, wait: int) -> None:
        super().__init__(message)
        self.wait = wait


class MissingError(NeventError):
    """There is no such thing."""

    status = 404
    code = "NOT_FOUND"


def answer(body: Any, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(written(body), status, media_type="application/json")


def written(document: Any) -> bytes:
    """A document as JSON."""
    return _ENCODER.encode(document)


def items_of(document: Any) -> int | None:
    """How many records a document holds, as far as it is one of several."""
    if isinstance(document, Told):
        return document.items
    if isinstance(document, list):
        return len(document)
    if isinstance(document, dict):
        for name in _RECORDS:
            if name in document:
                return items_of(document[name])
    return None


def refusal(error: NeventError) -> Response:
    """The body of an error: message, status and, but for unknown paths, a code."""
    body: dict[str, Any] = {"message": str(error), "status": error.status}
    if not isinstance(error, MissingError):
        body["code"] = error.code
    if isinstance(error, TooManyError):
        body["retryAfter"] = error.wait
    return answer(body, error.status)
