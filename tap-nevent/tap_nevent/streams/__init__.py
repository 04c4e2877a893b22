"""Streams of tap-nevent, in the order they are synced: reference data, fans, what fans did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_nevent.streams.activity import FanActivityStream
from tap_nevent.streams.attendance import AttendanceStream
from tap_nevent.streams.fans import FanDeletionsStream, FansStream, FanWithdrawalsStream
from tap_nevent.streams.newsletters import NewsletterSubscriptionsStream
from tap_nevent.streams.orders import PurchasesStream, TicketsStream
from tap_nevent.streams.reference import (
    CustomFieldDefinitionsStream,
    NeventEventsStream,
    SegmentMembersStream,
    SegmentsStream,
    TenantsStream,
)

if TYPE_CHECKING:
    from tap_nevent.client import NeventStream

STREAMS: tuple[type[NeventStream], ...] = (
    TenantsStream,
    CustomFieldDefinitionsStream,
    NeventEventsStream,
    SegmentsStream,
    SegmentMembersStream,
    FansStream,
    FanActivityStream,
    TicketsStream,
    PurchasesStream,
    AttendanceStream,
    NewsletterSubscriptionsStream,
    FanWithdrawalsStream,
    FanDeletionsStream,
)
