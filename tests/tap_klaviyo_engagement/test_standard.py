"""The SDK's standard tests of a tap, against the sandbox."""

from __future__ import annotations

import atexit

from nevent_sandbox import Sandbox
from singer_sdk.testing import SuiteConfig, get_tap_test_class
from tap_klaviyo_engagement.tap import TapKlaviyoEngagement

# The suite is built while tests are collected, so its sandbox must be there by then.
_SANDBOX = Sandbox(fans=1, limits="off")
_SANDBOX.start()
atexit.register(_SANDBOX.stop)
_SANDBOX.klaviyo.subscribe("ana@nevent-demo.es")
_SANDBOX.klaviyo.metric("Purchased Ticket")

TestTapKlaviyoEngagement = get_tap_test_class(
    TapKlaviyoEngagement,
    config={"api_url": _SANDBOX.klaviyo.url, "api_key": "pk_sandbox_full"},
    suite_config=SuiteConfig(ignore_no_records_for_streams=["fan_campaigns"]),
)
