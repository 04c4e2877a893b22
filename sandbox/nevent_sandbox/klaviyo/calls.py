"""One request on its way through the sandbox, and its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from nevent_sandbox.klaviyo.account import Account
    from nevent_sandbox.klaviyo.errors import Document
    from nevent_sandbox.klaviyo.operation import Operation
    from nevent_sandbox.klaviyo.query import Query


class Call(NamedTuple):
    """A request that passed the door: allowed, counted, its query and body of the right shape."""

    account: Account
    operation: Operation
    ids: dict[str, str]  # from the path
    query: Query
    pairs: list[tuple[str, str]]  # the query string as it came
    body: Any
    host: str  # scheme and host that were called
    path: str

    @property
    def data(self) -> Any:
        """`data` of the body."""
        return self.body["data"]

    @property
    def url(self) -> str:
        """The address that was called, without query."""
        return self.host + self.path


class Answer(NamedTuple):
    """A status, and a document unless there is nothing to say."""

    status: int
    document: Document | None = None
    items: int | None = None  # records read or written, for the request log
