"""The consent matrix: what is sent to Klaviyo for each pair of states, by really loading it.

`python tests/docs/consent_matrix.py` writes it into target-klaviyo's README.
"""

from __future__ import annotations

import io
import re
import tempfile
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from nevent_sandbox import Sandbox
from singer_messages import record, schema, singer
from target_klaviyo.target import TargetKlaviyo

README = Path(__file__).parents[2] / "target-klaviyo" / "README.md"
BEGIN, END = "<!-- consent matrix -->\n", "<!-- end of consent matrix -->\n"
NOW = datetime.now(tz=UTC).replace(microsecond=0)
STATED = NOW - timedelta(days=10)
TIMES = {"older": STATED - timedelta(days=1), "same": STATED, "newer": STATED + timedelta(days=1)}
SOURCE = ("consent", "objection", "undated")
LIST = "Nevent - Boletín"
BULK = "profile-subscription-bulk-create-jobs"
OPERATIONS = ("create", "delete")


class Case(NamedTuple):
    """One person: what the source says, what Klaviyo knows, and since when that is."""

    channel: str
    scope: str  # all, list (member), list (no member)
    source: str
    klaviyo: str
    age: str  # of Klaviyo's state, beside the source's; "" where it does not matter


def cases() -> list[Case]:
    """All combinations that can be."""
    found = []
    for channel, scope, source in product(("email", "sms"), ("all", "member", "no member"), SOURCE):
        states = ["never asked", "subscribed", "unsubscribed"]
        if channel == "email":
            states += ["complained", "suppressed", "bounced"]
            if scope == "member":
                states.append("left the list")
        for klaviyo in states:
            dated = klaviyo not in {"never asked", "bounced"}
            ages = TIMES if dated and source != "undated" else ("",)
            found += [Case(channel, scope, source, klaviyo, age) for age in ages]
    return found


def matrix() -> dict[Case, str]:
    """What each case led to: subscribe, unsubscribe (of which scope), or nothing."""
    wanted = {f"+346001{number:05}": case for number, case in enumerate(cases())}
    people = {phone: f"fan{phone[1:]}@nevent-demo.es" for phone in wanted}
    with Sandbox(fans=0) as sandbox, tempfile.TemporaryDirectory() as folder:
        sent = _sent(sandbox, wanted, people, Path(folder))
    by_person = {**{people[phone]: phone for phone in people}, **{phone: phone for phone in people}}
    told = {wanted[by_person[who]]: what for who, what in sent.items()}
    return {case: told.get(case, "nothing") for case in wanted.values()}


def table() -> str:
    """The matrix as Markdown, one row a state, alike rows together."""
    rows: dict[tuple[str, ...], list[str]] = {}
    for case, what in matrix().items():
        rows.setdefault((case.channel, case.scope, case.source, what), []).append(
            f"{case.klaviyo} {case.age}".strip()
        )
    lines = [
        "| Channel | About | The source says | Klaviyo knows (older, same, newer) | Sent |",
        "| --- | --- | --- | --- | --- |",
    ]
    for (channel, scope, source, what), states in rows.items():
        about = "all marketing" if scope == "all" else f"one list, {scope}"
        lines.append(f"| {channel} | {about} | {source} | {_short(states)} | {what} |")
    return "\n".join(lines) + "\n"


def _short(states: list[str]) -> str:
    """`subscribed older, same` instead of the state twice."""
    by_state: dict[str, list[str]] = {}
    for each in states:
        state, _, age = each.rpartition(" ") if each.split()[-1] in TIMES else (each, "", "")
        by_state.setdefault(state, []).append(age)
    return "; ".join(
        state
        if len([age for age in ages if age]) in {0, len(TIMES)}
        else f"{state} {', '.join(ages)}"
        for state, ages in by_state.items()
    )


def _sent(
    sandbox: Sandbox, wanted: dict[str, Case], people: dict[str, str], folder: Path
) -> dict[str, str]:
    """E-mail or phone → what was sent about it."""
    klaviyo = sandbox.klaviyo
    settings = {
        "api_key": "pk_sandbox_full",
        "api_url": klaviyo.url,
        "rejects_path": str(folder / "rejects.jsonl"),
        "consent_ledger_path": str(folder / "consents.jsonl"),
        "store_path": str(folder / "store.sqlite"),
    }
    profiles = schema("profiles", "email", "phone_number")
    everybody = [record("profiles", email=people[p], phone_number=p) for p in wanted]
    columns = ("email", "list_name")
    members = [
        record("list_members", email=people[phone], list_name=LIST)
        for phone, case in wanted.items()
        if case.scope == "member"
    ]
    outsider = record("list_members", email="someone@nevent-demo.es", list_name=LIST)
    _load(settings, [profiles, *everybody, schema("list_members", *columns), *members, outsider])
    (made,) = klaviyo.lists()
    for phone, case in wanted.items():
        _happen(klaviyo, case, people[phone], phone, made["id"])
    klaviyo.clear_requests()
    consent = [f"{c}_{w}" for c in ("email", "sms") for w in ("consent", "consented_at")]
    told = [_statement(case, people[phone], phone) for phone, case in wanted.items()]
    statements = schema("subscriptions", *columns, "phone_number", *consent)
    _load(settings, [statements, *told])
    return _requests(klaviyo)


def _happen(klaviyo: Any, case: Case, email: str, phone: str, list_id: str) -> None:
    """What this person did in Klaviyo."""
    at = TIMES.get(case.age, TIMES["older"]).isoformat()
    who = {"email": email} if case.channel == "email" else {"phone_number": phone}
    if case.klaviyo == "subscribed":
        klaviyo.subscribe(**who, at=at)
    elif case.klaviyo != "never asked":
        klaviyo.subscribe(**who, at=(STATED - timedelta(days=30)).isoformat())
    if case.klaviyo == "unsubscribed":
        klaviyo.unsubscribe(**who, at=at)
    elif case.klaviyo == "left the list":
        klaviyo.unsubscribe(**who, at=at, list_id=list_id)
    elif case.klaviyo == "complained":
        klaviyo.complain(email, at=at)
    elif case.klaviyo == "suppressed":
        klaviyo.suppress(email, at=at)
    elif case.klaviyo == "bounced":
        klaviyo.bounce(email, at=at)


def _statement(case: Case, email: str, phone: str) -> dict[str, Any]:
    column = f"{case.channel}_consent"
    said = {
        column: "unsubscribed" if case.source == "objection" else "subscribed",
        f"{column}ed_at": None if case.source == "undated" else STATED.isoformat(),
        "list_name": None if case.scope == "all" else LIST,
        "phone_number": phone,
    }
    return record("subscriptions", email=email, **said)


def _requests(klaviyo: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for request in klaviyo.requests(bodies=True):
        operation = request["operation"]
        if "subscription-bulk" not in operation:
            continue
        data = request["body"]["data"]
        what = "subscribe" if "create" in operation else "unsubscribe"
        scope = "of the list" if data.get("relationships") else "of all"
        for item in data["attributes"]["profiles"]["data"]:
            attributes = item["attributes"]
            who = attributes.get("email") or attributes["phone_number"]
            assert who not in found
            found[who] = f"{what} {scope}"
    return found


def _load(settings: dict[str, Any], messages: list[dict[str, Any]]) -> None:
    target = TargetKlaviyo(config=settings)
    try:
        target.listen(io.StringIO(singer(messages).decode()))
    finally:
        target.close()


def written(text: str, matrix_table: str) -> str:
    """The README with this table in it."""
    return re.sub(
        f"{re.escape(BEGIN)}.*?{re.escape(END)}",
        f"{BEGIN}{matrix_table}{END}",
        text,
        flags=re.DOTALL,
    )


if __name__ == "__main__":
    README.write_text(written(README.read_text(encoding="utf-8"), table()), encoding="utf-8")
