"""Values that are numbers of a person's papers or money, known by their check digits."""

from __future__ import annotations

import re

import phonenumbers

DOCUMENT, ACCOUNT, CARD = "an identity document", "a bank account", "a payment card"

BARCODE = 13  # digits of an EAN

_GAP = r"[ \u00a0.-]"
_BEFORE = r"(?<![0-9A-Za-z_/\#.+-])"  # inside of an id, a path or a decimal is no number of its own
_AFTER = r"(?![0-9A-Za-z_+]|-[0-9A-Za-z])"

# Spanish DNI and NIE: 12345678Z, 12.345.678-Z, X1234567L, X-1.234.567-L; as a VAT number ES…
_DOCUMENT = re.compile(
    rf"""{_BEFORE}(?:(?:DNI|NIF|NIE|ES)[ :.-]{{0,2}})?(?:
    (?P<dni>[0-9]{{8}} | [0-9]{{1,2}}(?P<gap>[ \u00a0.])[0-9]{{3}}(?P=gap)[0-9]{{3}})
    | (?P<first>[XYZ]){_GAP}?
      (?P<nie>0?[0-9]{{7}} | [0-9](?P<gap2>[ \u00a0.])[0-9]{{3}}(?P=gap2)[0-9]{{3}})
    )(?P<before>{_GAP} | / | [ ]-[ ])?(?P<letter>[A-Z]){_AFTER}""",
    re.IGNORECASE | re.ASCII | re.VERBOSE,
)
_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"

_ACCOUNT = re.compile(
    rf"{_BEFORE}(?:IBAN[ :.-]{{0,2}})?([A-Z]{{2}}[0-9]{{2}})(?={_GAP}?[0-9A-Z])",
    re.IGNORECASE | re.ASCII,
)
# How long an IBAN is, by country (SWIFT's IBAN registry), and where all of it is digits.
_LENGTHS_OF = {
    15: "NO",
    16: "BE",
    18: "DK FI FK FO GL NL SD",
    19: "MK SI",
    20: "AT BA EE KZ LT LU MN XK",
    21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA",
    23: "AE GI IL IQ OM SO TL",
    24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "LY PT ST",
    26: "IS TR",
    27: "BI DJ FR GR IT MC MR SM",
    28: "AL AZ BY CY DO GT HU LB NI PL",
    29: "BR EG PS QA UA",
    30: "JO KW MU YE",
    31: "MT SC",
    32: "LC",
    33: "RU",
}
_LENGTHS = {each: length for length, some in _LENGTHS_OF.items() for each in some.split()}
_DIGITS_ONLY = re.compile(
    "AE|B[AEI]|C[RZ]|D[EJK]|E[EGS]|F[IO]|GL|H[RU]|I[LS]|L[TY]|M[ENR]|NO|P[LT]|RS|S[DEIKOT]|T[LN]"
    "|VA|XK"
)

_CARD = re.compile(
    rf"{_BEFORE}(?<![0-9],)(?=([0-9]{{13,19}}(?![.,]?[0-9]){_AFTER}"
    rf"|[0-9]{{4}}(?P<gap>{_GAP})[0-9]{{4,6}}(?:(?P=gap)[0-9]{{1,7}}){{1,3}}{_AFTER}))"
)
# Issuers and the lengths of their numbers (ISO/IEC 7812; Visa, Mastercard, American Express,
# Diners, Discover, JCB, UnionPay, Maestro, RuPay, Mir).
_ISSUERS = re.compile(
    "4[0-9]{12}(?:[0-9]{3}){0,2}"
    "|(?:5[1-5][0-9]{2}|222[1-9]|22[3-9][0-9]|2[3-6][0-9]{2}|27[01][0-9]|2720)[0-9]{12}"
    "|3[47][0-9]{13}"
    "|3(?:0[0-59]|[689][0-9])[0-9]{11,16}"
    "|(?:6011|64[4-9][0-9]|65[0-9]{2}|35(?:2[89]|[3-8][0-9])|220[0-4])[0-9]{12,15}"
    "|(?:62|50|5[678]|67)[0-9]{14,17}|63(?:04|90)[0-9]{12,15}"
    "|(?:60|81)[0-9]{14}"
)
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def looks_like(text: str, *, reference: bool = False) -> str | None:
    """What a text holds: DOCUMENT, ACCOUNT, CARD or nothing.

    Args:
        text: as people write it; the number may stand among other words.
        reference: it is the number of a thing. Alone, it may look like a document or card by
            chance.
    """
    if any(_is_account(text, match.start(1)) for match in _ACCOUNT.finditer(text)):
        return ACCOUNT
    if reference and text.isalnum():
        return None
    if any(_is_document(match) for match in _DOCUMENT.finditer(text)):
        return DOCUMENT
    if any(_is_card(match) for match in _CARD.finditer(text)):
        return CARD
    return None


def _is_document(match: re.Match[str]) -> bool:
    letter, before = match["letter"], match["before"]
    whole = match.end() - match.start() == len(match.string.strip())
    if before and before.isspace() and letter in "aey" and not whole:
        return False  # a word, as in "12345678 y 87654321"
    if match["dni"]:
        number = _digits(match["dni"])
    else:
        number = str("XYZ".index(match["first"].upper())) + _digits(match["nie"])[-7:]
    return _LETTERS[int(number) % 23] == letter.upper()


def _is_account(text: str, start: int) -> bool:
    country = text[start : start + 2].upper()
    length = _LENGTHS.get(country, 0)
    found: list[str] = []
    position = start
    while len(found) < length and position < len(text):
        char = text[position]
        if char.isascii() and char.isalnum():
            found.append(char.upper())
        elif char not in " \u00a0-." or text[position - 1] in " \u00a0-.":
            return False
        position += 1
    if not length or len(found) < length or re.match(r"[0-9A-Za-z_]|-[0-9A-Za-z]", text[position:]):
        return False
    number = "".join(found)
    if _DIGITS_ONLY.match(country) and not number[2:].isdigit():
        return False
    return int("".join(str(int(each, 36)) for each in number[4:] + number[:4])) % 97 == 1


def _is_card(match: re.Match[str]) -> bool:
    groups = re.split(_GAP, match[1])
    if match["gap"] in {None, "-", "."}:
        return _is_card_number("".join(groups))
    # What follows a card, such as its expiry date, may be written like another group of it.
    return any(_is_card_number("".join(groups[:end])) for end in range(3, len(groups) + 1))


def _is_card_number(digits: str) -> bool:
    if not _ISSUERS.fullmatch(digits):
        return False
    odd, even = digits[-1::-2], digits[-2::-2]
    if (sum(map(int, odd)) + sum(_DOUBLED[int(each)] for each in even)) % 10:
        return False
    # No card of 13 digits has been issued for decades; barcodes and phones have as many.
    return len(digits) > BARCODE or not (_is_barcode(digits) or _is_phone(digits))


def _is_barcode(digits: str) -> bool:
    return (sum(map(int, digits[::2])) + 3 * sum(map(int, digits[1::2]))) % 10 == 0


def _is_phone(digits: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(f"+{digits}"))
    except phonenumbers.NumberParseException:
        return False


def _digits(text: str) -> str:
    return re.sub("[^0-9]", "", text)
