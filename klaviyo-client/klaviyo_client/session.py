"""HTTP to Klaviyo, and nothing else: key, revision, pacing, retry, status → error."""

from __future__ import annotations

import ipaddress
import logging
import threading
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import tenacity

from klaviyo_client.answers import RetryError, failure, leading_int
from klaviyo_client.errors import DeniedError, UnavailableError, redacted
from klaviyo_client.pacing import Pacer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from klaviyo_client.limits import Operation

Document = dict[str, Any]

REVISION = "2026-07-15"
API_URL = "https://a.klaviyo.com"
FIRST_TRIES = 4  # while nothing has ever answered
_BACKOFF = tenacity.wait_exponential(multiplier=0.5, max=60) + tenacity.wait_random(0, 1)

logger = logging.getLogger(__name__)
logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs URLs, which may name a person


class KlaviyoSession:
    """One account's key and all requests made with it. Any thread may use it.

    Args:
        api_key: a private key, `pk_…`.
        api_url: where the API is; https, or a loopback address.
        max_tries: of one request, the first included.
        patience: seconds after which a request is given up, tries left or not.
    """

    def __init__(
        self,
        api_key: str,
        *,
        api_url: str = API_URL,
        user_agent: str = "nevent-klaviyo",
        timeout: float = 60,
        max_tries: int = 12,
        patience: float = 900,
    ) -> None:
        _require_tls(api_url)
        api_key = api_key.strip()  # a key read from a file ends in a newline
        if not api_key.isascii() or not api_key.isprintable():
            raise DeniedError("The API key holds characters that no key has; copy it again.")
        parts = urlsplit(api_url)
        self._host = f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
        self._max_tries = max_tries
        self._patience = patience
        self._pacer = Pacer()
        self._stopped = threading.Event()
        self._answered = False
        self._clock_offset = timedelta()
        self._lock = threading.Lock()
        self.requests = 0
        self.retries = 0
        self.waited = 0.0  # seconds, for limits and retries together
        self._http = httpx.Client(
            base_url=api_url,
            timeout=timeout,
            headers={
                "Authorization": f"Klaviyo-API-Key {api_key}",
                "revision": REVISION,
                "Accept": "application/vnd.api+json",
                "User-Agent": user_agent,
            },
            limits=httpx.Limits(max_connections=32, max_keepalive_connections=32),
        )

    def get(self, operation: Operation, *, path_id: str = "", **params: Any) -> Document:
        """Read one document.

        Raises:
            DeniedError, RejectedError, UnavailableError: see `errors`.
        """
        return _document(operation, self._call(operation, path_id=path_id, params=params))

    def pages(
        self, operation: Operation, *, path_id: str = "", **params: Any
    ) -> Iterator[Document]:
        """Read a collection, page by page, following `links.next` to the end."""
        while True:
            page = self.get(operation, path_id=path_id, **params)
            yield page
            following = (page.get("links") or {}).get("next")
            if not following:
                return
            params = dict(httpx.URL(following).params)

    def post(self, operation: Operation, body: bytes) -> Document | None:
        """Send one document of compact JSON; the answer's document, or None where it is empty."""
        answer = self._call(operation, content=body)
        return _document(operation, answer) if answer.content else None

    def stop(self) -> None:
        """End every wait: requests that would retry or be paced raise UnavailableError."""
        self._stopped.set()

    def close(self) -> None:
        """Let go of the connections."""
        self.stop()
        self._http.close()

    def now(self) -> datetime:
        """The time by Klaviyo's clock, as of its last answer; ours before the first."""
        return datetime.now(tz=UTC) + self._clock_offset

    def _call(self, operation: Operation, *, path_id: str = "", **kwargs: Any) -> httpx.Response:
        """The one retry loop."""
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(RetryError),
            stop=self._gives_up,
            wait=_pause,
            sleep=self._wait,
            before_sleep=self._tell,
            reraise=True,
        )
        try:
            response: httpx.Response = retrying(self._try, operation, path_id, kwargs)
        except RetryError as error:
            raise UnavailableError(
                f"{error} Given up after {retrying.statistics['attempt_number']} tries. What was "
                "confirmed is kept; the next run repeats the rest."
            ) from error
        return response

    def _gives_up(self, state: tenacity.RetryCallState) -> bool:
        """Whether no other try is due. A host that never answered is likely a wrong address."""
        tries = self._max_tries if self._answered else min(self._max_tries, FIRST_TRIES)
        spent = state.seconds_since_start or 0.0
        return self._stopped.is_set() or state.attempt_number >= tries or spent > self._patience

    def _try(self, operation: Operation, path_id: str, kwargs: Any) -> httpx.Response:
        self._wait(self._pacer.reserve(operation))
        if self._stopped.is_set():
            raise UnavailableError(f"{operation.name}: the run was asked to stop.")
        headers = {"Content-Type": "application/vnd.api+json"} if "content" in kwargs else {}
        with self._lock:
            self.requests += 1
        try:
            response = self._http.request(
                operation.method, operation.path.format(id=path_id), headers=headers, **kwargs
            )
        except (httpx.TransportError, httpx.DecodingError) as error:
            told = redacted(str(error)) if isinstance(error, httpx.NetworkError) else ""
            raise RetryError(
                f"{operation.name}: no answer from {self._host} ({type(error).__name__} {told}). "
                "Check api_url, the network and any proxy."
            ) from error
        self._learn(operation, response)
        if response.is_success:
            return response
        refusal = failure(operation, response)
        if isinstance(refusal, RetryError) and refusal.seconds:
            self._pacer.quiet(operation, refusal.seconds)
        raise refusal

    def _learn(self, operation: Operation, response: httpx.Response) -> None:
        """Take the time and the limits from the answer's headers."""
        self._answered = True
        if date := response.headers.get("date"):
            self._clock_offset = parsedate_to_datetime(date) - datetime.now(tz=UTC)
        remaining = leading_int(response.headers.get("ratelimit-remaining"))
        reset = leading_int(response.headers.get("ratelimit-reset"))
        if remaining is not None and reset is not None:
            self._pacer.told(operation, remaining=remaining, reset=reset)

    def _wait(self, seconds: float) -> None:
        if seconds > 0:
            with self._lock:
                self.waited += seconds
            self._stopped.wait(seconds)

    def _tell(self, state: tenacity.RetryCallState) -> None:
        with self._lock:
            self.retries += 1
        error = state.outcome.exception() if state.outcome else None
        pause = state.next_action.sleep if state.next_action else 0
        logger.warning("%s Try %d in %.1f s.", error, state.attempt_number + 1, pause)


def _pause(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, RetryError) and error.seconds is not None:
        return 0.0  # the pacer keeps the operation quiet for that long, for every thread
    return _BACKOFF(state)


def _document(operation: Operation, answer: httpx.Response) -> Document:
    try:
        document: Document = answer.json()
    except ValueError:
        raise UnavailableError(
            f"{operation.name}: {answer.status_code}, but the answer is no JSON. Something other "
            "than Klaviyo answers: check api_url and any proxy."
        ) from None
    return document


def _require_tls(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname or "")):
        return
    raise DeniedError(
        f"api_url is {parts.scheme or 'no URL'}://…: the key would travel in clear. Use https "
        "(plain http only to this machine)."
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
