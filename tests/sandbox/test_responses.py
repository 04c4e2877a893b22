"""Answers of every operation beside the vendor's response schemas, where these are at hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import report_bodies
from consent_bodies import (
    SUBSCRIBE,
    SUPPRESS,
    UNSUBSCRIBE,
    UNSUPPRESS,
    addresses,
    body,
    erasure,
    given,
    members,
    withdrawn,
)
from nevent_sandbox.klaviyo.operations import OPERATIONS

if TYPE_CHECKING:
    from nevent_sandbox.handles import KlaviyoHandle

SPECS = Path(__file__).parents[3] / "shared" / "klaviyo-openapi"
pytestmark = pytest.mark.skipif(
    not SPECS.is_dir(), reason="the vendor's OpenAPI documents are not beside this repository"
)
Api = Any
Document = dict[str, Any]
ALL = {
    "additional-fields[profile]": "subscriptions,predictive_analytics",
}


def _converted(schema: Any) -> Any:
    """OpenAPI 3.0 as JSON Schema: `nullable`, and `oneOf` that an integer matches twice."""
    if isinstance(schema, list):
        return [_converted(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    dropped = {"nullable", "example", "discriminator"}
    made = {
        "anyOf" if name == "oneOf" else name: _converted(each)
        for name, each in schema.items()
        if name not in dropped
    }
    if schema.get("nullable") is True:
        return {"anyOf": [made, {"type": "null"}]}
    return made


def _validators() -> dict[str, jsonschema.Draft202012Validator]:
    found = {}
    for file in SPECS.glob("*.json"):
        spec = json.loads(file.read_text())
        components = _converted(spec["components"])
        links = components["schemas"].get("CollectionLinks", {"properties": {}})["properties"]
        for name in ("next", "prev"):
            links[name] = {"type": ["string", "null"]}  # real answers have null at either end
        for path, methods in spec["paths"].items():
            for method, operation in methods.items():
                for status, told in operation["responses"].items():
                    name = told.get("$ref", "").rpartition("/")[2]
                    answer = components["responses"][name] if name else _converted(told)
                    for content in answer.get("content", {}).values():
                        schema = {**content["schema"], "components": components}
                        validator = jsonschema.Draft202012Validator(schema)
                        found[f"{method.upper()} {path} {status[0]}"] = validator
    return found


VALIDATORS = _validators()


def _flows(api: Api, klaviyo: KlaviyoHandle, wanted: str) -> dict[str, Any]:
    """Answers about a segment of the list's members and the flow that it starts."""
    answers: dict[str, Any] = {}
    members_of = {"type": "profile-group-membership", "is_member": True, "group_ids": [wanted]}
    definition = {"condition_groups": [{"conditions": [members_of]}]}
    segment = klaviyo.add_segment("Fans", definition)
    flow = klaviyo.add_flow("Welcome", trigger={"type": "segment", "id": segment})
    answers["GET /api/flows"] = api.get("/flows", include="flow-actions,tags")
    block = {"additional-fields[flow]": "definition", "include": "flow-actions"}
    answers["GET /api/flows/{id}"] = api.get(f"/flows/{flow}", **block)
    answers["GET /api/segments"] = api.get("/segments", include="flow-triggers,tags")
    size = {"additional-fields[segment]": "profile_count"}
    answers["GET /api/segments/{id}"] = api.get(f"/segments/{segment}", **size)
    klaviyo.join_segment(segment, ["ana@nevent-demo.es"])
    answers["GET /api/segments/{id}/profiles"] = api.get(f"/segments/{segment}/profiles", **ALL)
    ids = f"/segments/{segment}/relationships/profiles"
    answers["GET /api/segments/{id}/relationships/profiles"] = api.get(ids)
    answers["GET /api/flows/{id}/flow-actions"] = api.get(f"/flows/{flow}/flow-actions")
    action = answers["GET /api/flows/{id}/flow-actions"].json()["data"][0]["id"]
    own = f"/flow-actions/{action}"
    answers["GET /api/flow-actions/{id}"] = api.get(own, include="flow,flow-messages")
    answers["GET /api/flow-actions/{id}/flow-messages"] = api.get(f"{own}/flow-messages")
    message = answers["GET /api/flow-actions/{id}/flow-messages"].json()["data"][0]["id"]
    answers["GET /api/flow-messages/{id}"] = api.get(
        f"/flow-messages/{message}", include="flow-action"
    )
    return answers


def _campaigns(api: Api, klaviyo: KlaviyoHandle, wanted: str) -> dict[str, Any]:
    """Answers about a campaign that was sent to a list."""
    answers: dict[str, Any] = {}
    sent = klaviyo.send_campaign("Cartel", lists=[wanted], excluded=[])
    channel = 'equals(messages.channel,"email")'
    answers["GET /api/campaigns"] = api.get(
        "/campaigns", filter=channel, include="campaign-messages,tags"
    )
    own = f"/campaigns/{sent['id']}"
    answers["GET /api/campaigns/{id}"] = api.get(own, include="campaign-messages")
    answers["GET /api/campaigns/{id}/campaign-messages"] = api.get(f"{own}/campaign-messages")
    answers["GET /api/campaign-messages/{id}"] = api.get(
        f"/campaign-messages/{sent['message']}", include="campaign"
    )
    return answers


def _walk(api: Api, klaviyo: KlaviyoHandle) -> dict[str, Any]:
    """One good answer of every operation."""
    answers: dict[str, Any] = {}
    person = {
        "email": "ana@nevent-demo.es",
        "phone_number": "+34600112233",
        "location": {"city": "Madrid", "latitude": 40.4},
        "properties": {"vip": True},
    }
    profile = {"type": "profile", "attributes": person}
    new_list = {"data": {"type": "list", "attributes": {"name": "Fans"}}}
    answers["POST /api/lists"] = api.post("/lists", new_list)
    wanted = answers["POST /api/lists"].json()["data"]["id"]
    answers["POST /api/profiles"] = api.post("/profiles", {"data": profile})
    ana = answers["POST /api/profiles"].json()["data"]["id"]
    answers["POST /api/profile-import"] = api.upsert(person)
    whole = {"data": {**profile, "id": ana}}
    answers["PATCH /api/profiles/{id}"] = api.send("PATCH", f"/profiles/{ana}", whole)
    klaviyo.fail_rows(rows=[1])
    rows = (person, {"email": "eva@nevent-demo.es"}, {"email": "leo@nevent-demo.es"})
    jobs = "/profile-bulk-import-jobs"
    answers[f"POST /api{jobs}"] = api.load(*rows, lists=(wanted,))
    job = answers[f"POST /api{jobs}"].json()["data"]["id"]
    answers[f"GET /api{jobs}"] = api.get(jobs, page_size=1)
    answers[f"GET /api{jobs}/{{job_id}}"] = api.get(f"{jobs}/{job}", include="lists")
    for part in (
        "lists",
        "relationships/lists",
        "profiles",
        "relationships/profiles",
        "import-errors",
    ):
        answers[f"GET /api{jobs}/{{id}}/{part}"] = api.get(f"{jobs}/{job}/{part}")
    answers["POST /api/event-bulk-create-jobs"] = api.event(value=1.5, unique_id="t1")
    single = api.entry(unique_id="t2")["attributes"]
    event = {**single["events"]["data"][0]["attributes"], "profile": single["profile"]}
    answers["POST /api/events"] = api.post(
        "/events", {"data": {"type": "event", "attributes": event}}
    )
    parts = "profile,metric,attributions"
    answers["GET /api/events"] = api.get("/events", include=parts, page_size=1)
    found = answers["GET /api/events"].json()["data"][0]["id"]
    answers["GET /api/events/{id}"] = api.get(f"/events/{found}", include=parts)
    answers["GET /api/metrics"] = api.get("/metrics", include="flow-triggers")
    metric = answers["GET /api/metrics"].json()["data"][0]["id"]
    answers["GET /api/metrics/{id}"] = api.get(f"/metrics/{metric}")
    answers["GET /api/profiles"] = api.get("/profiles", include="push-tokens", page_size=1, **ALL)
    answers["GET /api/profiles/{id}"] = api.get(f"/profiles/{ana}", include="lists", **ALL)
    answers["GET /api/lists"] = api.get("/lists", include="tags,flow-triggers")
    size = {"additional-fields[list]": "profile_count"}
    answers |= {
        "GET /api/lists/{id}": api.get(f"/lists/{wanted}", **size),
        "GET /api/profiles/{id}/lists": api.get(f"/profiles/{ana}/lists"),
    }
    answers["GET /api/lists/{id}/profiles"] = api.get(f"/lists/{wanted}/profiles", **ALL)
    members = f"/lists/{wanted}/relationships/profiles"
    answers["GET /api/lists/{id}/relationships/profiles"] = api.get(members)
    reference = {"data": [{"type": "profile", "id": ana}]}
    for method in ("POST", "DELETE"):
        answers[f"{method} /api/lists/{{id}}/relationships/profiles"] = api.send(
            method, members, reference
        )
    answers |= (
        _flows(api, klaviyo, wanted)
        | _campaigns(api, klaviyo, wanted)
        | report_bodies.walk(api, klaviyo, metric)
    )
    answers["GET /api/accounts"] = api.get("/accounts")
    account = answers["GET /api/accounts"].json()["data"][0]["id"]
    answers["GET /api/accounts/{id}"] = api.get(f"/accounts/{account}")
    leo = klaviyo.profile("leo@nevent-demo.es")
    assert leo is not None
    sources = {"profiles": {"data": [{"type": "profile", "id": leo["id"]}]}}
    merge = {"data": {"type": "profile-merge", "id": ana, "relationships": sources}}
    answers["POST /api/profile-merge"] = api.post("/profile-merge", merge)
    return answers | _consents(api, wanted)


def _consents(api: Api, wanted: str) -> dict[str, Any]:
    """The same, of the operations about consent."""
    email = "eva@nevent-demo.es"
    answers = {
        f"POST /api/{sent['data']['type']}s": api.change(sent)
        for sent in (
            body(SUBSCRIBE, [given(email)], wanted, custom_source="x"),
            body(UNSUBSCRIBE, [withdrawn(email)], wanted),
            addresses(SUPPRESS, email),
            members(UNSUPPRESS, wanted),
            erasure(email="leo@nevent-demo.es"),
        )
    }
    for kind in (SUPPRESS, UNSUPPRESS):
        job = answers[f"POST /api/{kind}s"].json()["data"]["id"]
        answers[f"GET /api/{kind}s"] = api.get(f"/{kind}s", sort="-created")
        answers[f"GET /api/{kind}s/{{job_id}}"] = api.get(f"/{kind}s/{job}")
    return answers


def test_every_good_answer_has_the_vendors_shape(api: Api, klaviyo: KlaviyoHandle) -> None:
    """Of every operation, with everything included; empty ones are empty."""
    answers = _walk(api, klaviyo)
    assert answers.keys() == OPERATIONS.keys()
    for name, answer in answers.items():
        assert answer.is_success, (name, answer.text)
        validator = VALIDATORS.get(f"{name} 2")
        if validator is None:
            assert answer.content == b"", name
        else:
            assert answer.content, name
            validator.validate(answer.json())


def test_every_status_is_one_of_the_vendors(api: Api, klaviyo: KlaviyoHandle) -> None:
    """201, 202 and 204 where 200 would be a guess."""
    for name, answer in _walk(api, klaviyo).items():
        for file in SPECS.glob("*.json"):
            paths = json.loads(file.read_text())["paths"]
            method, _, path = name.partition(" ")
            if path in paths:
                assert str(answer.status_code) in paths[path][method.lower()]["responses"], name


@pytest.mark.parametrize(
    ("path", "status"), [("/profiles/01NOBODY", 404), ("/profiles?sort=x", 400)]
)
def test_a_refusal_has_the_vendors_shape(api: Api, path: str, status: int) -> None:
    """The schema of 4XX."""
    answer = api.http.get(path)
    assert answer.status_code == status
    VALIDATORS["GET /api/profiles 4"].validate(answer.json())


def test_a_profile_has_the_vendors_shape_whatever_its_consent(
    api: Api, klaviyo: KlaviyoHandle
) -> None:
    """Subscribed to everything, then unsubscribed, suppressed and off a list."""
    email, phone = "ana@nevent-demo.es", "+34600112233"
    wanted = api.new_list(opt_in_process="single_opt_in")
    channels = "email.marketing sms.marketing sms.transactional"
    path = f"/lists/{wanted}/profiles"
    for sent in (
        body(SUBSCRIBE, [given(email, phone, channels=channels)], wanted, custom_source="x"),
        addresses(SUPPRESS, email),
        body(UNSUBSCRIBE, [withdrawn(email, phone, channels=channels)]),
    ):
        assert api.change(sent).status_code == 202
        VALIDATORS["GET /api/profiles 2"].validate(api.get("/profiles", **ALL).json())
        VALIDATORS["GET /api/lists/{id}/profiles 2"].validate(api.get(path, **ALL).json())
    klaviyo.unsubscribe(email, list_id=wanted)
    VALIDATORS["GET /api/profiles 2"].validate(api.get("/profiles", **ALL).json())


def test_the_schemas_do_refuse(api: Api) -> None:
    """A key that is missing deep inside is found."""
    api.upsert({"email": "ana@nevent-demo.es"})
    answer = api.get("/profiles", **ALL).json()
    del answer["data"][0]["attributes"]["subscriptions"]["email"]["marketing"]["consent"]
    with pytest.raises(jsonschema.ValidationError, match="consent"):
        VALIDATORS["GET /api/profiles 2"].validate(answer)
