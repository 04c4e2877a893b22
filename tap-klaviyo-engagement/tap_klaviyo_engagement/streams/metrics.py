"""Metrics: the kinds of events that an account has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from klaviyo_client.limits import GET_METRICS
from singer_outcomes.bookmark import moment
from typing_extensions import override

from tap_klaviyo_engagement.client import KlaviyoStream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from singer_sdk.helpers.types import Record


class MetricsStream(KlaviyoStream):
    """Metrics of the account, and what those of Klaviyo's own mean."""

    name = "metrics"
    operations = (GET_METRICS,)

    @override
    def records(self) -> Iterator[Record]:
        for each in self.run.metrics.all:
            yield {
                "id": each.id,
                "name": each.name,
                "type": each.type,
                "channel": each.channel,
                "integration": each.integration,
                "integration_category": each.category,
                "created_at": moment(each.created),
                "updated_at": moment(each.updated),
            }
