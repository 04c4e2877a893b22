"""HTTP to Klaviyo: session, limits, pacing and errors. It knows nothing of Singer."""

from klaviyo_client.errors import (
    DeniedError,
    ForbiddenError,
    KlaviyoError,
    Problem,
    QuotaError,
    RejectedError,
    UnavailableError,
    UncertainError,
)
from klaviyo_client.limits import Operation
from klaviyo_client.session import REVISION, KlaviyoSession

__all__ = [
    "REVISION",
    "DeniedError",
    "ForbiddenError",
    "KlaviyoError",
    "KlaviyoSession",
    "Operation",
    "Problem",
    "QuotaError",
    "RejectedError",
    "UnavailableError",
    "UncertainError",
]
