"""The SDK's standard target tests, their streams made events by a stream map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk.testing import get_target_test_class
from singer_sdk.testing.suites import SingerTestSuite, target_tests
from singer_sdk.testing.target_tests import TargetRecordMissingKeyProperty
from target_klaviyo.target import TargetKlaviyo

if TYPE_CHECKING:
    from pathlib import Path

    from nevent_sandbox.handles import KlaviyoHandle

LEFT_OUT = {
    # Wants a record without its key to end the run; here it is a reject and the run goes on.
    TargetRecordMissingKeyProperty,
}
SUITE: SingerTestSuite[Any] = SingerTestSuite(
    kind="target", tests=[each for each in target_tests.tests if each not in LEFT_OUT]
)
CONFIG: dict[str, Any] = {
    "api_key": "pk_sandbox_full",
    "stream_maps": {
        "*": {
            "__alias__": "'events__' + __stream_name__",
            "email": "'ana@nevent-demo.es'",
            "metric": "'Standard Test'",
            "time": "'2026-01-02T03:04:05Z'",
        }
    },
}

StandardTests: Any = get_target_test_class(
    TargetKlaviyo, config=CONFIG, include_target_tests=False, custom_suites=[SUITE]
)


class TestStandard(StandardTests):  # type: ignore[misc]  # made at run time
    """Every standard check but those left out with their reason."""

    @pytest.fixture(autouse=True)
    def _into_the_sandbox(self, klaviyo: KlaviyoHandle, tmp_path: Path) -> None:
        CONFIG.update(
            api_url=klaviyo.url,
            rejects_path=str(tmp_path / "rejects.jsonl"),
            store_path=str(tmp_path / "store.sqlite"),
        )
