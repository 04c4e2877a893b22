"""Opt-outs sent from here are known when they come back; others are not."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from singer_outcomes.echoes import Echoes
from singer_outcomes.store import Store

if TYPE_CHECKING:
    from pathlib import Path

SENT = datetime(2026, 5, 1, 10, tzinfo=UTC)
PHONE = "+34600112233"


@pytest.mark.parametrize(
    ("who", "channel", "after", "known"),
    [
        (PHONE, "sms", timedelta(seconds=5), True),
        (PHONE, "sms", timedelta(minutes=50), True),
        (PHONE, "sms", timedelta(seconds=-30), True),
        (PHONE, "sms", timedelta(hours=2), False),
        (PHONE, "sms", timedelta(minutes=-5), False),
        (PHONE, "email", timedelta(seconds=5), False),
        ("+34600445566", "sms", timedelta(seconds=5), False),
    ],
)
def test_what_comes_back_soon_after_it_was_sent_is_known(
    tmp_path: Path, who: str, channel: str, after: timedelta, *, known: bool
) -> None:
    """By person, channel and time; also by another process that shares the store."""
    with closing(Store(tmp_path / "store.sqlite")) as store:
        Echoes(store).sent([(PHONE, "sms")], at=SENT)
    with closing(Store(tmp_path / "store.sqlite")) as store:
        assert Echoes(store).covers(["id:1", who], channel, SENT + after) is known


def test_asking_makes_no_store(tmp_path: Path) -> None:
    """A dry run leaves no trace."""
    with closing(Store(tmp_path / "store.sqlite")) as store:
        assert not Echoes(store).covers([PHONE], "sms", SENT)
    assert not (tmp_path / "store.sqlite").exists()


def test_a_yes_given_since_makes_the_next_no_ones_own(tmp_path: Path) -> None:
    """It is not taken for what was sent before that yes."""
    with closing(Store(tmp_path / "store.sqlite")) as store:
        echoes = Echoes(store)
        echoes.sent([(PHONE, "sms")], at=SENT)
        no = SENT + timedelta(minutes=30)
        assert echoes.covers([PHONE], "sms", no, since=SENT)
        assert not echoes.covers([PHONE], "sms", no, since=SENT + timedelta(minutes=1))
