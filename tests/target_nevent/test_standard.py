"""The SDK's standard target tests, their streams made engagement by a stream map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from nevent_sandbox import NEVENT_TOKEN
from singer_sdk.testing import get_target_test_class
from singer_sdk.testing.suites import SingerTestSuite, target_tests
from singer_sdk.testing.target_tests import TargetRecordMissingKeyProperty
from target_nevent.target import TargetNevent

if TYPE_CHECKING:
    from pathlib import Path

    from nevent_sandbox.nevent_handle import NeventHandle

LEFT_OUT = {
    # Wants a record without its key to end the run; here it is a reject and the run goes on.
    TargetRecordMissingKeyProperty,
}
SUITE: SingerTestSuite[Any] = SingerTestSuite(
    kind="target", tests=[each for each in target_tests.tests if each not in LEFT_OUT]
)
CONFIG: dict[str, Any] = {
    "auth_token": NEVENT_TOKEN,
    "stream_maps": {
        "*": {
            "__alias__": "'engagement__' + __stream_name__",
            "id": "'standard'",
            "email": "'ana@nevent-demo.es'",
            "type": "'opened'",
            "at": "'2026-01-02T03:04:05Z'",
        }
    },
}

StandardTests: Any = get_target_test_class(
    TargetNevent, config=CONFIG, include_target_tests=False, custom_suites=[SUITE]
)


class TestStandard(StandardTests):  # type: ignore[misc]  # made at run time
    """Every standard check but those left out with their reason."""

    @pytest.fixture(autouse=True)
    def _into_the_sandbox(self, nevent: NeventHandle, tmp_path: Path) -> None:
        CONFIG.update(
            api_url=nevent.url,
            rejects_path=str(tmp_path / "rejects.jsonl"),
            store_path=str(tmp_path / "store.sqlite"),
        )
