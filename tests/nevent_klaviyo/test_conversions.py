"""`nevent-klaviyo conversions` over HTTP, beside sums made by hand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from both_sides import both, buy, campaign, days_ago, profile, receive, report_purchase

if TYPE_CHECKING:
    from collections.abc import Callable

    from command_line import Told
    from nevent_sandbox.handles import KlaviyoHandle
    from nevent_sandbox.nevent_handle import NeventHandle

    Run = Callable[..., Told]

ANA, EVA, LEO, MAR = (f"{name}@nevent-demo.es" for name in ("ana", "eva", "leo", "mar"))
REPORT = "POST /api/campaign-values-reports"


def rows(told: Told) -> dict[str, dict[str, Any]]:
    """Rows by the campaign's name."""
    assert told.code == 0, told.err
    return {each["campaign_name"]: each for each in told.json["campaigns"]}


def codes(told: Told) -> list[str]:
    """Which notes were made."""
    return [each["code"] for each in told.json["notes"]]


@pytest.fixture
def spring(klaviyo: KlaviyoHandle) -> str:
    """A campaign of twenty days ago."""
    klaviyo.metric("Purchased Ticket")
    return campaign(klaviyo, "Primavera", days_ago(20))


def test_three_campaigns_are_as_by_hand(
    klaviyo: KlaviyoHandle, nevent: NeventHandle, run: Run, spring: str
) -> None:
    """Overlapping audiences, a refund, a purchase too late, an unknown recipient, pounds.

    Eva is linked by her e-mail alone; Mar is a stranger to Nevent.
    """
    summer = campaign(klaviyo, "Verano", days_ago(18))
    autumn = campaign(klaviyo, "Otoño", days_ago(10), archived=True)
    ana, leo = both(klaviyo, nevent, ANA), both(klaviyo, nevent, LEO)
    eva = str(nevent.edit(add_user={"email": EVA})["id"])
    profile(klaviyo, EVA)
    profile(klaviyo, MAR, external_id="from-another-shop")
    for sent, ago, people in (
        (spring, 20, (ANA, EVA, MAR)),
        (summer, 18, (ANA, LEO)),
        (autumn, 10, (LEO,)),
    ):
        for each in people:
            receive(klaviyo, "received", each, sent, days_ago(ago))
    price = float(buy(nevent, ana, days_ago(19), tickets=2)["totalPrice"]) / 2  # spring
    buy(nevent, ana, days_ago(18, 1))  # summer, a second after it
    half = buy(nevent, eva, days_ago(16), tickets=2)  # spring, and one of two is paid back
    nevent.edit(purchase=half["id"], refund=[half["tickets"][0]["id"]])
    buy(nevent, eva, days_ago(14))  # too late for spring
    gone = buy(nevent, leo, days_ago(10))  # autumn, in the same second, paid back whole
    nevent.edit(purchase=gone["id"], refund=True)
    buy(nevent, leo, days_ago(9), tickets=3, currency="GBP")  # autumn's, but pounds
    receive(klaviyo, "opened", ANA, spring, days_ago(19.5))
    for _ in range(2):
        report_purchase(klaviyo, ANA, days_ago(19), price)
    report_purchase(klaviyo, LEO, days_ago(9), price)  # he opened nothing: nobody's for Klaviyo

    found = rows(told := run("conversions", "--json"))
    figures = {
        name: [
            row[column]
            for column in (
                *("recipients", "recipients_unknown", "klaviyo_conversions"),
                *("klaviyo_conversion_value", "nevent_tickets", "nevent_revenue"),
                *("nevent_refunded", "tickets_difference", "revenue_difference"),
                "orders_in_other_currencies",
            )
        ]
        for name, row in found.items()
    }
    money = [round(price * tickets, 2) for tickets in range(4)]
    assert figures == {
        "Primavera": [3, 1, 2, money[2], 3, money[3], money[1], 1, money[1], 0],
        "Verano": [2, 0, 0, 0.0, 1, money[1], 0.0, 1, money[1], 0],
        "Otoño": [1, 0, 0, 0.0, 0, 0.0, money[1], 0, 0.0, 1],
    }
    assert list(found) == ["Otoño", "Verano", "Primavera"]
    assert found["Otoño"]["sent_at"] == days_ago(10).isoformat()
    assert {(each["currency"], each["window_days"]) for each in found.values()} == {("EUR", 5)}
    assert codes(told) == ["last_touch", "other_currencies"]
    assert len(klaviyo.requests(REPORT)) == 1


def test_a_longer_window_takes_later_purchases(
    klaviyo: KlaviyoHandle, nevent: NeventHandle, run: Run, spring: str
) -> None:
    """Up to as many days as asked for."""
    fan = both(klaviyo, nevent, ANA)
    receive(klaviyo, "received", ANA, spring, days_ago(20))
    buy(nevent, fan, days_ago(14))
    assert rows(run("conversions", "--json"))["Primavera"]["nevent_tickets"] == 0
    wide = rows(run("conversions", "--json", "--window-days", "7"))["Primavera"]
    assert (wide["nevent_tickets"], wide["window_days"]) == (1, 7)


def test_asking_for_one_campaign_does_not_give_it_what_counts_for_another(
    klaviyo: KlaviyoHandle, nevent: NeventHandle, run: Run, spring: str
) -> None:
    """By name in any case, or by id; the others compete all the same."""
    summer = campaign(klaviyo, "Verano", days_ago(18))
    fan = both(klaviyo, nevent, ANA)
    receive(klaviyo, "received", ANA, spring, days_ago(20))
    receive(klaviyo, "received", ANA, summer, days_ago(18))
    buy(nevent, fan, days_ago(17))
    for asked in ("primavera", spring):
        found = rows(run("conversions", "--json", "--campaign", asked))
        assert {name: row["nevent_tickets"] for name, row in found.items()} == {"Primavera": 0}
    since = days_ago(19).date().isoformat()
    found = rows(run("conversions", "--json", "--since", since))
    assert {name: row["nevent_tickets"] for name, row in found.items()} == {"Verano": 1}


def test_two_profiles_of_one_fan_do_not_double_an_order(
    klaviyo: KlaviyoHandle, nevent: NeventHandle, run: Run, spring: str
) -> None:
    """One is linked by id, the other by its address; both received the mail."""
    fan = str(nevent.edit(add_user={"email": ANA})["id"])
    profile(klaviyo, ANA)
    profile(klaviyo, EVA, external_id=fan)
    for each in (ANA, EVA):
        receive(klaviyo, "received", each, spring, days_ago(20))
    buy(nevent, fan, days_ago(19))
    row = rows(run("conversions", "--json"))["Primavera"]
    assert (row["recipients"], row["recipients_unknown"], row["nevent_tickets"]) == (2, 0, 1)


def test_mails_of_flows_and_drafts_are_no_campaigns(
    klaviyo: KlaviyoHandle, nevent: NeventHandle, run: Run, spring: str
) -> None:
    """A flow's mail takes nothing from the campaign before it; a draft has no row."""
    klaviyo.add_campaign("Borrador", status="Draft")
    fan, flow = both(klaviyo, nevent, ANA), klaviyo.add_flow("Bienvenida")
    receive(klaviyo, "received", ANA, spring, days_ago(20))
    at = days_ago(19).isoformat()
    klaviyo.engage([{"what": "received", "email": ANA, "flow": flow, "at": at}])
    buy(nevent, fan, days_ago(18))
    found = rows(run("conversions", "--json"))
    assert {name: row["nevent_tickets"] for name, row in found.items()} == {"Primavera": 1}


def test_addresses_are_looked_up_as_far_as_allowed(
    klaviyo: KlaviyoHandle, nevent: NeventHandle, run: Run, spring: str
) -> None:
    """The rest counts as unknown, and a note says so."""
    nevent.edit(add_user={"email": ANA})
    for each in (ANA, EVA, LEO):
        profile(klaviyo, each)
        receive(klaviyo, "received", each, spring, days_ago(20))
    for lookups, unknown, noted in (("0", 3, True), ("1", 2, True), ("3", 2, False)):
        nevent.clear_requests()
        told = run("conversions", "--json", "--lookups", lookups)
        assert rows(told)["Primavera"]["recipients_unknown"] == unknown
        assert ("unasked" in codes(told)) == noted
        assert len(nevent.requests("GET /users/email/{email}")) == int(lookups)


def test_nevent_is_asked_for_people_in_hundreds(
    klaviyo: KlaviyoHandle, nevent: NeventHandle, run: Run
) -> None:
    """Never a request for each recipient who is linked."""
    klaviyo.metric("Purchased Ticket")
    klaviyo.generate(600, people=300, campaigns=2, days=10)
    nevent.clear_requests()
    told = run("conversions", "--json", "--lookups", "0")
    assert sum(each["recipients"] for each in rows(told).values()) > 100
    assert len(nevent.requests()) <= 6


def test_a_nevent_without_lists_of_people_is_asked_one_by_one(
    klaviyo: KlaviyoHandle, published: NeventHandle, run: Run, spring: str
) -> None:
    """The same figures, refunds told from the tickets."""
    fan = published.edit(add_user={"email": ANA})["id"]
    profile(klaviyo, ANA, external_id=fan)
    profile(klaviyo, EVA, external_id="nobody")
    for each in (ANA, EVA):
        receive(klaviyo, "received", each, spring, days_ago(20))
    order = buy(published, fan, days_ago(19), tickets=2)
    published.edit(purchase=order["id"], refund=[order["tickets"][0]["id"]])
    (row,) = rows(run("conversions", "--json")).values()
    price = round(float(order["totalPrice"]) / 2, 2)
    assert (row["nevent_tickets"], row["nevent_revenue"], row["nevent_refunded"]) == (
        1,
        price,
        price,
    )
    assert (row["recipients"], row["recipients_unknown"]) == (2, 1)


def test_without_klaviyos_figures_those_of_nevent_are_shown(
    klaviyo: KlaviyoHandle, nevent: NeventHandle, run: Run, spring: str
) -> None:
    """A daily quota that is used up leaves Klaviyo's columns empty, with a note."""
    fan = both(klaviyo, nevent, ANA)
    receive(klaviyo, "received", ANA, spring, days_ago(20))
    buy(nevent, fan, days_ago(19))
    klaviyo.refuse(REPORT, status=429, retry_after=3600)
    row = rows(told := run("conversions", "--json"))["Primavera"]
    assert (row["klaviyo_conversions"], row["revenue_difference"]) == (None, None)
    assert row["nevent_tickets"] == 1
    assert "no_report" in codes(told)


def test_a_report_of_several_pages_is_read_to_its_end(
    klaviyo: KlaviyoHandle, nevent: NeventHandle, run: Run, spring: str
) -> None:
    """Figures of a later page are not lost."""
    summer = campaign(klaviyo, "Verano", days_ago(18))
    both(klaviyo, nevent, ANA)
    for sent, ago in ((spring, 20), (summer, 18)):
        receive(klaviyo, "received", ANA, sent, days_ago(ago))
        receive(klaviyo, "opened", ANA, sent, days_ago(ago, 60))
        report_purchase(klaviyo, ANA, days_ago(ago, 120), 30)
    klaviyo.knobs(report_rows=1)
    found = rows(run("conversions", "--json"))
    assert {name: row["klaviyo_conversions"] for name, row in found.items()} == {
        "Primavera": 1,
        "Verano": 1,
    }


def test_a_campaign_older_than_a_year_has_no_figures_of_klaviyos(
    klaviyo: KlaviyoHandle, run: Run, spring: str
) -> None:
    """Empty is not nought; and without being named it is not listed."""
    assert spring
    campaign(klaviyo, "Antigua", days_ago(400))
    assert list(rows(run("conversions", "--json"))) == ["Primavera"]
    told = run("conversions", "--json", "--campaign", "Antigua")
    assert rows(told)["Antigua"]["klaviyo_conversions"] is None
    assert "older_than_a_year" in codes(told)


def test_a_metric_that_is_not_there_is_said(klaviyo: KlaviyoHandle, run: Run) -> None:
    """It is made by its first event."""
    campaign(klaviyo, "Primavera", days_ago(20))
    assert "no_metric" in codes(run("conversions", "--json"))


def test_amounts_in_cents_and_another_currency_are_settings(
    klaviyo: KlaviyoHandle, nevent: NeventHandle, run: Run, spring: str
) -> None:
    """Euros are then those left out."""
    fan = both(klaviyo, nevent, ANA)
    receive(klaviyo, "received", ANA, spring, days_ago(20))
    buy(nevent, fan, days_ago(19))
    pounds = buy(nevent, fan, days_ago(19), currency="GBP")
    told = run(
        *("conversions", "--json"),
        NEVENT_KLAVIYO_CURRENCY="gbp",
        NEVENT_KLAVIYO_NEVENT_AMOUNTS_IN_CENTS="true",
    )
    row = rows(told)["Primavera"]
    assert (row["currency"], row["orders_in_other_currencies"]) == ("GBP", 1)
    assert row["nevent_revenue"] == round(float(pounds["totalPrice"]) / 100, 2)


def test_money_of_two_currencies_is_not_subtracted(
    klaviyo: KlaviyoHandle, nevent: NeventHandle, run: Run, spring: str
) -> None:
    """Klaviyo tells the account's, which is euros; tickets are compared all the same."""
    fan = both(klaviyo, nevent, ANA)
    receive(klaviyo, "received", ANA, spring, days_ago(20))
    buy(nevent, fan, days_ago(19), currency="GBP")
    told = run("conversions", "--json", NEVENT_KLAVIYO_CURRENCY="GBP")
    row = rows(told)["Primavera"]
    assert row["nevent_revenue"] > 0
    assert (row["klaviyo_conversion_value"], row["revenue_difference"]) == (0, None)
    assert row["tickets_difference"] == 1
    assert "currencies_differ" in codes(told)
    assert "currencies_differ" not in codes(run("conversions", "--json"))


def test_lines_of_json_are_rows_alone(run: Run, spring: str) -> None:
    """Notes go to the other stream."""
    told = run("conversions", "--jsonl")
    (row,) = map(json.loads, told.out.splitlines())
    assert row["campaign_id"] == spring
    assert "opened or not" in told.err


def test_the_table_is_in_the_language_of_the_locale(run: Run, spring: str) -> None:
    """Without colours where there is no terminal."""
    assert spring
    told = run("conversions", LC_ALL="es_ES.UTF-8")
    assert "Personas" in told.out
    assert "Primavera" in told.out
    assert "\x1b" not in told.out


def test_a_wrong_address_makes_nobody_unknown(
    klaviyo: KlaviyoHandle, run: Run, spring: str
) -> None:
    """Something answers 404 there: wrong use, and no figures."""
    profile(klaviyo, ANA, external_id="somebody")
    receive(klaviyo, "received", ANA, spring, days_ago(20))
    told = run("conversions", NEVENT_KLAVIYO_NEVENT_API_URL=f"{klaviyo.url}/_sandbox/nothing")
    assert (told.code, told.out) == (2, "")


@pytest.mark.parametrize(
    ("words", "changes", "said"),
    [
        (("--campaign", "Nada"), {}, "'Nada'"),
        ((), {"NEVENT_KLAVIYO_KLAVIYO_API_KEY": "pk_sandbox_no_campaigns"}, "campaigns:read"),
        ((), {"NEVENT_KLAVIYO_KLAVIYO_API_KEY": "pk_sandbox_no_events"}, "events:read"),
    ],
)
def test_what_cannot_be_computed_fails_with_who_must_act(
    klaviyo: KlaviyoHandle,
    run: Run,
    spring: str,
    words: tuple[str, ...],
    changes: dict[str, str],
    said: str,
) -> None:
    """A campaign that was never sent; a key without the scopes."""
    profile(klaviyo, ANA)
    receive(klaviyo, "received", ANA, spring, days_ago(20))
    told = run("conversions", *words, **changes)
    assert (told.code, told.out) == (1, "")
    assert said in told.err
