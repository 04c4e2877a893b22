"""Differences put there on purpose, to see that the harness finds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.account import post

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chaos.trial import Ground


def _edited(ground: Ground) -> None:
    """One value of one profile is another one."""
    person = next(each for each in ground.klaviyo.profiles() if each["attributes"]["email"])
    sent = {"email": person["attributes"]["email"], "properties": {"vip_status": "planted"}}
    _send(ground, {"type": "profile", "attributes": sent})


def _stranger(ground: Ground) -> None:
    """There is a profile that nobody told."""
    _send(ground, {"type": "profile", "attributes": {"email": "planted@nevent-demo.es"}})


def _rejected_twice(ground: Ground) -> None:
    """One reject is in the file once more."""
    lines = ground.rejects.read_bytes().splitlines(keepends=True)
    ground.rejects.write_bytes(b"".join([*lines, lines[0]]))


def _reject_lost(ground: Ground) -> None:
    """One reject is not in the file."""
    lines = ground.rejects.read_bytes().splitlines(keepends=True)
    ground.rejects.write_bytes(b"".join(lines[1:]))


PLANTS: Mapping[str, Callable[[Ground], None]] = {
    "edited": _edited,
    "stranger": _stranger,
    "rejected-twice": _rejected_twice,
    "reject-lost": _reject_lost,
}


def _send(ground: Ground, profile: dict[str, object]) -> None:
    attributes = {"profiles": {"data": [profile]}}
    job = {"type": "profile-bulk-import-job", "attributes": attributes}
    post(ground.klaviyo, "profile-bulk-import-jobs", job)
