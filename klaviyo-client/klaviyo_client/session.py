"""HTTP to Klaviyo, and nothing else: key, revision, pacing, retry, status → error."""

from __future__ import annotations

import contextlib
import logging
import threading
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from traceback import clear_frames
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

import httpx
import tenacity

from klaviyo_client.addresses import cleaned, host_of, trusted
from klaviyo_client.answers import (
    UNKNOWN_OUTCOMES,
    RetryError,
    document,
    failure,
    unsent,
    window,
)
from klaviyo_client.errors import KlaviyoError, UnavailableError, UncertainError, redacted
from klaviyo_client.pacing import Pacer
from klaviyo_client.waiting import Waits, pause

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from klaviyo_client.answers import Document
    from klaviyo_client.limits import Operation

T = TypeVar("T")

REVISION = "2026-07-15"
API_URL = "https://a.klaviyo.com"
FIRST_TRIES = 4  # while nothing has ever answered

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
        self._host = host_of(api_url)
        self._max_tries = max_tries
        self._patience = patience
        self._pacer, self._waits = Pacer(), Waits()
        self._answered = False
        self._clock_offset = timedelta()
        self._lock = threading.Lock()
        self.requests = self.retries = 0
        self.account: str | None = None  # its public id, as the latest answer told it
        self._http = httpx.Client(
            base_url=api_url,
            verify=trusted(),
            timeout=timeout,
            headers={
                "Authorization": f"Klaviyo-API-Key {cleaned(api_key)}",
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
        return document(operation, self._call(operation, path_id, params=params))

    def read(self, operation: Operation, decode: Callable[[bytes], T], **params: Any) -> T:
        """Read one document by a decoder of its shape, which is faster than `get`.

        Raises:
            UnavailableError: the answer has another shape.
        """
        answer = self._call(operation, "", params=params)
        try:
            return decode(answer.content)
        except ValueError as error:
            raise UnavailableError(
                f"{operation.name}: {answer.status_code}, but the answer is not as Klaviyo "
                f"documents it ({redacted(str(error))}). Check api_url and any proxy."
            ) from error

    def following(self, link: str) -> dict[str, str]:
        """The parameters of a page's `links.next`."""
        return dict(httpx.URL(link).params)

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
            params = self.following(following)

    def post(
        self, operation: Operation, body: bytes, *, path_id: str = "", **params: str
    ) -> Document | None:
        """Send one document of compact JSON; the answer's document, or None where it is empty.

        A request whose answer is lost is sent again, as those of `patch` and `delete` are: it must
        be one that may be applied twice. Else see `create`.
        """
        return self._send(operation, body, path_id, params=params)

    def patch(self, operation: Operation, body: bytes, *, path_id: str) -> Document | None:
        """Change one resource; answers as `post` does."""
        return self._send(operation, body, path_id)

    def delete(self, operation: Operation, body: bytes, *, path_id: str) -> Document | None:
        """Take what the body names away; answers as `post` does."""
        return self._send(operation, body, path_id)

    def create(self, operation: Operation, body: bytes) -> Document | None:
        """Post what would be there twice if it were sent twice; refusals are tried again.

        Raises:
            UncertainError: it was sent and no answer came. Look whether it was applied.
        """
        return self._send(operation, body, "", once=True)

    def stop(self) -> None:
        """End every wait: requests that would retry or be paced raise UnavailableError."""
        self._waits.stop()

    def close(self) -> None:
        """Let go of the connections."""
        self.stop()
        self._http.close()

    def now(self) -> datetime:
        """The time by Klaviyo's clock, as of its last answer; ours before the first."""
        return datetime.now(tz=UTC) + self._clock_offset

    @property
    def clock_offset(self) -> timedelta:
        """How far Klaviyo's clock is ahead of ours, as of its last answer."""
        return self._clock_offset

    @property
    def waited(self) -> float:
        """Seconds waited by all threads together, for limits and retries."""
        return self._waits.seconds

    def pause(self, seconds: float) -> None:
        """Wait for something else than a limit, at most until the session is stopped."""
        self._waits.pause(seconds)

    def waited_here(self) -> float:
        """Seconds that this thread has waited so far; the difference is one request's share."""
        return self._waits.here()

    def _send(
        self, operation: Operation, body: bytes, path_id: str, *, once: bool = False, **more: Any
    ) -> Document | None:
        answer = self._call(operation, path_id, once=once, content=body, **more)
        return document(operation, answer) if answer.content else None

    def _call(
        self, operation: Operation, path_id: str, *, once: bool = False, **kwargs: Any
    ) -> httpx.Response:
        """The one retry loop."""
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(RetryError),
            stop=self._gives_up,
            wait=pause,
            sleep=self._waits.wait,
            before_sleep=self._tell,
            reraise=True,
        )
        try:
            response: httpx.Response = retrying(self._try, operation, path_id, once, kwargs)
        except KlaviyoError as error:
            clear_frames(error.__traceback__)  # tenacity's hold the error: such a circle again
            if not isinstance(error, RetryError):
                raise
            raise UnavailableError(
                f"{error} Given up after {retrying.statistics['attempt_number']} tries. What was "
                "confirmed is kept; the next run repeats the rest."
            ) from error
        return response

    def _gives_up(self, state: tenacity.RetryCallState) -> bool:
        """Whether no other try is due. A host that never answered is likely a wrong address."""
        tries = self._max_tries if self._answered else min(self._max_tries, FIRST_TRIES)
        spent = state.seconds_since_start or 0.0
        return self._waits.stopped or state.attempt_number >= tries or spent > self._patience

    def _try(self, operation: Operation, path_id: str, once: bool, kwargs: Any) -> httpx.Response:  # noqa: FBT001  # tenacity hands arguments on
        number = self._turn(operation)
        headers = {"Content-Type": "application/vnd.api+json"} if "content" in kwargs else {}
        quoted = quote(path_id, safe="=")
        path = operation.path.format(id=quoted, job_id=quoted)
        with self._lock:
            self.requests += 1
        try:
            response = self._http.request(operation.method, path, headers=headers, **kwargs)
        except (httpx.TransportError, httpx.DecodingError) as error:
            told = redacted(str(error)) if isinstance(error, httpx.NetworkError) else ""
            text = f"{operation.name}: no answer from {self._host} ({type(error).__name__} {told})."
            if once and not unsent(error):
                raise UncertainError(f"{text} Klaviyo may have applied it or not.") from error
            raise RetryError(f"{text} Check api_url, the network and any proxy.") from error
        # It holds the response and so megabytes of bodies, until Python looks for such circles.
        del response.stream
        self._learn(operation, number, response)
        if response.is_success:
            return response
        raise self._refusal(operation, response, once)  # in a variable it would be in a circle

    def _refusal(self, operation: Operation, response: httpx.Response, once: bool) -> KlaviyoError:  # noqa: FBT001  # of `_try`
        refusal = failure(operation, response)
        if once and response.status_code in UNKNOWN_OUTCOMES:
            return UncertainError(f"{refusal} Klaviyo may have applied it or not.")
        if isinstance(refusal, RetryError) and refusal.seconds:
            self._pacer.quiet(operation, refusal.seconds)
        return refusal

    def _turn(self, operation: Operation) -> int:
        """Wait until the next request may leave, behind those who wait already; its number."""
        with self._waits.behind(self._pacer.gate(operation)):
            seconds, number = self._pacer.take(operation)
            while seconds > 0 and not self._waits.stopped:
                self._waits.wait(seconds)
                seconds, number = self._pacer.take(operation)
        if self._waits.stopped:
            raise UnavailableError(f"{operation.name}: the run was asked to stop.")
        return number

    def _learn(self, operation: Operation, number: int, response: httpx.Response) -> None:
        """Take the account, the time and the limits from the answer's headers."""
        self._answered = True
        self.account = response.headers.get("cid") or self.account
        with contextlib.suppress(ValueError):  # a proxy's word, or none: the clock stays as it was
            told = parsedate_to_datetime(response.headers.get("date", ""))
            self._clock_offset = told.replace(tzinfo=told.tzinfo or UTC) - datetime.now(tz=UTC)
        if left := window(response.headers):
            self._pacer.told(operation, number, remaining=left[0], reset=left[1])

    def _tell(self, state: tenacity.RetryCallState) -> None:
        with self._lock:
            self.retries += 1
        error = state.outcome.exception() if state.outcome else None
        pause = state.next_action.sleep if state.next_action else 0
        logger.warning("%s Try %d in %.1f s.", str(error), state.attempt_number + 1, pause)
