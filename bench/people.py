"""`people.py RECORDED COUNT`: a stream of as many fans as wanted, told to a target.

Recorded fans over and over, each with an id, an e-mail and a phone number of its own. With
`--consenting` all of them said yes to mail, at some second of last year, and nothing about SMS.
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

TOGETHER = 1_000  # lines written at once
_DATED = datetime(2025, 1, 1, tzinfo=UTC)
_YEAR = 365 * 86_400
_SILENT = ("sms_enabled", "sms_changed_at")


def lines(recorded: Path, count: int, *, consenting: bool) -> Iterator[bytes]:
    """Singer messages: what the recording has besides fans, then the fans."""
    messages = [msgspec.json.decode(line) for line in recorded.open("rb")]
    for each in messages:
        if each["type"] == "SCHEMA":
            yield msgspec.json.encode(each) + b"\n"
    fans = [each for each in messages if each["type"] == "RECORD" and each["record"]["email"]]
    templates = cycle([_template(each, consenting=consenting) for each in fans])
    for number, template in enumerate(islice(templates, count)):
        at = (_DATED + timedelta(seconds=number * _YEAR // count)).isoformat()
        yield template % (b"%024x" % number, b"%d" % number, b"%08d" % number, at.encode())


def _template(message: dict[str, Any], *, consenting: bool) -> bytes:
    """A line with places for id, number of the e-mail, end of the phone number, date of consent."""
    record = message["record"] | {"id": "\0a", "email": "fan.\0b@nevent-demo.es"}
    record["phone_number"] = "+346\0c"
    if consenting:
        record |= {"email_enabled": True, **dict.fromkeys(_SILENT)}
    record["email_changed_at"] = "\0d"
    order = {name: record[name] for name in ("id", "email", "phone_number", "email_changed_at")}
    line = msgspec.json.encode({**message, "record": order | record}) + b"\n"
    line = line.replace(b"%", b"%%")
    for place in (b"a", b"b", b"c", b"d"):
        line = line.replace(b"\\u0000" + place, b"%s")
    return line


def main() -> None:
    """Write them to stdout."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recorded", type=Path)
    parser.add_argument("count", type=int)
    parser.add_argument("--consenting", action="store_true")
    asked = parser.parse_args()
    told = lines(asked.recorded, asked.count, consenting=asked.consenting)
    while some := b"".join(islice(told, TOGETHER)):
        sys.stdout.buffer.write(some)


if __name__ == "__main__":
    main()
