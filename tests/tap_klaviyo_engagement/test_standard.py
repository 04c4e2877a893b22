"""The SDK's standard tests of a tap, against the sandbox."""

from __future__ import annotations

import atexit
from datetime import timedelta

from flow_definitions import new_list
from nevent_sandbox import Sandbox
from singer_sdk.testing import get_tap_test_class
from tap_klaviyo_engagement.tap import TapKlaviyoEngagement

# The suite is built while tests are collected, so its sandbox must be there by then.
_SANDBOX = Sandbox(fans=1, limits="off")
_SANDBOX.start()
atexit.register(_SANDBOX.stop)
_KLAVIYO = _SANDBOX.klaviyo
_LIST = new_list(_KLAVIYO, "Novedades")
_KLAVIYO.add_flow("Bienvenida", trigger={"type": "list", "id": _LIST})
_KLAVIYO.add_segment("Todos", {"condition_groups": []})
for _number in range(5):
    _KLAVIYO.subscribe(f"fan{_number}@nevent-demo.es", list_id=_LIST)
_KLAVIYO.send_campaign("Cartel", lists=[_LIST], opens=1.0, clicks=1.0, purchases=1.0)
_SANDBOX.clock.advance(timedelta(hours=1))
_KLAVIYO.progress_flows()

TestTapKlaviyoEngagement = get_tap_test_class(
    TapKlaviyoEngagement,
    config={
        "api_url": _KLAVIYO.url,
        "api_key": "pk_sandbox_full",
        "metrics": ["Purchased Ticket"],
    },
)
