"""One Klaviyo account: its data, its clock, its knobs, its limits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Literal

import msgspec

from nevent_sandbox.credentials import KLAVIYO_ACCOUNT_ID
from nevent_sandbox.faults import Faults
from nevent_sandbox.klaviyo.documents import collection, resource, single
from nevent_sandbox.klaviyo.errors import not_found
from nevent_sandbox.klaviyo.limits import Limits
from nevent_sandbox.klaviyo.paging import Page
from nevent_sandbox.klaviyo.store import Store
from nevent_sandbox.requestlog import RequestLog

if TYPE_CHECKING:
    from nevent_sandbox.clock import Clock
    from nevent_sandbox.klaviyo.calls import Answer, Call
    from nevent_sandbox.klaviyo.errors import Document

ATTRIBUTES = {
    "test_account": True,
    "contact_information": {
        "default_sender_name": "Nevent Demo",
        "default_sender_email": "hola@nevent-demo.es",
        "website_url": "https://nevent-demo.es",
        "organization_name": "Nevent Demo",
        "street_address": {
            "address1": "Calle de la Demostración 1",
            "address2": None,
            "city": "Madrid",
            "region": "Madrid",
            "country": "Spain",
            "zip": "28001",
        },
    },
    "industry": "Events",
    "timezone": "Europe/Madrid",
    "preferred_currency": "EUR",
    "public_api_key": KLAVIYO_ACCOUNT_ID,
    "locale": "es-ES",
}


class Knobs(msgspec.Struct, forbid_unknown_fields=True):
    """What tests may turn."""

    job_seconds: float = 0.0  # from the 202 to `complete`
    visibility_seconds: float = 0.0  # until reads see new profiles and events
    pointers: Literal["all", "first", "none"] = "all"  # how many places a 400 names
    effect_seconds: float = 0.0  # until subscribing, unsubscribing and deleting take effect
    opt_in_process: Literal["single_opt_in", "double_opt_in"] = "single_opt_in"  # without a list
    revenue_divisor: Literal["delivered", "recipients"] = "delivered"  # of revenue_per_recipient
    report_rows: int = 1_000  # results on a page of a report
    mapped_metrics: dict[str, str] = msgspec.field(  # mapping → name of a metric
        default_factory=lambda: {"revenue": "Placed Order"}
    )


class Account:
    """Everything that one account holds."""

    def __init__(self, clock: Clock, limits: str) -> None:
        self.clock = clock
        self.store = Store()
        self.limits = Limits(clock, limits)
        self.knobs = Knobs()
        self.faults = Faults()
        self.log = RequestLog()
        self.due = float("inf")  # when the next thing that was accepted takes effect
        # One at a time: several only wait for each other, and each has a cache of the file's.
        self.worker = ThreadPoolExecutor(1, "klaviyo-sandbox")

    def close(self) -> None:
        """Finish what is being answered, and let go of the data."""
        self.worker.shutdown()
        self.store.close()

    def reset(self) -> None:
        """As if just opened."""
        self.store.empty()
        self.limits.forget()
        self.knobs = Knobs()
        self.due = float("inf")


def list_accounts(call: Call) -> Answer:
    """The one account that the key belongs to."""
    return collection(call, [_account(call)], Page([]))


def get_account(call: Call) -> Answer:
    """The account by its id."""
    if call.ids["id"] != KLAVIYO_ACCOUNT_ID:
        raise not_found("account", call.ids["id"])
    return single(call, _account(call))


def _account(call: Call) -> Document:
    return resource(call, "account", KLAVIYO_ACCOUNT_ID, ATTRIBUTES)


HANDLERS = {"GET /api/accounts": list_accounts, "GET /api/accounts/{id}": get_account}
