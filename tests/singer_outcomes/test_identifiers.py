"""Addresses and phone numbers in one form."""

from __future__ import annotations

import re
import tracemalloc
from functools import partial
from typing import TYPE_CHECKING

import email_validator
import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from singer_outcomes.identifiers import email_address, phone_number

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("ana@nevent-demo.es", "ana@nevent-demo.es"),
        ("  Ana.Garcia@Nevent-Demo.ES ", "ana.garcia@nevent-demo.es"),
        ("ana@ñandú-demo.es", "ana@xn--and-demo-c3a7g.es"),
        ("ana.garcía@nevent-demo.es", None),
        ("ana\N{KELVIN SIGN}@nevent-demo.es", None),
        ("ana+festival@nevent-demo.es", "ana+festival@nevent-demo.es"),
        ("ana@nevent-demo", None),
        ("ana nevent-demo.es", None),
        ("ana@@nevent-demo.es", None),
        ("", None),
        ("a" * 250 + "@nevent-demo.es", None),
    ],
)
def test_an_address_is_lower_case_or_nothing(given: str, expected: str | None) -> None:
    """Two spellings of an address are one person."""
    assert email_address(given) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("600 11 22 33", "+34600112233"),
        ("+34 600-112-233", "+34600112233"),
        ("0034600112233", "+34600112233"),
        ("+33 6 12 34 56 78", "+33612345678"),
        ("+44 7911 123456", "+447911123456"),
        ("12", None),
        ("no phone", None),
        ("+34 600 11 22", None),
    ],
)
def test_a_number_is_e164_or_nothing(given: str, expected: str | None) -> None:
    """National ones are taken as of the configured country."""
    assert phone_number(given, "ES") == expected


def test_the_configured_country_decides_about_national_numbers() -> None:
    """A French promoter's fans write French numbers."""
    assert phone_number("06 12 34 56 78", "FR") == "+33612345678"
    assert phone_number("06 12 34 56 78", "ES") is None


@pytest.mark.parametrize("identifier", [email_address, partial(phone_number, region="ES")])
def test_texts_in_the_wrong_column_are_not_kept(identifier: Callable[[str], str | None]) -> None:
    """Invitations instead of addresses: what was seen of values is remembered, up to a length."""
    tracemalloc.start()
    for number in range(1_000):
        assert identifier(f"{number}, come to the festival! " * 100) is None
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 200_000


def test_an_address_longer_than_the_vendor_takes_is_none() -> None:
    """Klaviyo takes a hundred characters."""
    assert email_address("ana@nevent-demo.es", 18) == "ana@nevent-demo.es"
    assert email_address("ana@nevent-demo.es", 17) is None


@given(
    st.tuples(
        st.text("ab9.-_+'!@ A", max_size=70), st.text("ab-9.xn", min_size=1, max_size=80)
    ).map("@".join)
    | st.from_regex(r"[a-z.+-]{1,70}@[a-z0-9.-]{1,70}\.(es|test|local|[a-z]{1,4})", fullmatch=True)
)
def test_plain_addresses_are_taken_as_the_full_rules_take_them(value: str) -> None:
    """The quick way is no other way."""
    try:
        checked = email_validator.validate_email(
            value.strip(), check_deliverability=False, allow_smtputf8=False
        )
    except email_validator.EmailNotValidError:
        assert email_address(value) is None
    else:
        assert email_address(value) == (checked.ascii_email or checked.normalized).lower()


def _by_the_library(value: str, region: str) -> str | None:
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@st.composite
def _numbers(draw: st.DrawFn) -> tuple[str, str]:
    """A region, and what nearly is one of its mobile numbers, as somebody may write it."""
    region = draw(st.sampled_from(["ES", "PT", "FR", "IT", "DE", *phonenumbers.SUPPORTED_REGIONS]))
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(region, None)
    assert metadata is not None
    described = metadata.mobile and metadata.mobile.national_number_pattern  # not Tristan da Cunha
    pattern = re.compile(described or r"\d{9}", re.ASCII)
    digits = draw(st.from_regex(pattern, fullmatch=True))
    if draw(st.booleans()):
        place = draw(st.integers(0, len(digits)))
        digits = digits[:place] + draw(st.text("0123456789", max_size=2)) + digits[place + 1 :]
    code = str(metadata.country_code)
    prefix = draw(st.sampled_from(["", "+", f"+{code}", f"00{code}", code, "0", f"+{code}0"]))
    gap = draw(st.sampled_from(["", " ", "-", ".", " - ", "/"]))
    cut = draw(st.integers(0, len(digits)))
    return draw(st.sampled_from(["", " "])) + prefix + digits[:cut] + gap + digits[cut:], region


@given(_numbers())
def test_a_number_that_looks_mobile_is_taken_as_the_library_takes_it(case: tuple[str, str]) -> None:
    """Of any country, with and without its code, right and nearly right."""
    assert phone_number(*case) == _by_the_library(*case)
