"""The way of a record from a stream to stdout: the SDK's, only shorter."""

from __future__ import annotations

import io
import re
from itertools import chain
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from singer_outcomes.stream import PlainStream
from singer_outcomes.tap import PlainTap
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.streams import Stream
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Record = dict[str, Any]
COLUMNS: Record = {
    "id": {"type": "string"},
    "name": {"type": ["string", "null"]},
    "tags": {"type": ["array", "null"]},
    "likes": {"type": ["object", "null"], "properties": {"art": {"type": ["string", "null"]}}},
}
SCHEMA = {"type": "object", "properties": COLUMNS}
EXTRACTED = re.compile(rb'"time_extracted":"[-0-9T:.]+Z"')


class AsTheSdkDoes(Stream):
    """Given records, by the SDK's own path."""

    name = "fans"
    primary_keys = ("id",)
    given: Sequence[Record] = ()
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE

    @override
    def get_records(self, context: Any) -> Iterable[Record]:
        return iter(self.given)

    @property
    @override
    def emit_activate_version_messages(self) -> bool:
        return self.versioned

    versioned = False


class Shorter(PlainStream, AsTheSdkDoes):
    """The same, by ours."""


class Together(Shorter):
    """The same, all at once."""

    @override
    def get_records(self, context: Any) -> Iterable[Record]:
        self.write_records(list(self.given))
        return ()


class ATap(PlainTap):
    """A tap of one stream."""

    name = "a-tap"
    order = ("fans",)
    run_errors = ()
    kind: type[AsTheSdkDoes] = AsTheSdkDoes

    @override
    def discover_streams(self) -> Sequence[Stream]:
        return [self.kind(self, schema=SCHEMA)]


class AShorterTap(ATap):
    """The same tap, by our path."""

    kind = Shorter


class ATapTogether(ATap):
    """The same tap, all at once."""

    kind = Together


def _written(tap: type[ATap], records: list[Record], asked: Record) -> bytes:
    """What this tap writes of these records, without the times."""
    out = io.BytesIO()
    plugin = tap(config=asked["config"], catalog=_catalog(asked["left_out"]))
    stream = plugin.streams["fans"]
    assert isinstance(stream, AsTheSdkDoes)
    stream.given = [{**each, **_copied(each)} for each in records]
    stream.versioned = asked["versioned"]
    stream._initialized_at = 1_700_000_000_000  # noqa: SLF001  # what versions are made of
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", io.TextIOWrapper(out, encoding="utf-8"))
        plugin.sync_all()
        return EXTRACTED.sub(b'"time_extracted":""', out.getvalue())


def _stream(config: Record, left_out: set[tuple[str, ...]]) -> Shorter:
    stream = AShorterTap(config=config, catalog=_catalog(left_out)).streams["fans"]
    assert isinstance(stream, Shorter)
    return stream


def _copied(record: Record) -> Record:
    """Objects of a record that the SDK's selection would change."""
    return {key: dict(each) for key, each in record.items() if isinstance(each, dict)}


def _catalog(left_out: set[tuple[str, ...]]) -> Record:
    places = [(), *(("properties", name) for name in COLUMNS)]
    places.append(("properties", "likes", "properties", "art"))
    metadata = [
        {"breadcrumb": list(place), "metadata": {"selected": place not in left_out}}
        for place in places
    ]
    entry = {"tap_stream_id": "fans", "stream": "fans", "schema": SCHEMA, "metadata": metadata}
    return {"streams": [entry]}


texts = st.text(st.characters(), max_size=8)
likes = st.none() | st.fixed_dictionaries({"art": texts}) | st.dictionaries(texts, texts)
records = st.lists(
    st.fixed_dictionaries(
        {"id": texts},
        optional={
            "name": st.none() | texts | st.floats(allow_nan=False) | st.integers(-(2**60), 2**60),
            "tags": st.none() | st.lists(texts, max_size=3),
            "likes": likes,
            "unknown": st.booleans() | likes,
        },
    ),
    max_size=5,
)
maps: list[Record] = [
    {},
    {},
    {"fans": {"who": "id"}},
    {"fans": {"__filter__": "id"}, "others": {"__source__": "fans"}},
    {"fans": {"__alias__": "people"}},
    {"fans": None},
]
configs = st.one_of(
    st.sampled_from([{"stream_maps": each} if each else {} for each in maps]),
    st.just({"flattening_enabled": True, "flattening_max_depth": 1}),
)
places = [("properties", name) for name in ("name", "tags", "likes")]
asking = st.fixed_dictionaries(
    {
        "config": configs,
        "left_out": st.sets(
            st.sampled_from([*places, ("properties", "likes", "properties", "art")])
        ),
        "versioned": st.booleans(),
    }
)


@pytest.mark.parametrize("tap", [AShorterTap, ATapTogether])
@given(records, asking)
@settings(max_examples=60, deadline=None)
def test_what_is_written_is_what_the_sdk_writes(
    tap: type[ATap], given: list[Record], asked: Record
) -> None:
    """Byte by byte but for the time, whatever is selected and mapped: fails if the SDK changes."""
    assert _written(tap, given, asked) == _written(ATap, given, asked)


@pytest.mark.parametrize("left_out", [set(), {("properties", "name")}])
def test_the_short_way_is_taken_where_columns_are_all_there_is(
    left_out: set[tuple[str, ...]],
) -> None:
    """That is, in a tap without maps."""
    assert _stream({}, left_out).deselected == tuple(name for _, name in left_out)


@pytest.mark.parametrize(
    ("config", "left_out"),
    [
        ({}, {("properties", "likes", "properties", "art")}),
        ({"stream_maps": {"fans": {"who": "id"}}}, set()),
        ({"flattening_enabled": True, "flattening_max_depth": 1}, set()),
    ],
)
def test_the_sdk_does_what_the_short_way_cannot(
    config: Record, left_out: set[tuple[str, ...]]
) -> None:
    """Maps, flattening, and a selection inside of an object."""
    assert _stream(config, left_out).deselected is None


def test_the_short_way_takes_the_place_of_what_the_sdk_calls() -> None:
    """What is overridden is still there to be overridden."""
    ours = {"_write_record_message", "_process_record", "_write_state_message"}
    assert ours <= vars(Stream).keys()
    calls = chain(Stream._sync_records.__code__.co_names, Stream.sync.__code__.co_names)  # noqa: SLF001  # what is overridden
    assert ours <= set(calls)
