"""What every route shares: the sandbox behind it, the token check, errors and the Date header."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from nevent_sandbox.clock import Clock
from nevent_sandbox.nevent.answers import (
    BadRequestError,
    MissingError,
    NeventError,
    answer,
    items_of,
    refusal,
)
from nevent_sandbox.nevent.keeping import Keeping
from nevent_sandbox.nevent.knobs import Forms, Knobs
from nevent_sandbox.nevent.likings import Likings
from nevent_sandbox.nevent.membership import Membership
from nevent_sandbox.nevent.store import Store
from nevent_sandbox.nevent.tokens import Tokens
from nevent_sandbox.nevent.wire import Wire

NO_TOKEN = "no token"  # noqa: S105 - marks routes that ask for none
ASSUMED = "assumed"
ONE = "one"  # marks routes that take one record at a time
KEPT = "kept"  # marks pages that nothing but a change of the data changes


class Side:
    """The Nevent side: its data, its tokens, its way of writing; `reset` makes it anew."""

    def __init__(
        self,
        *,
        clock: Clock,
        fans: int,
        seed: int,
        contract: str,
        amounts_in_cents: bool,
        limits: str = "off",
        keep: Path | None = None,
    ) -> None:
        self.clock = clock
        self.published = contract == "published"
        self.tokens = Tokens()
        self._fans = fans
        self._seed = seed
        self._amounts_in_cents = amounts_in_cents
        self._limits = limits
        self._keep = keep
        self.reset()

    def reset(self) -> None:
        """Forget every change and every token."""
        self.store = Store(clock=self.clock, fans=self._fans, seed=self._seed)
        self.members = Membership(self.store)
        self.likings = Likings(self.store)
        self.wire = Wire(
            self.store, published=self.published, amounts_in_cents=self._amounts_in_cents
        )
        self.knobs = Knobs.by(self._limits)
        self.forms = Forms(self.clock, self._limits)
        facts = (self._fans, self._seed, self.store.start, self.published, self._amounts_in_cents)
        self.keeping = Keeping(self._keep, facts, self.store.untouched)
        self.tokens.reset()

    def start_again(self) -> None:
        """As if just served: the clock too goes back to real time."""
        self.clock.reset()
        self.reset()


Handler = Callable[[Side, Request], Any]
BodyHandler = Callable[[Side, Request, dict[str, Any]], Any]


class Routes:
    """Collects routes of one side; a handler returns the body or raises a NeventError."""

    def __init__(self, side: Side) -> None:
        self._side = side
        self.routes: list[Route] = []

    def get(self, path: str, handler: Handler, *marks: str) -> None:
        """Serve a GET; marks: see above; what is assumed is absent when published."""

        def handle(request: Request) -> Any:
            if KEPT not in marks:
                return handler(self._side, request)
            key = f"{request.url.path}?{request.url.query}".encode()
            return self._side.keeping.told(key, lambda: handler(self._side, request))

        async def endpoint(request: Request) -> Response:
            return self._run(request, marks, lambda: handle(request))

        self._add(path, "GET", endpoint, marks)

    def post(self, path: str, handler: BodyHandler, *marks: str) -> None:
        """Serve a POST with a JSON object as body."""
        self._writing("POST", path, handler, marks)

    def put(self, path: str, handler: BodyHandler, *marks: str) -> None:
        """Serve a PUT with a JSON object as body."""
        self._writing("PUT", path, handler, marks)

    def _writing(
        self, method: str, path: str, handler: BodyHandler, marks: tuple[str, ...]
    ) -> None:
        async def endpoint(request: Request) -> Response:
            raw = await request.body()
            return self._run(
                request, marks, lambda: handler(self._side, request, _json_object(raw))
            )

        self._add(path, method, endpoint, marks)

    def _add(
        self,
        path: str,
        method: str,
        endpoint: Callable[[Request], Awaitable[Response]],
        marks: tuple[str, ...],
    ) -> None:
        if not (ASSUMED in marks and self._side.published):
            self.routes.append(Route(path, endpoint, methods=[method]))

    def _run(self, request: Request, marks: tuple[str, ...], handle: Callable[[], Any]) -> Response:
        try:
            if NO_TOKEN not in marks:
                self._side.tokens.check(request)
            body = handle()
            response = answer(body)
            request.state.items = 1 if ONE in marks else items_of(body)
        except NeventError as error:
            response = refusal(error)
        return response


async def not_found(_request: Request, error: Exception) -> Response:
    """The answer to unknown paths and methods."""
    status = getattr(error, "status_code", MissingError.status)
    text = "Not found" if status == MissingError.status else "Method not allowed"
    return answer({"message": text, "status": status}, status)


def _json_object(raw: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(raw or b"{}", type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise BadRequestError("Body is not a JSON object") from error
