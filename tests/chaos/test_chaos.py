"""Sixteen scenarios of `make chaos`, and proof that it would see a difference.

A class is an input; each worker of pytest takes whole classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from chaos.planting import PLANTS
from chaos.scenario import PER_WORKLOAD, scenario
from chaos.trial import Ground, Reference, Trial, undisturbed
from chaos.workload import KINDS, workload

if TYPE_CHECKING:
    from nevent_sandbox import Sandbox

SEED = 42
ALL = tuple(KINDS)


@pytest.fixture(scope="class")
def ground(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Ground:
    """A sandbox and a folder for one scenario after the other."""
    sandbox.clock.reset()
    return Ground(sandbox.klaviyo, tmp_path_factory.mktemp("chaos") / "ground")


@pytest.fixture(scope="class")
def reference(request: pytest.FixtureRequest, ground: Ground) -> Reference:
    """The undisturbed run of this class's input."""
    return undisturbed(ground, workload(SEED, request.cls.number, ALL))


class Scenarios:
    """Whatever happens to a run, a clean rerun ends where an undisturbed run does."""

    number: int

    @pytest.mark.parametrize("place", range(PER_WORKLOAD))
    def test_a_disturbed_run_and_a_clean_one_end_as_an_undisturbed_one(
        self, ground: Ground, reference: Reference, place: int
    ) -> None:
        """Record for record, event for event, each reject once."""
        plan = scenario(SEED, self.number * PER_WORKLOAD + place, ALL)
        report = Trial(ground, plan, reference).report()
        assert not report.differences, f"repeat it with: {plan}"


class TestFirstInput(Scenarios):
    """Streams one by one."""

    number = 0


class TestSecondInput(Scenarios):
    """Streams interleaved."""

    number = 1


class TestHarness:
    """It can fail."""

    number = 0

    @pytest.mark.parametrize("plant", PLANTS)
    def test_a_planted_difference_is_found(
        self, ground: Ground, reference: Reference, plant: str
    ) -> None:
        """And nothing else: the scenario itself leaves none."""
        plan = scenario(SEED, 0, ALL)._replace(attempts=[], twins=False, job_seconds=0)
        report = Trial(ground, plan, reference).report(PLANTS[plant])
        assert len(report.differences) in {1, 2, 3}

    def test_a_record_that_the_rerun_leaves_out_is_found(
        self, ground: Ground, reference: Reference
    ) -> None:
        """A tap that went on after the wrong STATE."""
        last = reference.workload.messages[-2]
        shortened = reference.workload._replace(
            messages=[each for each in reference.workload.messages if each != last]
        )
        plan = scenario(SEED, 0, ALL)._replace(attempts=[], twins=False, job_seconds=0)
        report = Trial(ground, plan, reference._replace(workload=shortened)).report()
        assert report.differences

    def test_a_state_ahead_of_its_records_is_found(
        self, ground: Ground, reference: Reference
    ) -> None:
        """Told, and the account is empty."""
        trial = Trial(ground, scenario(SEED, 0, ALL), reference)
        ground.clear(reference.workload)
        counters = reference.workload.counters
        assert trial.broken_promises(counters[len(counters) // 2])

    def test_every_record_of_the_undisturbed_run_left_a_trace(self, reference: Reference) -> None:
        """So a lost one is missed: nothing is compared with a run that lost it as well."""
        assert reference.workload.traceable <= reference.traces
