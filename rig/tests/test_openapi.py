"""Requests that a vendor's own description does not know are told apart from those it knows."""

import json
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
import requests

from rig import clients, intercom, openapi
from rig.openapi import Description
from rig.vendor import Call

NOTE = {"properties": {"hs_note_body": "x"}, "associations": []}
LINK = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 202}
SEARCH = {"filterGroups": [], "properties": [], "sorts": [], "limit": 1, "after": "0"}
CLOSE = {"message_type": "close", "type": "admin", "admin_id": "1"}


def call(method: str, path: str, body: Any = None, kind: str = clients.JSON) -> Call:
    address, _, query = path.partition("?")
    form = kind == openapi.FORM
    raw = b"" if body is None else (urlencode(body) if form else json.dumps(body)).encode()
    return Call(method, address, parse_qs(query), {"content-type": kind}, raw)


fetched = pytest.mark.skipif(
    not (openapi.HUBSPOT.is_there() and openapi.INTERCOM.is_there()),
    reason="fetched by `make test`",
)


@fetched
@pytest.mark.parametrize(
    ("vendor", "request_", "problem"),
    [
        (openapi.HUBSPOT, call("POST", "/crm/v3/objects/notes", NOTE), ""),
        (openapi.HUBSPOT, call("POST", "/crm/v3/objects/note", NOTE), "HubSpot has no POST"),
        (openapi.HUBSPOT, call("PUT", "/crm/v3/objects/notes", NOTE), "HubSpot has no PUT"),
        (openapi.HUBSPOT, call("POST", "/crm/v3/objects/notes"), "the body is missing"),
        (openapi.HUBSPOT, call("POST", "/crm/v3/objects/notes", {}), "'properties' is a required"),
        (openapi.HUBSPOT, call("POST", "/crm/v3/objects/notes", {**NOTE, "mark": 1}), "'mark'"),
        (
            openapi.HUBSPOT,
            call("POST", "/crm/v3/objects/notes", {**NOTE, "associations": [{"types": [LINK]}]}),
            "'to' is a required",
        ),
        (
            openapi.HUBSPOT,
            call(
                "POST",
                "/crm/v3/objects/notes",
                {
                    **NOTE,
                    "associations": [
                        {"to": {"id": "1"}, "types": [{**LINK, "associationCategory": "OURS"}]}
                    ],
                },
            ),
            "'OURS' is not one of",
        ),
        (openapi.HUBSPOT, call("POST", "/crm/v3/objects/contacts/search", SEARCH), ""),
        (
            openapi.HUBSPOT,
            call("POST", "/crm/v3/objects/contacts/search", {**SEARCH, "limit": "1"}),
            "$.limit",
        ),
        (openapi.HUBSPOT, call("GET", "/files/v3/files/7/signed-url"), ""),
        (openapi.HUBSPOT, call("GET", "/files/v3/files/7/signed-url?for=us"), "no query parameter"),
        (openapi.HUBSPOT, call("POST", "/files/v3/files", {}), "is not sent as"),
        (
            openapi.HUBSPOT,
            call("POST", "/oauth/v1/token", {"grant_type": "refresh_token"}, openapi.FORM),
            "",
        ),
        (
            openapi.HUBSPOT,
            call("POST", "/oauth/v1/token", {"grant_type": "magic"}, openapi.FORM),
            "'magic' is not one of",
        ),
        (openapi.INTERCOM, call("GET", "/me"), ""),
        (openapi.INTERCOM, call("GET", "/myself"), "Intercom has no GET"),
        (openapi.INTERCOM, call("POST", "/conversations/7/parts", CLOSE), ""),
        (
            openapi.INTERCOM,
            call("POST", "/conversations/7/parts", {**CLOSE, "message_type": "shut"}),
            "body: $",
        ),
        (openapi.INTERCOM, call("POST", "/conversations/7/parts", {**CLOSE, "admin_id": 1}), "$"),
        (
            openapi.INTERCOM,
            call("POST", "/conversations/7/parts", {**CLOSE, "why": "x"}),
            "body: $",
        ),
        (openapi.INTERCOM, call("GET", "/conversations/7?display=plain"), "no query parameter"),
        (
            openapi.INTERCOM,
            call("POST", "/conversations/search", {"query": {"field": "id", "operator": "is"}}),
            "body: $.query",
        ),
        (openapi.INTERCOM, call("POST", "/conversations/search", {}), "'query' is a required"),
    ],
)
def test_requests_fit_the_description_or_not(
    vendor: Description, request_: Call, problem: str
) -> None:
    found = vendor.check(request_)
    assert (found is None) == (problem == "")
    assert problem in (found or "")


@fetched
def test_nobody_leaves_a_fake_with_an_illegal_request() -> None:
    fake = intercom.FakeIntercom()
    with pytest.raises(AssertionError, match="Intercom has no GET /nothing"), fake:
        requests.get(fake.url + "/nothing", timeout=10)


# ------------------------------------------------------------------ generated clients, read back

API = '''
class NotesApi(object):
    def create_with_http_info(self, note, **kwargs):
        """Create

        :param note: (required)
        :type note: Note
        """
        query_params = []
        query_params.append(("dryRun", local_var_params["dry_run"]))
        body_params = local_var_params["note"]
        return self.api_client.call_api("/notes/{id}", "POST", path_params, query_params)
'''
MODEL = """
class Note(object):
    openapi_types = {"word_s": "list[str]", "kind": "str", "more": "dict[str, Note]"}
    attribute_map = {"word_s": "words", "kind": "kind", "more": "more"}

    @kind.setter
    def kind(self, kind):
        allowed_values = ["A", "B"]
        if kind is None:
            raise ValueError("Invalid value for `kind`, must not be `None`")
"""


def test_a_client_of_the_openapi_generator_is_read_back() -> None:
    found = clients.from_openapi_generator(
        {"x/api/notes_api.py": API.encode(), "x/models/note.py": MODEL.encode()}
    )
    operation = found["paths"]["/notes/{id}"]["post"]
    assert [(p["name"], p["in"]) for p in operation["parameters"]] == [
        ("id", "path"),
        ("dryRun", "query"),
    ]
    assert operation["requestBody"]["content"][clients.JSON]["schema"] == {
        "$ref": "#/components/schemas/Note"
    }
    assert found["components"]["schemas"]["Note"] == {
        "type": "object",
        "properties": {
            "words": {"type": "array", "items": {"type": "string"}},
            "kind": {"type": "string", "enum": ["A", "B"]},
            "more": {
                "type": "object",
                "additionalProperties": {"$ref": "#/components/schemas/Note"},
            },
        },
        "required": ["kind"],
        "additionalProperties": False,
    }


FERN = """
class RawThings:
    def put(self, thing_id: str, *, word: str, kind: typing.Optional[Kind] = OMIT):
        return self._client_wrapper.httpx_client.request(
            f"things/{jsonable_encoder(thing_id)}/words",
            method="POST",
            params={"dry_run": dry_run},
            json={
                "word": word,
                "kind": convert(object_=kind, annotation=Kind, direction="write"),
            },
        )

class AsyncRawThings:
    def put(self):
        raise NotImplementedError
"""
KINDS = """
Kind = typing.Union[typing.Literal["a", "b"], typing.Any, Thing]

class Thing(UncheckedBaseModel):
    from_: typing_extensions.Annotated[typing.Optional[int], FieldMetadata(alias="from")] = None
    of: "Elsewhere"
    model_config: typing.ClassVar[int] = 1
"""


def test_a_client_of_fern_is_read_back() -> None:
    found = clients.from_fern(
        {"x/things/raw_client.py": FERN.encode(), "x/types/kind.py": KINDS.encode()}
    )
    (path,) = found["paths"]
    assert path == "/things/{p1}/words"
    operation = found["paths"][path]["post"]
    assert [row["name"] for row in operation["parameters"]] == ["p1", "dry_run"]
    assert operation["requestBody"]["content"][clients.JSON]["schema"] == {
        "type": "object",
        "properties": {"word": {"type": "string"}, "kind": {"$ref": "#/components/schemas/Kind"}},
        "required": ["word"],
        "additionalProperties": False,
    }
    assert found["components"]["schemas"] == {
        "Kind": {"oneOf": [{"enum": ["a", "b"]}, {"$ref": "#/components/schemas/Thing"}]},
        "Thing": {
            "type": "object",
            "properties": {
                "from": {"type": "integer"},
                "of": {"$ref": "#/components/schemas/Elsewhere"},
            },
            "required": ["of"],
            "additionalProperties": False,
        },
        "Elsewhere": {},
    }
