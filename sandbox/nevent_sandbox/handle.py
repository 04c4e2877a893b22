"""Hands on a running sandbox for tests: they speak HTTP to its control plane and nothing else."""

from __future__ import annotations

import ssl
from functools import cache
from typing import Any, Self

import httpx

Document = dict[str, Any]

PAGE = 10_000


@cache
def tls() -> ssl.SSLContext:
    """Made once: no request here needs it, yet each client would read all certificates for one."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class Handle:
    """What both sides have in common."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(
            base_url=f"{url}/_sandbox", timeout=120, trust_env=False, verify=tls()
        )

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

    def clear_faults(self, *, lasting: bool = True) -> None:
        """Lift all faults, without `lasting` only those that count down; jobs that stick go on."""
        self._http.delete("/faults", params={"lasting": int(lasting)}).raise_for_status()

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
