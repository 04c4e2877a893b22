"""What can happen to a fan: joined, edited, asked for consent."""

from copy import deepcopy
from typing import Any

from nevent_sandbox.nevent.answers import BadRequestError
from nevent_sandbox.nevent.instants import iso
from nevent_sandbox.nevent.moments import Moment
from nevent_sandbox.nevent.rows import Fan
from nevent_sandbox.nevent.store import TENANT_ID

_CHANNELS = ("email", "push", "sms", "whatsapp")


class FanChanges(Moment):
    """Acts on fans; each bumps their `updatedAt`."""

    def add_fan(self, values: dict[str, Any]) -> Fan:
        """A new fan; what is not given is empty, and nobody asked for consent."""
        number = self.store.next_number("user", self.store.fans_at_start)
        nothing = {f"{channel}Enabled": False for channel in _CHANNELS}
        never = {f"{channel}ChangedAt": None for channel in _CHANNELS}
        keys = ("email", "name", "surname", "phone", "birthDate", "gender", "language", "country")
        more = ("city", "address", "postalCode", "profileImage", "taxId")
        row: Fan = {
            "id": self.store.identifiers.make("user", number),
            **dict.fromkeys((*keys, *more)),
            "role": "USER",
            "tenantId": TENANT_ID,
            "memberOf": [],
            "customFieldValues": [],
            "communicationPreferences": {**nothing, **never},
            "tags": [],
            "thirdPartySharing": None,
            "createdAt": iso(self.at),
            "updatedAt": iso(self.at),
        }
        self.store.put_fan(row)
        return self.set_fan(row, values) if values else row

    def set_fan(self, fan: Fan, values: dict[str, Any]) -> Fan:
        """Change fields of a fan; preferences are merged and dated, custom values go by name."""
        row = deepcopy(fan)
        row["updatedAt"] = iso(self.at)
        for key, value in values.items():
            if key == "communicationPreferences":
                self._prefer(row, value)
            elif key == "custom":
                self._customise(row, value)
            elif key in row:
                row[key] = value
            else:
                raise BadRequestError(f"A user has no {key}")
        self.store.put_fan(row)
        return row

    def consent(self, fan: Fan, act: str) -> Fan:
        """Grant, withdraw, refuse or forget the consent to share with third parties."""
        told = iso(self.at)
        known = fan["thirdPartySharing"] or {"consentedAt": None, "textVersion": "2025-02"}
        fresh = {"source": "app", "textVersion": known["textVersion"]}
        values: dict[str, dict[str, Any] | None] = {
            "grant": {"granted": True, "consentedAt": told, "withdrawnAt": None, **fresh},
            "withdraw": {
                "granted": False,
                "consentedAt": known["consentedAt"],
                "withdrawnAt": told,
                **fresh,
            },
            "refuse": {"granted": False, "consentedAt": None, "withdrawnAt": None, **fresh},
            "forget": None,
        }
        if act not in values:
            raise BadRequestError(f"consent is one of {', '.join(values)}")
        return self.set_fan(fan, {"thirdPartySharing": values[act]})

    def _prefer(self, row: Fan, values: dict[str, Any]) -> None:
        preferences = row["communicationPreferences"]
        for key, value in values.items():
            if key.endswith("Enabled") and preferences.get(key) != value:
                preferences[key.replace("Enabled", "ChangedAt")] = iso(self.at)
        preferences.update(values)

    def _customise(self, row: Fan, values: dict[str, Any]) -> None:
        ids = {row["name"]: row["id"] for row in self.store.definitions}
        for name, value in values.items():
            if name not in ids:
                raise BadRequestError(f"There is no property {name}")
            kept = [v for v in row["customFieldValues"] if v["propertyDefinitionId"] != ids[name]]
            fresh = [] if value is None else [{"propertyDefinitionId": ids[name], "value": value}]
            row["customFieldValues"] = kept + fresh
