"""Requests that get through: whatever Klaviyo refuses in one is taken out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from klaviyo_client import Problem, UncertainError
from klaviyo_client import RejectedError as RefusedError

from target_klaviyo.kinds import MOST_BYTES
from target_klaviyo.shipments import TOO_LARGE, Envelope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from klaviyo_client import KlaviyoSession
    from singer_outcomes.queues import Origin
    from singer_outcomes.summary import Summary

    from target_klaviyo.plan import Plan

UNANSWERED = 8  # requests that must not be applied twice, sent again after a look
REFUSED_ALONE = 20  # items, with none accepted: then the fault is in every request, not in an item


class Item(Protocol):
    """What is sent: JSON that is one item of a request, and the records it came from."""

    @property
    def body(self) -> bytes:
        """The item as JSON."""

    @property
    def origins(self) -> Sequence[Origin]:
        """The records behind it."""


ItemT = TypeVar("ItemT", bound=Item)


class Delivery:
    """Sends items until each is accepted or refused by name; with a `plan` it sends nothing."""

    def __init__(self, session: KlaviyoSession, summary: Summary, plan: Plan | None) -> None:
        self._session = session
        self._summary = summary
        self._plan = plan

    def send(
        self,
        envelope: Envelope,
        items: Sequence[ItemT],
        *,
        accepted: Callable[[list[ItemT], Any], None],
        refused: Callable[[ItemT, Problem], None],
        uncertain: Callable[[list[ItemT]], list[ItemT]] | None = None,
    ) -> None:
        """Send all of these, in as many requests as they need.

        Items that a refusal names are refused and the rest is sent again; where it names none,
        the request is halved until the bad item is alone.

        Args:
            envelope: what stands around them.
            items: of any number; cut into requests here.
            accepted: told the items of each accepted request, and its answer.
            refused: told each item that Klaviyo does not take, and why.
            uncertain: asked where a request that must not be applied twice got no answer; settles
                the items that were applied and returns the others.

        Raises:
            KlaviyoError: what is about the key, the request or the service, not about an item.
        """
        parts = list(_cut(items, envelope.shipment.max_items))[::-1]
        alone = unanswered = 0
        while parts:
            part = parts.pop()
            try:
                answer = self._request(envelope, part, once=uncertain is not None)
            except UncertainError:
                unanswered += 1
                if uncertain is None or unanswered > UNANSWERED:
                    raise
                if rest := uncertain(part):
                    parts.append(rest)
            except RefusedError as error:
                named = envelope.shipment.named(error, part)
                if not named and len(part) == 1 and error.status == TOO_LARGE:
                    named = {0: Problem("too_large", "larger than Klaviyo takes", None)}
                alone += len(part) == 1
                if alone == REFUSED_ALONE:
                    parts.reverse()  # bad ones side by side: is anything right at the other end?
                if alone > 2 * REFUSED_ALONE or (len(part) == 1 and not named):
                    raise
                parts += _without_refused(part, named, refused)
            else:
                # Something is right: whatever is refused now is the item's fault.
                alone = -len(items)
                accepted(part, answer)

    def _request(self, envelope: Envelope, items: list[ItemT], *, once: bool) -> Any:
        operation = envelope.shipment.operation
        streams = {origin.sink.stream_name for item in items for origin in item.origins}
        if self._plan is not None:
            self._plan.request(operation)
            self._summary.request(streams, waited=0)
            return None
        body = envelope.body(item.body for item in items)
        before = self._session.waited_here()
        try:
            if once:
                return self._session.create(operation, body)
            send = self._session.delete if operation.method == "DELETE" else self._session.post
            return send(operation, body, path_id=envelope.path_id)
        finally:
            self._summary.request(streams, waited=self._session.waited_here() - before)


def _cut(items: Sequence[ItemT], most: int) -> Iterator[list[ItemT]]:
    """Parts of at most so many items and 4.9 MB."""
    part: list[ItemT] = []
    size = 0
    for item in items:
        length = len(item.body) + 1
        if part and (len(part) == most or size + length > MOST_BYTES):
            yield part
            part, size = [], 0
        part.append(item)
        size += length
    if part:
        yield part


def _without_refused(
    items: list[ItemT], named: dict[int, Problem], refused: Callable[[ItemT, Problem], None]
) -> list[list[ItemT]]:
    """What to send next: the rest without those named, or two halves, the first one last."""
    for index, problem in named.items():
        refused(items[index], problem)
    if named:
        rest = [item for index, item in enumerate(items) if index not in named]
        return [rest] if rest else []
    middle = len(items) // 2
    return [items[middle:], items[:middle]]
