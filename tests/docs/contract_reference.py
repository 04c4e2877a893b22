"""What READMEs must say of the evidence behind each request to Nevent; as a script, writes it."""

from __future__ import annotations

import re
from pathlib import Path

from nevent_client.contract import OPERATIONS

ROOT = Path(__file__).parents[2]
READMES = (ROOT / "README.md", ROOT / "nevent-client" / "README.md")
HEAD = "| Operation | Request | Evidence | Assumed on it |\n| --- | --- | --- | --- |\n"


def table() -> str:
    """One row an operation of the contract."""
    return HEAD + "".join(
        f"| `{name}` | {each.method} `{each.path}` | {each.evidence} | "
        f"{', '.join(each.assumed) if each.assumed else ''} |\n"
        for name, each in OPERATIONS.items()
    )


def table_in(text: str) -> str:
    """The table that a README holds; empty where there is none."""
    found = re.search(re.escape(HEAD) + r"(?:\|.*\n)*", text)
    return found[0] if found else ""


def write() -> None:
    """Put the contract's table into each README that has one."""
    for readme in READMES:
        text = readme.read_text(encoding="utf-8")
        readme.write_text(text.replace(table_in(text), table()), encoding="utf-8")


if __name__ == "__main__":
    write()
