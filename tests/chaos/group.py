"""The scenarios of one input, on a sandbox of their own; by any process."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from chaos.planting import PLANTS
from chaos.scenario import scenario
from chaos.trial import Ground, Report, Trial, undisturbed
from chaos.workload import workload
from nevent_sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Sequence


def trials(seed: int, numbers: Sequence[int], kinds: tuple[str, ...], planted: str) -> list[Report]:
    """What these scenarios come to; `planted` names a difference to put there, "" for none."""
    plans = [scenario(seed, number, kinds) for number in numbers]
    with Sandbox(fans=0) as sandbox, tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        ground = Ground(sandbox.klaviyo, Path(folder) / "ground")
        reference = undisturbed(ground, workload(seed, plans[0].workload, kinds))
        return [Trial(ground, plan, reference).report(PLANTS.get(planted)) for plan in plans]


def end_with_parent() -> None:
    """End this process when the one that started it has: killed, it tells nobody."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
