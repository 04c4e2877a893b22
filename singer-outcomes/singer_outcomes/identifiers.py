"""E-mail addresses and phone numbers in the one form that vendors take, or None."""

from __future__ import annotations

import re
from functools import lru_cache

import email_validator
import phonenumbers

# Most addresses are plain: these need no look at what the full rules make of them.
_ATOM, _LABEL = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+", r"[a-z0-9](?:[a-z0-9]|-(?!-)){0,61}(?<!-)"
_PLAIN = re.compile(rf"(?=.{{3,64}}@){_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+[a-z]{{2,20}}")
_SPECIAL = {name.rpartition(".")[2] for name in email_validator.SPECIAL_USE_DOMAIN_NAMES}
LONGEST_EMAIL = 254  # RFC 5321; a vendor may take less


class SettingError(Exception):
    """A setting names something that there is not; whoever configured it must choose another."""


def country(code: str) -> str:
    """A country's ISO 3166 code, in upper case.

    Raises:
        SettingError: no country whose phone numbers are known has this code.
    """
    region = code.strip().upper()
    if region not in phonenumbers.SUPPORTED_REGIONS:
        raise SettingError(
            f"phone_region '{code}' is no country's ISO 3166 code of two letters, such as ES."
        )
    return region


@lru_cache(maxsize=65_536)  # a buyer's address comes with each of their tickets
def email_address(value: str, longest: int = LONGEST_EMAIL) -> str | None:
    """The address in lower case, or None where its syntax is wrong.

    Vendors match addresses without regard to case: two spellings are one person. Klaviyo takes
    ASCII only, so an international domain goes in its ASCII form.
    """
    plain = value.strip().lower()
    if (
        len(plain) <= min(longest, LONGEST_EMAIL)
        and _PLAIN.fullmatch(plain)
        and plain.rpartition(".")[2] not in _SPECIAL
    ):
        return plain
    try:
        checked = email_validator.validate_email(
            value.strip(), check_deliverability=False, allow_smtputf8=False
        )
    except email_validator.EmailNotValidError:
        return None
    address = (checked.ascii_email or checked.normalized).lower()
    return address if len(address) <= longest else None


@lru_cache(maxsize=65_536)
def phone_number(value: str, region: str) -> str | None:
    """The number in E.164 (`+34600112233`), or None where no such number can exist.

    Args:
        value: as people write it, national or international.
        region: ISO 3166 code of the country whose national form is assumed.
    """
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
