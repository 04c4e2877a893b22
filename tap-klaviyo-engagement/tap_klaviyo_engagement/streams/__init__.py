"""Streams of tap-klaviyo-engagement, in the order they are synced.

Reference data, people and their consent, what they did, reports.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_klaviyo_engagement.streams.consents import ConsentChangesStream
from tap_klaviyo_engagement.streams.engagement import EngagementStream, FanCampaignsStream
from tap_klaviyo_engagement.streams.fan_flows import FanFlowsStream
from tap_klaviyo_engagement.streams.members import ListMembersStream
from tap_klaviyo_engagement.streams.metrics import MetricsStream
from tap_klaviyo_engagement.streams.reference import (
    CampaignsStream,
    FlowsStream,
    ListsStream,
    SegmentsStream,
)
from tap_klaviyo_engagement.streams.values import (
    CampaignValuesStream,
    FlowValuesStream,
    SegmentValuesStream,
)

if TYPE_CHECKING:
    from tap_klaviyo_engagement.client import KlaviyoStream

STREAMS: tuple[type[KlaviyoStream], ...] = (
    MetricsStream,
    ListsStream,
    SegmentsStream,
    CampaignsStream,
    FlowsStream,
    ListMembersStream,
    ConsentChangesStream,
    EngagementStream,
    FanCampaignsStream,
    FanFlowsStream,
    CampaignValuesStream,
    FlowValuesStream,
    SegmentValuesStream,
)
