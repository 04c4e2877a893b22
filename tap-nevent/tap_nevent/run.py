"""What the streams of one run share."""

from __future__ import annotations

import sys
from datetime import timedelta
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from nevent_client.errors import (
    AddressError,
    DeniedError,
    NeventError,
    NotServedError,
    UnavailableError,
)
from nevent_client.paging import Pager, chunked
from nevent_client.rows import moment, written
from nevent_client.session import Session

from tap_nevent import groups
from tap_nevent.activity import Rules
from tap_nevent.client import declared
from tap_nevent.concerts import Concerts
from tap_nevent.consent import ConsentRule, setting_error
from tap_nevent.custom_fields import CustomColumn, columns
from tap_nevent.people import People
from tap_nevent.segments import Segments

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nevent_client.rows import Row


class Run:
    """One connection to one tenant; every list that several streams need is read once."""

    def __init__(self, config: Mapping[str, Any], user_agent: str) -> None:
        self.config = config
        try:
            self.session = Session(
                api_url=config["api_url"],
                data_api_url=config["data_api_url"],
                auth_token=config["auth_token"],
                refresh_token=config.get("refresh_token"),
                operations=config.get("operations"),
                user_agent=config.get("user_agent") or user_agent,
                concurrency=config["concurrency"],
            )
        except ValueError as exc:
            raise setting_error(f"operations: {exc}") from exc
        _check_settings(config)
        self.pager = Pager(
            self.session, page_size=config["page_size"], concurrency=config["concurrency"]
        )
        self.groups = frozenset(config["sync_groups"])
        assumed = config["consent_basis"] == "assume_granted"  # else all are asked for anyway
        self._members: set[str] | None = None
        self.segments = Segments(
            self.pager,
            config.get("segments"),
            every=timedelta(hours=float(config["segments_every"])),
            now=lambda: written(self.session.now()),
            rule=f"{config['consent_basis']} {config['consent_field']}",
            identified=assumed,
        )
        self.tells_members = False  # of segments; set before the first stream
        self.concerts = Concerts(self.pager, self.zone)
        self._check_tenant()
        self.started = written(self.session.now())

    @cached_property
    def zone(self) -> ZoneInfo:
        """Where a time becomes a date."""
        return ZoneInfo(self.config["timezone"])

    @cached_property
    def definitions(self) -> list[Row]:
        """Custom and standard fields of the tenant."""
        return list(self.pager.rows("properties"))

    @cached_property
    def custom(self) -> list[CustomColumn]:
        """Custom fields that are columns of the stream fans."""
        if groups.CUSTOM in groups.left_out("fans", self.groups):
            return []
        fixed = declared("fans")["properties"]
        return columns(self.definitions, fixed, self.config.get("sensitive_fields") or ())

    @cached_property
    def people(self) -> People:
        """The persons behind the rows."""
        ids = {str(each.get("name")): str(each.get("id")) for each in self.definitions}
        return People(self.pager, ConsentRule(self.config, ids))

    @property
    def members(self) -> set[str]:
        """Ids of the segments' members whose data may leave.

        Raises:
            NotServedError: this Nevent does not filter fans by id.
        """
        if self._members is None:
            for _ in self.identified_members():
                pass
        return self._members or set()

    def identified_members(self) -> Iterator[Row]:
        """These members as persons, a thousand at a time; their ids are kept for `members`.

        Raises:
            NotServedError: this Nevent does not filter fans by id.
        """
        found: set[str] = set()
        for some in chunked(self.segments.persons, 1000):
            for fan, person in self.people.consenting(some).items():
                found.add(sys.intern(fan))
                yield person
        self._members = found

    @cached_property
    def rules(self) -> Rules:
        """Settings of fan_activity."""
        vip = self.config.get("vip_rule")
        field = (vip or {}).get("custom_field")
        if not field:
            return Rules(self.config["currency"], self._rates(), vip)
        ids = {each.get("name"): each.get("id") for each in self.definitions}
        if field not in ids:
            raise setting_error(
                f"vip_rule: Nevent has no custom field named '{field}'; "
                f"there are: {', '.join(sorted(map(str, ids)))}."
            )
        return Rules(
            currency=self.config["currency"],
            rates=self._rates(),
            vip=vip,
            vip_definition=ids.get(field),
        )

    def _rates(self) -> dict[str, float]:
        """What a unit of other currencies is worth; the SDK reads a file's numbers as Decimals."""
        rates = self.config.get("exchange_rates") or {}
        return {code: float(rate) for code, rate in rates.items()}

    def check_data_service(self) -> None:
        """Make sure that analytics and segments are asked of Nevent.

        Raises:
            AddressError: something else answers at data_api_url.
        """
        try:
            told = self.session.call("capabilities", attempts=4)
        except UnavailableError:
            raise
        except NeventError as exc:
            raise AddressError(
                f"{exc} Nobody at data_api_url answers as Nevent's data service does: correct "
                "data_api_url."
            ) from exc
        if not isinstance(told, dict) or "tables" not in told:
            raise AddressError(
                "GET /analytics/capabilities: no tables in the answer: correct data_api_url."
            )

    def _check_tenant(self) -> None:
        try:
            me = self.session.call("me", attempts=4)  # a wrong address shall not keep one waiting
        except NotServedError as exc:
            raise AddressError(
                f"{exc} Nobody at api_url answers as Nevent does: correct api_url."
            ) from exc
        tenant = me.get("tenantId") if isinstance(me, dict) else None
        if tenant is None:
            raise AddressError("GET /auth/me: no tenantId in the answer: correct api_url.")
        wanted = self.config.get("tenant_id")
        if wanted and tenant != wanted:
            raise DeniedError(
                f"The token belongs to tenant {tenant}, but tenant_id is {wanted}. Set the token "
                "of that tenant, or correct tenant_id."
            )


def _check_settings(config: Mapping[str, Any]) -> None:
    """What the settings' schema cannot say."""
    start = config.get("start_date")
    if start and moment(start) is None:
        raise setting_error(f"start_date: '{start}' is no ISO 8601 date, such as 2026-05-01.")
    for code, rate in (config.get("exchange_rates") or {}).items():
        if isinstance(rate, bool) or not isinstance(rate, int | float | Decimal):
            raise setting_error(f"exchange_rates: the rate of {code} must be a number.")
    assumed = config["consent_basis"] == "assume_granted"
    if assumed and not (config.get("consent_note") or "").strip():
        raise setting_error(
            "consent_basis is assume_granted, so consent_note must say on what written basis "
            "fans' data may go to third parties (contract, date, who decided)."
        )
    try:
        ZoneInfo(config["timezone"])
    except (ValueError, OSError, ZoneInfoNotFoundError) as exc:
        raise setting_error(
            f"timezone: '{config['timezone']}' is no IANA name, such as Europe/Madrid."
        ) from exc
