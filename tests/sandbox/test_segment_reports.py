"""Reports of segments: who is in them, came and went."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from report_bodies import report

if TYPE_CHECKING:
    from nevent_sandbox.handles import KlaviyoHandle

Api = Any
Document = dict[str, Any]
VALUES, SERIES = "segment-values-report", "segment-series-report"
TODAY = datetime.now(ZoneInfo("Europe/Madrid")).replace(hour=0, minute=0, second=0, microsecond=0)
WEEK: Document = {"timeframe": {"key": "last_7_days"}}
PEOPLE = [f"fan{n}@nevent-demo.es" for n in range(5)]
DEFINITION = {
    "condition_groups": [
        {
            "conditions": [
                {
                    "type": "profile-property",
                    "property": "email",
                    "filter": {"type": "string", "operator": "contains", "value": "nevent"},
                }
            ]
        }
    ]
}


def _noon(days: int) -> float:
    """So many days ago."""
    return (TODAY - timedelta(days=days) + timedelta(hours=12)).timestamp()


@pytest.fixture
def segment(api: Api, klaviyo: KlaviyoHandle) -> str:
    """Three who joined long ago, two of this week; one of the first left since."""
    api.load(*({"email": each} for each in PEOPLE))
    made = klaviyo.add_segment("Fans", DEFINITION)
    klaviyo.join_segment(made, PEOPLE[:3], at=_noon(30))
    klaviyo.join_segment(made, PEOPLE[3:], at=_noon(4))
    klaviyo.leave_segment(made, PEOPLE[:1], at=_noon(2))
    return made


def _results(api: Api, kind: str, **attributes: Any) -> list[Document]:
    answer = api.post(f"/{kind}s", report(kind, **attributes))
    assert answer.status_code == 200, answer.text
    results: list[Document] = answer.json()["data"]["attributes"]["results"]
    return results


def test_a_segment_is_told_with_who_came_and_went(api: Api, segment: str) -> None:
    """In the timeframe; the total is that of its end, as the members are read."""
    (result,) = _results(api, VALUES, **WEEK)
    assert result["groupings"] == {"segment_id": segment}
    assert result["statistics"] == {
        "members_added": 2,
        "members_removed": 1,
        "net_members_changed": 1,
        "total_members": 4,
    }
    assert len(api.get(f"/segments/{segment}/profiles").json()["data"]) == 4


def test_a_series_tells_it_day_by_day(api: Api, segment: str) -> None:
    """The total as each day ends."""
    (result,) = _results(api, SERIES, **WEEK, interval="daily")
    assert result["groupings"] == {"segment_id": segment}
    assert result["statistics"]["total_members"] == [3, 3, 5, 5, 4, 4, 4]
    assert result["statistics"]["members_added"] == [0, 0, 2, 0, 0, 0, 0]
    assert result["statistics"]["members_removed"] == [0, 0, 0, 0, 1, 0, 0]
    assert result["statistics"]["net_members_changed"] == [0, 0, 2, 0, -1, 0, 0]


def test_who_left_can_come_back(api: Api, klaviyo: KlaviyoHandle, segment: str) -> None:
    """Both are told."""
    klaviyo.join_segment(segment, PEOPLE[:1], at=_noon(1))
    (result,) = _results(api, VALUES, **WEEK)
    assert result["statistics"]["members_added"] == 3
    assert result["statistics"]["members_removed"] == 1
    assert result["statistics"]["total_members"] == 5


def test_a_filter_names_segments(api: Api, klaviyo: KlaviyoHandle, segment: str) -> None:
    """One or several; an empty one has figures, too."""
    other = klaviyo.add_segment("Otros", DEFINITION)

    def told(text: str | None) -> list[str]:
        results = _results(api, VALUES, **WEEK, filter=text)
        return [each["groupings"]["segment_id"] for each in results]

    assert told(None) == [segment, other]
    assert told(f'equals(segment_id,"{other}")') == [other]
    assert told(f'any(segment_id,["{segment}","{other}"])') == [segment, other]
    assert told('equals(segment_id,"NoNe12")') == []


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"timeframe": {"start": "2023-05-31", "end": "2023-07-01"}}, "timeframe"),
        ({"filter": 'contains-any(segment_id,["a"])'}, "filter"),
        ({"filter": 'equals(name,"a")'}, "filter"),
        ({"statistics": ["opens"]}, "statistics/0"),
        ({"conversion_metric_id": "x"}, "conversion_metric_id"),
        ({"group_by": ["segment_id"]}, "group_by"),
    ],
)
def test_a_report_that_makes_no_sense_is_refused(api: Api, wrong: Document, where: str) -> None:
    """It has neither conversions nor groups; nothing is known before June 2023."""
    answer = api.post(f"/{VALUES}s", report(VALUES, **wrong))
    assert answer.status_code == 400
    (problem,) = answer.json()["errors"]
    told = (problem["code"], problem["source"]["pointer"])
    assert told == ("invalid", f"/data/attributes/{where}")


def test_nobody_leaves_a_segment_that_he_is_not_in(
    api: Api, klaviyo: KlaviyoHandle, segment: str
) -> None:
    """The order is refused, and nothing of it is done."""
    with pytest.raises(ValueError, match="not in it"):
        klaviyo.leave_segment(segment, [PEOPLE[1], PEOPLE[0]])
    (result,) = _results(api, VALUES, **WEEK)
    assert result["statistics"]["total_members"] == 4
