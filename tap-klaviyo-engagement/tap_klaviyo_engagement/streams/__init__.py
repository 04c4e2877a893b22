"""Streams of tap-klaviyo-engagement, in the order they are synced.

Reference data, people and their consent, what they did, reports.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_klaviyo_engagement.streams.engagement import EngagementStream, FanCampaignsStream
from tap_klaviyo_engagement.streams.metrics import MetricsStream

if TYPE_CHECKING:
    from tap_klaviyo_engagement.client import KlaviyoStream

STREAMS: tuple[type[KlaviyoStream], ...] = (
    MetricsStream,
    EngagementStream,
    FanCampaignsStream,
)
