"""One thing that was looked at, and what stood in the way."""

from __future__ import annotations

import ssl
from collections.abc import Mapping  # noqa: TC003  # a NamedTuple's field
from typing import Any, NamedTuple

import httpx

OK, MISSING, WARNING, FAILED = "ok", "missing", "warning", "failed"


class Check(NamedTuple):
    """What was looked at (a key of texts, or a scope), its state, and why (a key of texts).

    `told` is the side's own word; `values` are filled into the text.
    """

    what: str
    state: str
    why: str | None = None
    told: str | None = None
    values: Mapping[str, Any] = {}


def obstacle(error: BaseException) -> str:
    """What kept a request from its answer, as a key of texts."""
    causes = list(_causes(error))
    if any(isinstance(each, ssl.SSLError) or "CERTIFICATE_VERIFY" in str(each) for each in causes):
        return "tls"
    if any(isinstance(each, httpx.ProxyError) for each in causes):
        return "proxy"
    if any("a challenge" in str(each) for each in causes):
        return "challenge"
    if any(isinstance(each, httpx.TransportError) for each in causes):
        return "unreachable"
    if any("is no JSON" in str(each) for each in causes):
        return "another_answers"
    return "unexpected"


def _causes(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found
