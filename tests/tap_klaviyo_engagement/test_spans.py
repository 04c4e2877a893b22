"""Collections read by several at once."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from flow_definitions import new_list
from klaviyo_client import KlaviyoSession
from klaviyo_client.limits import GET_LIST_MEMBERS, GET_PROFILES
from klaviyo_lists import load
from singer_outcomes.bookmark import moment
from tap_klaviyo_engagement.spans import Collection, Page, Reader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nevent_sandbox import Sandbox
    from nevent_sandbox.handles import KlaviyoHandle

ASKED = {"page[size]": "10", "fields[profile]": "created,joined_group_at"}
PROFILES = {"page[size]": "10", "fields[profile]": "created"}


@pytest.fixture
def session(klaviyo: KlaviyoHandle) -> Iterator[KlaviyoSession]:
    """A session of the sandbox."""
    opened = KlaviyoSession("pk_sandbox_full", api_url=klaviyo.url)
    yield opened
    opened.close()


@pytest.fixture
def members(klaviyo: KlaviyoHandle, sandbox: Sandbox) -> list[str]:
    """Two lists: one long with bursts and gaps, one short."""
    long, short = new_list(klaviyo, "Long"), new_list(klaviyo, "Short")
    for some, hours in enumerate((0, 1, 1, 400, 400, 1)):
        sandbox.clock.advance(timedelta(hours=hours))
        load(klaviyo, long, 25, first=25 * some)
    load(klaviyo, short, 3)
    return [long, short]


def read(session: KlaviyoSession, members: list[str], concurrency: int) -> list[Page]:
    """All pages of both lists."""
    collections = [
        Collection(GET_LIST_MEMBERS, "joined_group_at", ASKED, path_id=each) for each in members
    ]
    return list(Reader(session, concurrency).pages(collections))


@pytest.mark.parametrize("concurrency", [1, 2, 3, 16])
def test_each_row_comes_once_however_many_read(
    session: KlaviyoSession, members: list[str], concurrency: int
) -> None:
    """Also those of a second that fills pages, where a stretch was cut."""
    pages = read(session, members, concurrency)
    found = Counter((page.collection.path_id, row["id"]) for page in pages for row in page.rows)
    assert set(found.values()) == {1}
    assert [sum(each[0] == one for each in found) for one in members] == [150, 3]


@pytest.mark.parametrize("concurrency", [1, 4, 16])
def test_what_is_called_read_has_been_read(
    session: KlaviyoSession, members: list[str], concurrency: int
) -> None:
    """Nothing older than that comes later; at the end it is the latest row's time."""
    reached = dict.fromkeys(members, "")
    latest = dict.fromkeys(members, "")
    for page in read(session, members, concurrency):
        one = page.collection.path_id
        times = [moment(row["attributes"]["joined_group_at"]) or "" for row in page.rows]
        assert all(each >= reached[one] for each in times)
        latest[one] = max([latest[one], *times])
        reached[one] = page.reached or reached[one]
    assert reached == latest


def test_a_short_collection_is_one_request(
    session: KlaviyoSession, members: list[str], klaviyo: KlaviyoHandle
) -> None:
    """Whatever is idle."""
    klaviyo.clear_requests()
    assert len(read(session, members[1:], 16)) == 1
    assert len(klaviyo.requests()) == 1


@pytest.mark.usefixtures("members")
def test_a_time_without_greater_or_equal_loses_nothing(
    session: KlaviyoSession, klaviyo: KlaviyoHandle
) -> None:
    """Profiles can only be asked for after a time."""
    since = min(each["attributes"]["created"] for each in klaviyo.profiles())
    collection = Collection(GET_PROFILES, "created", PROFILES, since, inclusive=False)
    pages = Reader(session, 8).pages([collection])
    assert len({row["id"] for page in pages for row in page.rows}) == 150
