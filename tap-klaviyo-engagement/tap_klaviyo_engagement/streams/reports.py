"""How a report is asked for: one grouped request, inside a daily budget."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from klaviyo_client import QuotaError
from typing_extensions import override

from tap_klaviyo_engagement import figures
from tap_klaviyo_engagement.budget import Budget
from tap_klaviyo_engagement.client import KlaviyoStream
from tap_klaviyo_engagement.timeframe import Timeframe, timeframe

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from klaviyo_client import Operation
    from klaviyo_client.own_metrics import Metric
    from singer_sdk.helpers.types import Record

Row = dict[str, Any]

_CHANNELS = {"push-notification": "push", "mobile_push": "push"}  # Klaviyo's name → ours


class ReportStream(KlaviyoStream):
    """One kind of report, whole or not at all.

    It keeps to a daily budget. Where that is spent, or Klaviyo's own quota is, the stream waits for
    another day and the others go on.
    """

    kind: ClassVar[str]
    asks: ClassVar[Operation]
    statistics: ClassVar[tuple[str, ...]] = figures.STATISTICS
    group_by: ClassVar[tuple[str, ...]] = ()
    named_by: ClassVar[tuple[str, ...]]  # groupings that a row cannot do without

    @cached_property
    def budget(self) -> Budget:
        """What is left for today."""
        state = self.stream_state.setdefault("budget", {})
        return Budget(state, self.config["report_budget_per_day"], self.run.now)

    @cached_property
    def timeframe(self) -> Timeframe:
        """What the report is about."""
        days = self.config["report_timeframe_days"]
        return timeframe(self.run.started, days, self.run.account.get("timezone"))

    @override
    def records(self) -> Iterator[Record]:
        about = self.about()
        if about is None:
            return
        rows = self._report(about)
        if rows is not None:
            yield from self.shaped(self._named(rows))

    def about(self) -> Row | None:
        """What this kind asks besides statistics and timeframe; None where it cannot be asked."""
        return {}

    def shaped(self, rows: list[Row]) -> Iterable[Record]:
        """Records of the report's rows."""
        raise NotImplementedError

    def _named(self, rows: list[Row]) -> list[Row]:
        """Rows that say what they are about; the others are counted."""
        found = figures.named(rows, self.named_by)
        if len(found) < len(rows):
            self.log(
                "%d of %d rows of stream '%s' name no %s: they are left out.",
                len(rows) - len(found),
                len(rows),
                self.name,
                " or no ".join(self.named_by),
                level=30,
            )
        return found

    def _report(self, about: Row) -> list[Row] | None:
        """All rows of all pages; None where the budget ends before the report does."""
        attributes = {
            "statistics": list(self.statistics),
            "timeframe": self.timeframe.told,
            **about,
        }
        body = msgspec.json.encode({"data": {"type": self.kind, "attributes": attributes}})
        rows: list[Row] = []
        cursor: str | None = None
        try:
            while self._may_ask():
                answer = self._asked(body, cursor)
                rows += answer["data"]["attributes"]["results"]
                cursor = self._next(answer)
                if cursor is None:
                    return rows
        except QuotaError as exc:
            self.budget.wait(exc.seconds)
            self.log(
                "%s Stream '%s' is left out until %s; the others go on.",
                exc,
                self.name,
                self.budget.until,
                level=30,
            )
        return None

    def _may_ask(self) -> bool:
        budget = self.budget
        if budget.left:
            return True
        self.log(
            "No more reports for stream '%s' today: the tap's %d requests are spent (setting "
            "report_budget_per_day; a report takes one for each page), or Klaviyo's own are. It is "
            "left out until %s; the others go on.",
            self.name,
            budget.per_day,
            budget.until,
            level=30,
        )
        return False

    def _asked(self, body: bytes, cursor: str | None) -> Row:
        session = self.run.session
        before = session.requests
        params = {"page_cursor": cursor} if cursor else {}
        try:
            answer = session.post(self.asks, body, **params)
        finally:
            self.budget.spend(max(session.requests - before, 1))  # those tried again count too
            self.state_manager.is_flushed = False
            self._write_state_message()  # now: a run that is killed has asked all the same
        return answer or {"data": {"attributes": {"results": []}}}

    def _next(self, answer: Row) -> str | None:
        link = (answer.get("links") or {}).get("next")
        return self.run.session.following(link).get("page_cursor") if link else None


class ConversionReportStream(ReportStream):
    """A report of messages and the conversions that Klaviyo attributes to them."""

    @cached_property
    def metric(self) -> Metric | None:
        """The metric whose events are conversions."""
        wanted = self.config["conversion_metric"]
        found = self.run.metrics.named(wanted)
        found += [each for each in self.run.metrics.all if each.id == wanted]
        if not found:
            self.log(
                "Klaviyo has no metric '%s' (setting conversion_metric): a metric is made by its "
                "first event. Stream '%s' is left out until then.",
                wanted,
                self.name,
                level=30,
            )
            return None
        if len(found) > 1:
            self.log(
                "Klaviyo has %d metrics '%s'; that of integration '%s' is taken. To take another "
                "one, put its id into conversion_metric (stream metrics has them).",
                len(found),
                wanted,
                found[0].integration,
                level=30,
            )
        return found[0]

    @override
    def about(self) -> Row | None:
        if self.metric is None:
            return None
        return {"conversion_metric_id": self.metric.id, "group_by": list(self.group_by)}

    def common(self, row: Row) -> Record:
        """Columns that campaigns and flows share."""
        metric, channel = self.metric, row["groupings"].get("send_channel")
        return {
            "channel": _CHANNELS.get(channel, channel),
            **self.timeframe.columns,
            "conversion_metric_id": metric.id if metric else None,
            "conversion_metric": metric.name if metric else None,
            **figures.computed(row["statistics"]),
        }
