"""A bulk import is read and stored in a quick way and in a general one: they never differ."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nevent_sandbox.klaviyo.bodies import sound
from nevent_sandbox.klaviyo.person_rules import problems
from nevent_sandbox.klaviyo.shapes import VALIDATORS

if TYPE_CHECKING:
    from nevent_sandbox.handles import KlaviyoHandle

Api = Any
Document = dict[str, Any]
IMPORT = "POST /api/profile-bulk-import-jobs"

_texts = st.one_of(
    st.none(),
    st.sampled_from(["", "Ana", "ana@nevent-demo.es", "ANA@NEVENT-DEMO.ES", "ana@@x", "a@b"]),
    st.sampled_from(["+34612345678", "612345678", "+1", "x" * 300, "María José"]),
)
_values = st.recursive(
    _texts | st.integers() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["a", "ñ"]), inner),
    max_leaves=4,
)
_blocks = _values | st.dictionaries(
    st.sampled_from(["city", "zip", "latitude", "append", "unappend", "unset", "Club"]), _values
)
_attributes = st.dictionaries(
    st.sampled_from(
        ["email", "phone_number", "external_id", "first_name", "image", "_kx", "anonymous_id"]
    ),
    _texts,
) | st.fixed_dictionaries(
    {"email": _texts}, optional={"location": _blocks, "properties": _blocks, "title": _values}
)
_rows = st.fixed_dictionaries(
    {"attributes": _attributes | _values},
    optional={
        "type": st.sampled_from(["profile", "profile", "profile", "list", None]),
        "id": _texts,
        "meta": st.fixed_dictionaries(
            {}, optional={"patch_properties": _blocks, "patch_identifiers": _blocks, "more": _texts}
        ),
    },
)
_lists = st.fixed_dictionaries({}, optional={"data": st.lists(_values, max_size=1)})
_jobs = st.fixed_dictionaries(
    {
        "type": st.just("profile-bulk-import-job"),
        "attributes": st.fixed_dictionaries(
            {"profiles": st.fixed_dictionaries({"data": st.lists(_rows, max_size=3)})}
        ),
    },
    optional={"relationships": st.fixed_dictionaries({}, optional={"lists": _lists})},
)


@given(_jobs.map(lambda job: {"data": job}))
def test_what_the_quick_way_takes_the_general_one_takes_too(body: Document) -> None:
    """By the same schema, and the rules beside it."""
    if sound(IMPORT, msgspec.json.encode(body)) is None:
        return
    assert VALIDATORS[IMPORT].is_valid(body)
    rows = body["data"]["attributes"]["profiles"]["data"]
    assert not [each for row in rows for each in problems(row, "")]


ROWS: list[Document] = [
    {"type": "profile", "attributes": {"email": "Ana@Nevent-Demo.es", "title": ""}},
    {"type": "profile", "attributes": {"phone_number": "+34612345678", "location": {"city": None}}},
    {"type": "profile", "attributes": {"external_id": "1", "properties": {"a": None, "b": [1]}}},
    {
        "type": "profile",
        "attributes": {"email": "eva@nevent-demo.es", "properties": {"Club": 1, "Age": 2}},
        "meta": {"patch_properties": {"unset": ["Club", "More"]}},
    },
    {
        "type": "profile",
        "attributes": {"email": "leo@nevent-demo.es", "properties": {"Club": 1}},
        "meta": {"patch_properties": {"append": {"Tags": "vip"}, "unset": "Club"}},
    },
    {"type": "profile", "attributes": {"email": "eva@nevent-demo.es", "first_name": "Eva"}},
    {"type": "profile", "attributes": {"email": "sol@nevent-demo.es", "external_id": "1"}},
    {"type": "profile", "attributes": {"_kx": "abc", "first_name": "Nobody"}},
    {"type": "profile", "attributes": {"phone_number": "+34612345678", "email": "mar@demo.es"}},
    {
        "type": "profile",
        "attributes": {
            "email": "zoe@nevent-demo.es",
            "location": {"latitude": 41.5, "longitude": "2", "zip": "08001"},
            "properties": {"ñ": {"deep": [{"x": None}]}, "n": 12345678901234567890},
        },
    },
]


def _told(klaviyo: KlaviyoHandle) -> list[str]:
    """Everybody but the one who fails, without what differs from run to run."""
    varying = {"created", "updated"}
    found = [
        {name: value for name, value in each["attributes"].items() if name not in varying}
        for each in klaviyo.profiles()
    ]
    return sorted(json.dumps(each, sort_keys=True) for each in found)


def test_both_ways_store_the_same(api: Api, klaviyo: KlaviyoHandle) -> None:
    """A row that is told to fail sends all rows of its job the general way."""
    last = {"type": "profile", "attributes": {"email": "last@nevent-demo.es"}}
    klaviyo.fail_rows(emails=["last@nevent-demo.es"])
    api.load(*ROWS, last)
    general = _told(klaviyo)
    klaviyo.reset()
    api.load(*ROWS)
    assert _told(klaviyo) == general
    assert len(general) == 8


def test_a_job_that_takes_time_stores_the_same(api: Api, klaviyo: KlaviyoHandle) -> None:
    """Its rows wait as they came."""
    api.load(*ROWS)
    at_once = _told(klaviyo)
    klaviyo.reset()
    klaviyo.knobs(job_seconds=0.001)
    api.load(*ROWS)
    while klaviyo.jobs()[0]["status"] != "complete":
        pass
    assert _told(klaviyo) == at_once


@pytest.mark.parametrize("broken", [b'"\xff"', b"1e999", b'"\\ud800"', b"{", b"01"])
def test_the_quick_way_takes_no_json_that_is_none(broken: bytes) -> None:
    """Wherever it stands."""
    row = b'{"type":"profile","attributes":{"email":"ana@demo.es","properties":{"a":%s}}}' % broken
    body = (
        b'{"data":{"type":"profile-bulk-import-job","attributes":{"profiles":{"data":[%s]}}}}' % row
    )
    assert sound(IMPORT, body) is None
