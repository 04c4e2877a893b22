"""What becomes of each kind of bad record, and of the good ones beside."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from bad_records import BAD, GOOD, messages

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from nevent_sandbox.handles import KlaviyoHandle
    from singer_messages import Run

    Load = Callable[..., Run]
    Command = Callable[..., subprocess.CompletedProcess[str]]


def test_each_bad_record_is_rejected_for_its_reason_and_the_good_ones_arrive(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """Not one of them stops another; all are on file with a column or Klaviyo's pointer."""
    run = load(messages(), max_rejects=100)
    left = list(run.rejects)
    for each in BAD:
        mine = [
            reject
            for reject in left
            if reject["stream"] == each.stream
            and reject["reason"].startswith(each.reason)
            and (reject["column"] or reject["pointer"] or "").endswith(each.where)
        ]
        assert mine, each
        left.remove(mine[0])
    assert left == []
    for stream, counts in run.summary["streams"].items():
        good = {k: v for k, v in counts.items() if k in {"written", "accepted", "unchanged"}}
        assert sum(good.values()) == 1, (stream, counts)
    assert run.states == ["late"]
    assert klaviyo.profile(GOOD)


def test_the_command_says_so_line_by_line_and_ends_well(run: Command) -> None:
    """Exit code 0 below max_rejects, reasons with counts in the summary, no value anywhere."""
    done = run(messages(), max_rejects=100)
    assert (done.returncode, done.stdout) == (0, '"late"\n')
    told = next(line for line in done.stderr.splitlines() if "Summary: " in line)
    streams = json.loads(told.partition("Summary: ")[2])["streams"]
    reasons: Counter[str] = Counter()
    for counts in streams.values():
        reasons.update(counts.get("reasons", {}))
    assert sum(reasons.values()) == len(BAD)
    assert "Traceback" not in done.stderr
    assert "nevent-demo.es" not in done.stderr
