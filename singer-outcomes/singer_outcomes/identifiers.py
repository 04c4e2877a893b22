"""E-mail addresses and phone numbers in the one form that vendors take, or None."""

from __future__ import annotations

import re
from functools import lru_cache

import email_validator
import phonenumbers

# Most addresses are plain and short: these need no look at what the full rules make of them.
_ATOM, _LABEL = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]++", r"[a-z0-9]++(?:-[a-z0-9]++)*+"
_SPECIAL = {name.rpartition(".")[2] for name in email_validator.SPECIAL_USE_DOMAIN_NAMES}
_TOP = rf"(?!(?:{'|'.join(sorted(_SPECIAL))})$)[a-z]{{2,20}}"
_PLAIN = re.compile(rf"(?=[^@]{{3}}){_ATOM}(?:\.{_ATOM})*+@(?:{_LABEL}\.)+{_TOP}")
_SHORT = 64  # characters; within them neither what is before the @ nor a label can be too long
_LONG = 1_000  # whatever is longer is no identifier, and would be kept to be known again
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


def email_address(value: str, longest: int = LONGEST_EMAIL) -> str | None:
    """The address in lower case, or None where its syntax is wrong.

    Vendors match addresses without regard to case: two spellings are one person. Klaviyo takes
    ASCII only, so an international domain goes in its ASCII form.
    """
    plain = value.strip().lower()
    # In lower case, the sign for kelvin is a k.
    if value.isascii() and len(plain) <= _SHORT and _PLAIN.fullmatch(plain):
        address: str | None = plain
    elif len(value) <= _LONG:
        address = _checked_address(value.strip())
    else:
        address = None
    return address if address is not None and len(address) <= longest else None


@lru_cache(maxsize=65_536)  # a buyer's address comes with each of their tickets
def _checked_address(value: str) -> str | None:
    try:
        checked = email_validator.validate_email(
            value, check_deliverability=False, allow_smtputf8=False
        )
    except email_validator.EmailNotValidError:
        return None
    return (checked.ascii_email or checked.normalized).lower()


@lru_cache(maxsize=256)
def _mobile(region: str) -> tuple[re.Pattern[str], str] | None:
    """What a region's mobile numbers look like as they are written there, without their gaps.

    And what stands before them in E.164.

    Made of the library's own metadata, and only where nothing else decides: the main region of its
    calling code, abroad dialled with 00 and at home with 0 or nothing before the number.
    """
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(region, None)
    if (
        metadata is None
        or metadata.country_code is None
        or metadata.mobile is None
        or metadata.mobile.national_number_pattern is None
        or metadata.international_prefix != "00"
        or phonenumbers.COUNTRY_CODE_TO_REGION_CODE[metadata.country_code][0] != region
        or not re.fullmatch(r"(0(\|\d+)?)?", metadata.national_prefix_for_parsing or "")
    ):
        return None
    before = "0?" if metadata.national_prefix_for_parsing else ""
    mobile = metadata.mobile.national_number_pattern
    pattern = rf"(?:(?:\+|00){metadata.country_code}|{before})(?!0)({mobile})"
    return re.compile(pattern, flags=re.ASCII), f"+{metadata.country_code}"


def phone_number(value: str, region: str) -> str | None:
    """The number in E.164 (`+34600112233`), or None where no such number can exist.

    Args:
        value: as people write it, national or international.
        region: ISO 3166 code of the country whose national form is assumed.
    """
    mobile = _mobile(region)
    if mobile is not None:
        # The library takes fifty times as long, and most numbers are mobile ones of the country.
        plain = mobile[0].fullmatch(value.replace(" ", "").replace("-", "").replace(".", ""))
        if plain is not None:
            return mobile[1] + plain[1]
    return _checked_number(value, region) if len(value) <= _LONG else None


@lru_cache(maxsize=65_536)
def _checked_number(value: str, region: str) -> str | None:
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
