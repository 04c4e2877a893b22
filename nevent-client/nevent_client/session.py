"""HTTP to Nevent: one token, one retry loop, the server's clock."""

from __future__ import annotations

import logging
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import requests
import tenacity

from nevent_client.answers import (
    asked_wait,
    checked,
    detail,
    given_up,
    host,
    refusal,
    too_long,
)
from nevent_client.connections import Connections
from nevent_client.contract import overridden
from nevent_client.errors import AddressError, RefusedError, UnavailableError, scrubbed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nevent_client.connections import Answer
    from nevent_client.operation import Operation

LONGEST_WAIT = 600.0  # seconds
_PASSING = frozenset({408, 429, 500, 502, 503, 504})
_NOT_DONE = frozenset({429, 503})  # of the passing ones, those that say that nothing was done
logger = logging.getLogger(__name__)
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)  # debugging, it tells e-mails


class _PassingError(Exception):
    """A refusal that time heals; `wait` is what the server asked for, in seconds."""

    def __init__(self, message: str, wait: float | None = None, status: int = 0) -> None:
        super().__init__(message)
        self.wait = wait
        self.status = status


class Session:
    """Calls operations of the contract; safe to share between threads.

    `pause` is the first wait of the retry loop in seconds, doubling; `retryAfter` goes before it.

    Raises:
        AddressError: an address that is neither https nor this machine.
    """

    def __init__(  # noqa: PLR0913 (settings, all by name)
        self,
        *,
        api_url: str,
        data_api_url: str,
        auth_token: str,
        refresh_token: str | None = None,
        operations: Mapping[str, Mapping[str, Any]] | None = None,
        user_agent: str = "nevent-client",
        concurrency: int = 8,
        attempts: int = 7,
        pause: float = 0.5,
    ) -> None:
        self._urls = {"api": checked(api_url), "data": checked(data_api_url)}
        self._token = auth_token
        self._refresh_token = refresh_token
        self._operations = overridden(operations or {})
        self._attempts = attempts
        self._pause = pause
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._clock: tuple[datetime, float] | None = None
        self._dated, self._dated_at = "", 0.0
        self._held_until = 0.0
        told = {"User-Agent": user_agent, "Accept": "application/json"}
        self._connections = Connections(told, 2 * concurrency + 2)

    def operation(self, name: str) -> Operation:
        """The contract's row of this name, as configured."""
        return self._operations[name]

    def now(self) -> datetime:
        """The server's time (UTC), which bookmarks are compared with; ours may be wrong."""
        if self._clock is None:
            return datetime.now(UTC)
        served, measured = self._clock
        return served + timedelta(seconds=time.monotonic() - measured)

    def call(
        self,
        name: str,
        *,
        path: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        attempts: int | None = None,
    ) -> Any:
        """The parsed answer of an operation, without the data service's envelope.

        Raises:
            NeventError: the subclass says who must act.
        """
        operation = self._operations[name]
        asked = {
            "method": operation.method,
            "params": params,
            "json": body,
            "headers": headers,
        }
        tries = attempts or self._attempts
        send = partial(self._sent, operation, operation.filled(path or {}), asked, tries)
        token = self._token
        answer = send(token)
        if answer.status_code == HTTPStatus.UNAUTHORIZED and self._refreshed(token):
            answer = send(self._token)
        return self._opened(operation, answer)

    def close(self) -> None:
        """Let go of the connections; whoever waits to try again stops waiting."""
        self._closed.set()
        self._connections.close()

    def _sent(
        self,
        operation: Operation,
        path: str,
        asked: Mapping[str, Any],
        tries: int,
        token: str,
    ) -> Answer:
        """The answer to one request, however often it must be repeated."""
        label, base = operation.label, self._urls[operation.service]

        def safe(exc: BaseException) -> bool:
            if not isinstance(exc, _PassingError):
                return False
            return operation.repeatable or exc.status in _NOT_DONE

        def attempt() -> Answer:
            if self._closed.wait(max(0.0, self._held_until - time.monotonic())):
                raise UnavailableError(f"{label}: the session was closed.")
            try:
                answer = self._connections.send(base, path, token, asked)
            except (requests.ConnectionError, requests.Timeout):  # their text holds the path
                raise _PassingError(f"{label}: no connection to {host(base)}") from None
            except (requests.exceptions.ChunkedEncodingError, OSError):
                raise _PassingError(f"{label}: the answer was cut off") from None
            self._note_time(answer)
            if answer.status_code in _PASSING:
                wait = asked_wait(answer)
                if wait and wait > LONGEST_WAIT:
                    raise too_long(label, answer.status_code, wait, LONGEST_WAIT)
                if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS and wait:
                    self._held_until = time.monotonic() + wait
                raise _PassingError(f"{label}: {answer.status_code}", wait, answer.status_code)
            return answer

        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(tries),
            wait=self._wait,
            sleep=tenacity.sleep_using_event(self._closed),
            retry=tenacity.retry_if_exception(
                lambda exc: (
                    isinstance(exc, _PassingError)
                    and (operation.repeatable or exc.status in _NOT_DONE)
                )
            ),
            before_sleep=lambda state: logger.warning(
                "%s; trying again", state.outcome and state.outcome.exception()
            ),
            reraise=True,
        )
        try:
            return retrying(attempt)
        except _PassingError as exc:
            raise given_up(str(exc), exc.status, tries, lost=not safe(exc)) from exc

    def _wait(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, _PassingError) and error.wait is not None:
            return error.wait
        return min(self._pause * 2.0 ** (state.attempt_number - 1), LONGEST_WAIT)

    def _note_time(self, answer: Answer) -> None:
        served, measured = answer.headers.get("Date"), time.monotonic()
        if not served or (served == self._dated and measured - self._dated_at < 1):
            return  # its clock tells seconds, and parsing takes longer than the rest here
        try:
            self._clock = (parsedate_to_datetime(served).astimezone(UTC), measured)
            self._dated, self._dated_at = served, measured
        except ValueError:
            logger.debug("A Date header that is no date")

    def _refreshed(self, used: str) -> bool:
        """Whether there is another token to try than the one that was refused."""
        with self._lock:
            if self._token != used:  # another thread was faster
                return True
            if not self._refresh_token:
                return False
            operation = self._operations["refresh"]
            body = {"refreshToken": self._refresh_token}
            asked = {"method": operation.method, "json": body, "headers": None}
            answer = self._sent(operation, operation.path, asked, self._attempts, used)
            if answer.status_code >= HTTPStatus.BAD_REQUEST:
                return False
            pair = answer.json()
            self._token = pair.get("access_token") or pair.get("accessToken") or self._token
            newer = pair.get("refresh_token") or pair.get("refreshToken")
            self._refresh_token = newer or self._refresh_token
            return self._token != used

    def _opened(self, operation: Operation, answer: Answer) -> Any:
        label, status = operation.label, answer.status_code
        if status >= HTTPStatus.MULTIPLE_CHOICES:
            raise refusal(label, answer, operation.subject)
        if status == HTTPStatus.NO_CONTENT:
            return None
        try:
            body = answer.json()
        except ValueError as exc:
            raise AddressError(
                f"{label}: {status}, but the answer is no JSON. {host(answer.url)} is not "
                f"Nevent's {operation.service} service: correct its address in the settings."
            ) from exc
        if operation.service == "data" and isinstance(body, dict) and "success" in body:
            if not body["success"]:
                raise RefusedError(f"{label}: {scrubbed(detail(body))}")
            return body.get("data")
        return body
