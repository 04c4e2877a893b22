"""Whatever is let pass in the code says why."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODES = r"[A-Z]+[0-9]+(, [A-Z]+[0-9]+)*"
BARE = re.compile(
    rf"# (noqa(: {CODES})?|type: ignore(\[[-a-z, ]+\])?)\s*$|with (contextlib\.)?suppress\([^#]*$"
)


def test_every_exception_from_a_rule_has_its_reason_beside_it() -> None:
    """Of style, of types, and an error that nobody is told of."""
    packages = [each.parent for each in ROOT.glob("*/pyproject.toml")]
    code = [
        path for each in (*packages, ROOT / "bench", ROOT / "tests") for path in each.rglob("*.py")
    ]
    assert len(code) > 100
    bare = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in code
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if BARE.search(line)
    ]
    assert not bare
