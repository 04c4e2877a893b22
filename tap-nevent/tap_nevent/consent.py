"""Whose data may leave: the fan's consent to third parties."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nevent_client.rows import MISSING, Row, getter, moment
from singer_sdk.exceptions import ConfigValidationError

if TYPE_CHECKING:
    from collections.abc import Mapping

_YES = frozenset({"true", "yes", "si", "sí", "1"})


class ConsentRule:
    """Reads consent from a person as Nevent shows one.

    `field` is a dotted path in the person or the technical name of a custom field (`ids_by_name`
    leads from it to the definition). With the basis `assume_granted` a person without an answer
    counts as consenting; one who took consent back never does.
    """

    def __init__(self, config: Mapping[str, Any], ids_by_name: Mapping[str, str]) -> None:
        self.field: str = config["consent_field"]
        self.assumed = config["consent_basis"] == "assume_granted"
        self._definition = ids_by_name.get(self.field)
        self._shown = getter(self.field)

    def knows(self, person: Row) -> bool:
        """Whether this person, as shown, answers the question and can be identified."""
        return "email" in person and (self.assumed or self._value(person) is not MISSING)

    def granted(self, person: Row) -> bool:
        """Whether this person's data may leave.

        Raises:
            ConfigValidationError: Nevent's answer holds no such field.
        """
        value = self._value(person)
        if value is MISSING and not self.assumed:
            raise setting_error(
                f"Nevent's answer shows no consent to third parties: a person has no field "
                f"'{self.field}', so nothing may leave. Set consent_field to the field (or custom "
                "field) that holds it; or, with a written basis for passing every fan's data on, "
                "set consent_basis to assume_granted and say in consent_note what the basis is."
            )
        yes = value.get("granted") if isinstance(value, dict) else value
        if yes is True or (isinstance(yes, str) and yes.strip().casefold() in _YES):
            return True
        return self.assumed and not self._refused(value)

    def columns(self, person: Row) -> Row:
        """The consent columns of the stream fans."""
        value = self._value(person)
        told = value if isinstance(value, dict) else {}
        return {
            "consent_granted": True,
            "consent_at": moment(told.get("consentedAt")),
            "consent_source": told.get("source"),
            "consent_text_version": told.get("textVersion"),
        }

    def granted_at(self, person: Row) -> str | None:
        """When consent was given; where Nevent does not date it, when the person last changed."""
        value = self._value(person)
        dated = value.get("consentedAt") if isinstance(value, dict) else None
        return moment(dated or person.get("updatedAt"))

    def withdrawn_at(self, person: Row) -> str | None:
        """When a consent once given was taken back; None if it was not, or if nothing tells."""
        value = self._value(person)
        if not isinstance(value, dict) or value.get("granted") or not value.get("consentedAt"):
            return None
        return moment(value.get("withdrawnAt") or person.get("updatedAt"))

    @property
    def undated(self) -> bool:
        """Whether the field is a custom one, which keeps no dates."""
        return self._definition is not None

    @staticmethod
    def _refused(value: Any) -> bool:
        if isinstance(value, dict):
            return bool(value.get("withdrawnAt"))
        return value is False

    def _value(self, person: Row) -> Any:
        found = self._shown(person)
        if found is MISSING and self._definition and "customFieldValues" in person:
            values = person["customFieldValues"] or []
            return next(
                (
                    each.get("value")
                    for each in values
                    if each.get("propertyDefinitionId") == self._definition
                ),
                None,
            )
        return found


def setting_error(message: str) -> ConfigValidationError:
    """A fault that only a change of settings mends; printed without a stack."""
    return ConfigValidationError(message, errors=[message])
