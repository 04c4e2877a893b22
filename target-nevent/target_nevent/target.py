"""How the parts of target-nevent are wired."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from nevent_client.errors import AddressError, DeniedError, NeventError
from nevent_client.session import Session
from singer_outcomes.identifiers import SettingError, country
from singer_outcomes.loader import Loader
from singer_outcomes.loading import LoadingTarget
from typing_extensions import override

from target_nevent.advice import ADVICE
from target_nevent.calls import Calls
from target_nevent.fans import Fans
from target_nevent.kinds import KINDS
from target_nevent.preferences import Preferences
from target_nevent.settings import SETTINGS
from target_nevent.sinks import PreferencesSink

if TYPE_CHECKING:
    from collections.abc import Mapping

    from singer_outcomes.sink import OutcomeSink

    from target_nevent.sinks import NeventSink


class TargetNevent(LoadingTarget):
    """Loads what people did and said in Klaviyo into Nevent, from any Singer tap."""

    name = "target-nevent"
    kinds: ClassVar[Mapping[str, type[OutcomeSink]]] = {"preferences": PreferencesSink}
    run_errors = (NeventError, SettingError)
    advice = ADVICE

    config_jsonschema: ClassVar[dict[str, Any]] = {
        "type": "object",
        "required": ["auth_token"],
        "properties": SETTINGS,
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        config = self.config
        self.phone_region = country(config["phone_region"])
        self.tenant = ""
        self._session = _session(config, f"{self.name}/{self.get_plugin_version()}")
        self.calls = Calls(self._session, self.summary, planned=self.dry_run)
        self.loader = Loader(
            KINDS,
            self.fates,
            ledger=self.ledger,
            let_go=self._session.close,
            close=self._session.close,
        )
        fans = Fans(self.calls, region=self.phone_region)
        self.loader.deliver = {"preferences": Preferences(self.calls, fans, self.fates).deliver}

    def prepare(self) -> None:
        """Find out whose token it is, once, before the first record.

        Raises:
            DeniedError: another tenant's.
        """
        if self.tenant:
            return
        me = self.calls.read("me")
        tenant = me.get("tenantId") if isinstance(me, dict) else None
        if not tenant:
            raise AddressError("GET /auth/me: no tenantId in the answer: correct api_url.")
        wanted = self.config.get("tenant_id")
        if wanted and tenant != wanted:
            raise DeniedError(
                f"The token belongs to tenant {tenant}, but tenant_id is {wanted}. Set the token "
                "of that tenant, or correct tenant_id."
            )
        self.tenant = str(tenant)

    @override
    def requeue(self, stream: str, payload: Any, *, key: str) -> None:
        cast("NeventSink", self.sink_of(stream)).requeue(payload, key=key)

    @override
    def details(self) -> dict[str, Any]:
        return {"requests": self.calls.requests}


def _session(config: Mapping[str, Any], user_agent: str) -> Session:
    """What speaks to Nevent.

    Raises:
        SettingError: `operations` names what there is not.
    """
    try:
        return Session(
            api_url=config["api_url"],
            data_api_url=config["api_url"],  # nothing is asked of the other service
            auth_token=config["auth_token"],
            refresh_token=config.get("refresh_token"),
            operations=config["operations"],
            user_agent=user_agent,
        )
    except ValueError as error:
        raise SettingError(f"The setting operations is not right: {error}") from None


if __name__ == "__main__":
    TargetNevent.cli()
