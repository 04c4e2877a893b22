"""The SDK's standard tests of a tap, against the sandbox."""

from __future__ import annotations

import atexit

from nevent_sandbox import Sandbox
from nevent_sandbox.credentials import NEVENT_TOKEN
from singer_sdk.testing import SuiteConfig, get_tap_test_class
from tap_nevent.tap import TapNevent

# The suite is built while tests are collected, so its sandbox must be there by then.
_SANDBOX = Sandbox(fans=30)
_SANDBOX.start()
atexit.register(_SANDBOX.stop)

TestTapNevent = get_tap_test_class(
    TapNevent,
    config={
        "api_url": _SANDBOX.nevent.url,
        "data_api_url": _SANDBOX.nevent.url,
        "auth_token": NEVENT_TOKEN,
    },
    suite_config=SuiteConfig(
        # A first run tells of no withdrawal and no erasure, by design.
        ignore_no_records_for_streams=["fan_withdrawals", "fan_deletions"],
    ),
)
