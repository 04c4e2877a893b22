"""Values that must not reach Klaviyo are recognised, and what only looks like one passes."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import phonenumbers
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from target_klaviyo.guards import Guard

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

DOCUMENT, ACCOUNT, CARD = "an identity document", "a bank account", "a payment card"
CASES = st.sampled_from([str.upper, str.lower])
LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"


def _looks(value: Any, column: str = "notes") -> str | None:
    """What one value is dropped for, by a guard that lets its column's name pass."""
    record = {"email": "ana@nevent-demo.es", column: value, "vip_status": True}
    dropped = Guard(record).clean(record)
    assert (column in record) == (not dropped)
    assert record.items() >= {"email": "ana@nevent-demo.es", "vip_status": True}.items()
    return dropped[0].removeprefix(f"{column} (").removesuffix(")") if dropped else None


# What is always recognised.


@st.composite
def documents(draw: st.DrawFn) -> str:
    """DNI and NIE with the right letter, as people and programs write them."""
    number = draw(st.integers(0, 99_999_999))
    first = draw(st.sampled_from(["", "X", "Y", "Z"]))
    if first:
        number %= 10_000_000
        value = number + 10_000_000 * "XYZ".index(first)
        spellings = [f"{number:07}", f"0{number:07}", _dotted(f"{number:07}", ".")]
        digits = first + draw(st.sampled_from(["", "-", " "])) + draw(st.sampled_from(spellings))
    else:
        value = number
        eight = f"{number:08}"
        digits = draw(st.sampled_from([eight, _dotted(eight, "."), _dotted(eight, " ")]))
    letter = LETTERS[value % 23]
    text = digits + draw(st.sampled_from(["", "-", " ", ".", " - ", "/", "\u00a0"])) + letter
    head = draw(st.sampled_from(["", "DNI ", "NIF: ", "dni-", "ES"] if not first else ["", "NIE "]))
    text = head + text
    # "y" after a space is a word; a letter that is one is written large there.
    return text if text[-1] in "AEY" and text[-2].isspace() else draw(CASES)(text)


def _dotted(digits: str, gap: str) -> str:
    return gap.join([digits[:-6], digits[-6:-3], digits[-3:]])


_BANKS = {  # BBANs: fixed letters as in the registry's examples, digits at random
    "ES": "0" * 20,
    "DE": "0" * 18,
    "PT": "0" * 21,
    "FR": "0" * 10 + "A" * 11 + "00",
    "IT": "X" + "0" * 10 + "A" * 12,
    "GB": "WEST" + "0" * 14,
    "NL": "ABNA" + "0" * 10,
    "BE": "0" * 12,
    "IE": "AIBK" + "0" * 14,
    "MT": "MALT" + "0" * 5 + "A" * 18,
    "NO": "0" * 11,
}


@st.composite
def accounts(draw: st.DrawFn) -> str:
    """IBANs with the right check digits."""
    country = draw(st.sampled_from(sorted(_BANKS)))
    bank = "".join(
        draw(st.sampled_from("0123456789" if each == "0" else "ABC0189")) if each in "0A" else each
        for each in _BANKS[country]
    )
    assume(any(part.isdigit() for part in (bank[at : at + 7] for at in range(len(bank) - 6))))
    check = 98 - int("".join(str(int(each, 36)) for each in f"{bank}{country}00")) % 97
    iban = f"{country}{check:02}{bank}"
    fours = [iban[at : at + 4] for at in range(0, len(iban), 4)]
    spellings = [iban, iban.lower(), " ".join(fours), "-".join(fours), f"IBAN: {iban}"]
    if country == "ES":
        spellings.append(f"{iban[:4]} {iban[4:8]} {iban[8:12]} {iban[12:14]} {iban[14:]}")
    return draw(st.sampled_from(spellings))


_ISSUED = {  # beginnings and lengths
    "4": (16, 19),
    "51": (16,),
    "55": (16,),
    "2221": (16,),
    "2720": (16,),
    "34": (15,),
    "37": (15,),
    "36": (14,),
    "300": (14,),
    "6011": (16, 19),
    "65": (16,),
    "3528": (16,),
    "62": (16, 19),
    "6759": (16, 18),
}


@st.composite
def cards(draw: st.DrawFn) -> str:
    """Card numbers with the right check digit, in one piece or in the groups of their issuer."""
    head = draw(st.sampled_from(sorted(_ISSUED)))
    length = draw(st.sampled_from(_ISSUED[head]))
    size = length - len(head) - 1
    number = _luhn(head + draw(st.text("0123456789", min_size=size, max_size=size)))
    sizes = {15: (4, 6, 5), 14: (4, 6, 4)}.get(length, (4, 4, 4, 4, 4))
    groups: list[str] = []
    rest = number
    for size in sizes:
        groups, rest = [*groups, rest[:size]], rest[size:]
    gap = draw(st.sampled_from(["", " ", "-", "\u00a0"]))
    return gap.join(filter(None, groups))


def _luhn(number: str) -> str:
    for check in "0123456789":
        digits = [int(each) for each in reversed(number + check)]
        doubled = [each * 2 - 9 * (each > 4) for each in digits[1::2]]
        if (sum(digits[::2]) + sum(doubled)) % 10 == 0:
            return number + check
    raise AssertionError(number)


sentences: list[Callable[[str], Any]] = [
    str,
    "  {} ".format,
    "Mi número es {}, gracias.".format,
    "({})".format,
    "{};vip".format,
    "Número:{}".format,
    "dos líneas\n{}\n".format,
    lambda text: ["vip", text],
    lambda text: {"ficha": {"valor": [text]}},
]


@given(documents(), st.sampled_from(sentences))
def test_an_identity_document_never_passes(text: str, within: Callable[[str], Any]) -> None:
    """Whatever its spelling, alone, within a sentence, a list or an object."""
    assert _looks(within(text)) == DOCUMENT


@given(accounts(), st.sampled_from(sentences))
def test_a_bank_account_never_passes(text: str, within: Callable[[str], Any]) -> None:
    """The same."""
    assert _looks(within(text)) == ACCOUNT


@given(cards(), st.sampled_from(sentences))
def test_a_payment_card_never_passes(text: str, within: Callable[[str], Any]) -> None:
    """The same."""
    assert _looks(within(text)) == CARD


@given(cards())
def test_a_card_as_a_number_never_passes(text: str) -> None:
    """A tap may know the column as a number."""
    number = int("".join(filter(str.isdigit, text)))
    assert _looks(number) == CARD
    assert _looks([{"n": number}]) == CARD


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("4222222222222", CARD),  # the one length that barcodes and phones have too
        ("4111 1111 1111 1111 12 28", CARD),
        ("4111111111111111, cad. 12/28", CARD),
        ("ES9121000418450200051332", ACCOUNT),
        ("ES91 2100 0418 45 0200051332", ACCOUNT),
        ("ES91 2100 0418 4502 0005 1332 de Ana", ACCOUNT),
        ("GB82 WEST 1234 5698 7654 32", ACCOUNT),
        ("LC55HEMM000100010012001200023015", ACCOUNT),
        ("DNI/NIE: 12345678Z", DOCUMENT),
        ("12345678z", DOCUMENT),
        ("ESX1234567L", DOCUMENT),
        (4.111111111111111e15, CARD),
    ],
)
def test_known_examples_never_pass(text: Any, what: str) -> None:
    """Numbers that vendors publish for tests, in spellings seen in forms."""
    assert _looks(text) == what


# What is never mistaken.

ULID = st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", min_size=25, max_size=25).map("0{}".format)
HEX = st.sampled_from([20, 24, 32, 40, 64]).flatmap(
    lambda size: st.text("0123456789abcdef", min_size=size, max_size=size)
)
PHONES = [
    number
    for region in sorted(phonenumbers.SUPPORTED_REGIONS)
    for kind in (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE)
    if (number := phonenumbers.example_number_for_type(region, kind))
]
FORMATS = (
    phonenumbers.PhoneNumberFormat.E164,
    phonenumbers.PhoneNumberFormat.INTERNATIONAL,
    phonenumbers.PhoneNumberFormat.NATIONAL,
    phonenumbers.PhoneNumberFormat.RFC3966,
)


@given(st.uuids().map(str) | st.uuids().map(lambda each: each.hex) | ULID | HEX)
def test_a_machines_id_is_never_mistaken(text: str) -> None:
    """Alone, within a path, or with a prefix."""
    for value in (text, text.upper(), f"https://nevent-demo.es/o/{text}", f"order-{text}", [text]):
        assert _looks(value) is None


@given(st.sampled_from(PHONES), st.sampled_from(FORMATS))
def test_a_phone_is_never_mistaken(number: phonenumbers.PhoneNumber, spelling: int) -> None:
    """In any country's and any format's spelling, with and without its plus."""
    text = phonenumbers.format_number(number, spelling)
    for value in (text, text.lstrip("+"), f"Tel. {text} (mañanas)"):
        assert _looks(value) is None


@given(st.from_regex(r"\+[1-9][0-9]{7,14}", fullmatch=True))
def test_whatever_begins_as_a_phone_does_is_never_mistaken(text: str) -> None:
    """An E.164 number may have as many digits as a card."""
    assert _looks(text) is None


@given(st.datetimes(datetime(1990, 1, 1)), st.sampled_from(["", "Z", "+02:00"]))  # noqa: DTZ001  # hypothesis wants it naive
def test_a_moment_is_never_mistaken(moment: datetime, zone: str) -> None:
    """ISO dates and times, compact ones too."""
    compact = f"{moment:%Y%m%dT%H%M%S}"
    for text in (moment.isoformat() + zone, str(moment), str(moment.date()), compact + zone):
        assert _looks(text) is None


@given(st.integers(700_000_000, 1_999_999_999), st.sampled_from([1, 10**3, 10**6, 10**9]))
def test_an_epoch_is_never_mistaken(seconds: int, unit: int) -> None:
    """Seconds since 1970, or their parts, from 1992 to 2033."""
    assert _looks(seconds * unit) is None
    assert _looks(str(seconds * unit)) is None


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**11), max_value=10**11))
def test_an_amount_is_never_mistaken(amount: Decimal) -> None:
    """As text or number, however many decimals."""
    for value in (str(amount), f"{amount:f}", float(amount), f"{amount:,.2f} €", int(amount)):
        assert _looks(value) is None


@given(st.floats(0, 1))
def test_a_share_is_never_mistaken(share: float) -> None:
    """Its decimals may be as many as a card has digits."""
    assert _looks(share) is None
    assert _looks(str(share)) is None
    assert _looks(str(share).replace(".", ",")) is None


@given(documents(), accounts(), cards())
def test_a_wrong_check_digit_is_no_match(document: str, account: str, card: str) -> None:
    """A number of the right length is not enough."""
    other = LETTERS[(LETTERS.index(document[-1].upper()) + 1) % 23]
    assert _looks(document[:-1] + other) is None
    digits = "".join(filter(str.isdigit, card))
    assume(len(digits) < 19)  # a longer one may be right when it is cut
    assert _looks(digits[:-1] + str((int(digits[-1]) + 1) % 10)) is None
    iban = "".join(filter(str.isalnum, account)).upper().removeprefix("IBAN")
    assert _looks(iban[:2] + f"{(int(iban[2:4]) + 1) % 100:02}" + iban[4:]) is None


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("order_id", "12345678Z"),
        ("ticket_number", "4111111111111111"),
        ("numero_pedido", 4111111111111111),
        ("barcode", "4111111111111111"),
        ("codigo_barras", "4006381333931"),
        ("telefono_contacto", "4111111111111111"),
        ("notes", "4006381333931"),  # an EAN
        ("notes", "Entradas 12345678 y 87654321"),
        ("notes", "2025 2026 2027 2028"),
        ("notes", "Pedido #12345678Z"),
        ("notes", "ORD-12345678Z"),
        ("notes", "192.168.100.200"),
        ("notes", "1.2345678E+7"),
        ("notes", "12345678e+10"),
        ("notes", "https://nevent-demo.es/t/12345678Z"),
        ("notes", "Festival 2026-07-10 20260710 Sala 3"),
    ],
)
def test_numbers_of_things_are_let_through(column: str, value: Any) -> None:
    """Orders, tickets, barcodes, addresses of machines."""
    assert _looks(value, column) is None


@pytest.mark.parametrize("column", ["order_id", "barcode"])
def test_a_person_is_found_even_among_numbers_of_things(column: str) -> None:
    """Where the spelling leaves no doubt."""
    assert _looks("4111 1111 1111 1111", column) == CARD
    assert _looks("ES9121000418450200051332", column) == ACCOUNT
    assert _looks("a nombre de 12345678Z", column) == DOCUMENT
