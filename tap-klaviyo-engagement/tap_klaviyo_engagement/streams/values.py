"""Figures of campaigns, flows and segments."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from klaviyo_client.limits import GET_METRICS, REPORT_CAMPAIGNS, REPORT_FLOWS, REPORT_SEGMENTS
from singer_outcomes.bookmark import moment
from typing_extensions import override

from tap_klaviyo_engagement import figures
from tap_klaviyo_engagement.streams.reports import ConversionReportStream, ReportStream, Row

if TYPE_CHECKING:
    from collections.abc import Iterable

    from singer_sdk.helpers.types import Record


class CampaignValuesStream(ConversionReportStream):
    """Figures of campaigns by message and audience, with cost and return where one is known."""

    name = "campaign_values"
    kind = "campaign-values-report"
    asks = REPORT_CAMPAIGNS
    operations = (REPORT_CAMPAIGNS, GET_METRICS)
    keys = ("campaign_id", "message_id", "audience_id", "timeframe_start")
    group_by = ("campaign_id", "campaign_message_id", "send_channel", "group", "group_name")
    named_by = ("campaign_id", "campaign_message_id")

    @override
    def shaped(self, rows: list[Row]) -> Iterable[Record]:
        sent: dict[str, float] = defaultdict(float)
        for row in rows:
            sent[row["groupings"]["campaign_id"]] += row["statistics"].get("recipients") or 0
        for row in rows:
            told, record = row["groupings"], self.common(row)
            campaign = self.run.catalogue.campaign(told["campaign_id"])
            name = campaign.name if campaign else None
            audience = told.get("group") or ""
            group = self.run.catalogue.group(audience) if audience else None
            yield {
                **record,
                "campaign_id": told["campaign_id"],
                "campaign_name": name,
                "message_id": told["campaign_message_id"],
                "audience_id": audience,
                "audience_name": told.get("group_name") or (group.name if group else None),
                "send_time": moment(campaign.send_time) if campaign else None,
                **self._return(told["campaign_id"], name, record, sent[told["campaign_id"]]),
            }

    def _return(self, campaign_id: str, name: str | None, record: Record, sent: float) -> Record:
        """The row's share of the campaign's cost, and what came back for it."""
        costs = self.config["campaign_costs"]
        whole = costs.get(campaign_id, costs.get(name))
        if whole is None:
            return {}
        cost = figures.share(whole, record["recipients"], sent)
        currency = self.config.get("cost_currency") or self._currency
        roi = figures.return_on(cost, record["conversion_value"])
        return {
            "cost": cost,
            "cost_currency": currency,
            "roi": roi if currency == (self._currency or currency) else None,
        }

    @property
    def _currency(self) -> str | None:
        """The account's: that of conversion_value."""
        currency: str | None = self.run.account.get("preferred_currency")
        return currency


class FlowValuesStream(ConversionReportStream):
    """Figures of flows by message."""

    name = "flow_values"
    kind = "flow-values-report"
    asks = REPORT_FLOWS
    operations = (REPORT_FLOWS, GET_METRICS)
    keys = ("flow_id", "message_id", "timeframe_start")
    group_by = ("flow_id", "flow_message_id", "send_channel", "flow_name", "flow_message_name")
    named_by = ("flow_id", "flow_message_id")

    @override
    def shaped(self, rows: list[Row]) -> Iterable[Record]:
        for row in rows:
            told = row["groupings"]
            known = self.run.catalogue.message(told["flow_message_id"], told["flow_id"])
            yield {
                **self.common(row),
                "flow_id": told["flow_id"],
                "flow_name": told.get("flow_name") or (known and known.flow_name),
                "message_id": told["flow_message_id"],
                "message_name": told.get("flow_message_name") or (known and known.name),
            }


class SegmentValuesStream(ReportStream):
    """How segments grew and shrank."""

    name = "segment_values"
    kind = "segment-values-report"
    asks = REPORT_SEGMENTS
    operations = (REPORT_SEGMENTS,)
    keys = ("segment_id", "timeframe_start")
    statistics = figures.MEMBERS
    named_by = ("segment_id",)

    @override
    def shaped(self, rows: list[Row]) -> Iterable[Record]:
        for row in rows:
            segment = row["groupings"]["segment_id"]
            group = self.run.catalogue.group(segment)
            yield {
                "segment_id": segment,
                "segment_name": group.name if group else None,
                **self.timeframe.columns,
                **{name: row["statistics"].get(name) for name in self.statistics},
            }
