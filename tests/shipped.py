"""The Meltano project as it is shipped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
# By libyaml: read by Python alone, the file takes each worker a second.
MELTANO: dict[str, Any] = yaml.load(
    (ROOT / "meltano.yml").read_text(encoding="utf-8"), yaml.CSafeLoader
)
