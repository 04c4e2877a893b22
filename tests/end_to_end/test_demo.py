"""`sandbox demo`, as `make demo` runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def test_the_demo_keeps_all_its_promises(tmp_path: Path) -> None:
    """A dry run and five runs; everything is in its JSON."""
    command = (str(Path(sys.executable).parent / "sandbox"), "demo")
    options = ("--fans", "60", "--seed", "7", "--limits", "off", "--json")
    done = subprocess.run(
        [*command, *options],
        cwd=ROOT,
        capture_output=True,
        check=False,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        text=True,
        umask=0o077,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    told: dict[str, Any] = json.loads(done.stdout)
    assert all(each["kept"] for each in told["promises"])
    assert len(told["runs"]) == 6
    assert {"plan", "klaviyo", "consents", "fans", "day", "week"} <= told.keys()
