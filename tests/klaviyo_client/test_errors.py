"""Messages hold no person and no key."""

from __future__ import annotations

import pytest
from klaviyo_client import DeniedError, KlaviyoSession
from klaviyo_client.errors import redacted


@pytest.mark.parametrize(
    "detail",
    [
        "Invalid email address ana.garcía+x@nevent-demo.es",
        "'ana@nevent-demo.es' is taken",
        "Invalid phone +34 600 11 22 33",
        "number 0034600112233.",
    ],
)
def test_a_vendors_detail_is_told_without_its_person(detail: str) -> None:
    """Klaviyo repeats the value that it refuses; logs must not."""
    told = redacted(detail)
    assert "@" not in told
    assert "600" not in told


@pytest.mark.parametrize("url", ["http://a.klaviyo.com", "ftp://a.klaviyo.com", "a.klaviyo.com"])
def test_the_key_never_travels_in_clear(url: str) -> None:
    """Plain http is for this machine only."""
    with pytest.raises(DeniedError, match="https"):
        KlaviyoSession("pk_secret", api_url=url)
