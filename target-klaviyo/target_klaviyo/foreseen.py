"""Who will have a profile once a plan is carried out, by Klaviyo's own rules."""

from __future__ import annotations

from typing import Any


class Foreseen:
    """E-mails and phone numbers of profiles, as far as a dry run has met them.

    Klaviyo knows a person by the e-mail, else by the phone number; a number belongs to one profile
    only, and who brings one that another address has is taken without it.
    """

    def __init__(self) -> None:
        self._phones: dict[str, str | None] = {}  # by e-mail
        self._owners: dict[str, str | None] = {}  # of a phone number: its e-mail, if any

    def phone_of(self, email: str) -> str | None:
        """The number of the profile with this address."""
        return self._phones.get(email)

    def knows(self, email: str | None, phone: str | None) -> bool:
        """Whether a profile with one of these was met."""
        return email in self._phones if email else phone in self._owners

    def held(self, attributes: dict[str, Any]) -> None:
        """Klaviyo has this profile."""
        email, phone = attributes.get("email"), attributes.get("phone_number")
        self.meet(email.lower() if email else None, phone)

    def meet(self, email: str | None, phone: str | None) -> bool:
        """A profile with these is imported; whether it is a new one."""
        if email is None:
            new = phone is not None and phone not in self._owners
            if new and phone is not None:
                self._owners[phone] = None
            return new
        known = email in self._phones
        self._phones.setdefault(email, None)
        if phone in self._owners and (known or self._owners[phone] is not None):
            return not known  # the number is another profile's, or this one's already
        if phone is None:
            return not known
        known = known or phone in self._owners  # then the profile with this number gets the e-mail
        if before := self._phones[email]:
            del self._owners[before]
        self._phones[email], self._owners[phone] = phone, email
        return not known
