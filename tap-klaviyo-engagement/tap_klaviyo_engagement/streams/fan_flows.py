"""Where each person stands in each flow."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from klaviyo_client.flow_graph import FlowGraph
from klaviyo_client.flow_status import FINISHED, NOT_LIVE, longest_pass, standing
from klaviyo_client.flows import Flow
from klaviyo_client.limits import GET_EVENTS, GET_FLOWS, GET_METRICS
from singer_outcomes.bookmark import moment, written
from typing_extensions import override

from tap_klaviyo_engagement.client import ChangingStream
from tap_klaviyo_engagement.passes import Passes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from singer_sdk.helpers.types import Context, Record

    from tap_klaviyo_engagement.passes import Passage


class FanFlowsStream(ChangingStream):
    """A person's status in a flow, whenever it moved.

    Klaviyo has no such thing: it is derived from the messages of the flow that the person received
    and the flow's definition, and `basis` says how. Somebody moves when a message comes, and when
    none can come any more: the passing of time alone finishes a flow. So besides the look-back, as
    much is read as the longest flow takes. Nothing but the bookmark is kept.
    """

    name = "fan_flows"
    operations = (GET_METRICS, GET_EVENTS, GET_FLOWS)
    keys = ("profile_id", "flow_id")

    @override
    def records(self) -> Iterator[Record]:
        now, since = self.run.started, self.bookmark.since
        flows = self.run.catalogue.flows
        with closing(Passes()) as passes:
            if flows:
                received = self.run.metrics.of({"received"})
                passes.read(self.run, received, self._begin(flows.values()))
            for each in passes.all():
                record = self._record(flows.get(each.flow) or _gone(each.flow), each, now)
                if record is not None and record["updated_at"] >= (since or ""):
                    yield record
        self.bookmark.reach(written(now))
        if self.replication_method == "INCREMENTAL":
            self.stream_state["replication_key"] = self.changed_key

    @override
    def identity(self, record: Record) -> tuple[str, ...]:
        """Who stands where: found again at the same place, it is not given again."""
        columns = ("profile_id", "flow_id", "status", "last_message_id", "last_step_at", "basis")
        return tuple(str(record[each]) for each in columns)

    @override
    def _increment_stream_state(
        self, latest_record: Record, *, context: Context | None = None
    ) -> None:
        """Remember the record; the bookmark moves when all flows have been looked at."""
        if self.replication_method == "INCREMENTAL":
            self.bookmark.meet(latest_record["updated_at"], *self.identity(latest_record))

    def _begin(self, flows: Iterable[Flow]) -> int:
        """When the first message came of anybody who may move now, in seconds since 1970."""
        since = self.bookmark.since
        if since is None:
            return 0
        longest = [longest_pass(each.graph) for each in flows if each.live or self._edited(each)]
        begin = datetime.fromisoformat(since) - max(longest, default=timedelta())
        return int(begin.timestamp())

    def _edited(self, flow: Flow) -> bool:
        """Whether the flow itself was changed inside the look-back."""
        since = self.bookmark.since
        return since is not None and (moment(flow.updated_at) or "") >= since

    def _record(self, flow: Flow, passage: Passage, now: datetime) -> Record | None:
        found = standing(flow, passage.received, now)
        if found is None:
            return None
        moved = found.until if found.status == FINISHED and found.until else found.last_step_at
        changed = moment(flow.updated_at)
        if changed and (found.basis == NOT_LIVE or self._edited(flow)):
            moved = max(moved, min(datetime.fromisoformat(changed), now))
        return {
            "profile_id": passage.profile,
            "external_id": passage.external_id,
            "email": passage.email,
            "flow_id": flow.id,
            "flow_name": flow.name or None,
            "flow_status": flow.status,
            "status": found.status,
            "entered_at": written(found.entered_at),
            "last_step_at": written(found.last_step_at),
            "last_message_id": found.last_message_id,
            "last_message_name": found.last_message_name,
            "step": found.step,
            "steps": found.steps,
            "basis": found.basis,
            "updated_at": written(moved),
        }


def _gone(flow_id: str) -> Flow:
    """A flow that was deleted: its messages tell that it was there."""
    return Flow(
        flow_id,
        "",
        None,
        archived=True,
        trigger_type=None,
        created_at=None,
        updated_at=None,
        graph=FlowGraph(),
    )
