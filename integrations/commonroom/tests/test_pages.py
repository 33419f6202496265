"""What Common Room says, in our words: pages, columns, limits, refusals."""

from typing import Any

import pytest

from inbox.channels.contract import BadSignature, ChannelConfig, DeliveryError, RawRequest
from inbox.channels.peoplefiles import FileAccount, FileActivity, FilePerson, FileProblem, Item
from inbox.operations.connecting import connect
from integrations.commonroom import client, people
from integrations.commonroom.kind import COMMONROOM
from rig import commonroom
from rig.commonroom import FakeCommonRoom, limited
from rig.vendor import Answer

ROOM = commonroom.COMMUNITY["communityId"]


def config_of(vendor: FakeCommonRoom, token: str = commonroom.TOKEN) -> ChannelConfig:
    return ChannelConfig(
        kind="commonroom", key="main", settings={"api_url": vendor.url}, secrets={"token": token}
    )


def read(vendor: FakeCommonRoom) -> list[Item]:
    """All that the pages say, one after the other."""
    config = config_of(vendor)
    found: list[Item] = []
    piece = people.page(config, {})
    while piece.cursor:
        found += piece.items
        piece = people.page(config, piece.cursor)
    return [*found, *piece.items]


def test_every_page_is_read_once_and_only_what_is_taken_in_is_asked_for(
    vendor: FakeCommonRoom,
) -> None:
    for n in range(401):
        vendor.activity(vendor.contact(f"Person {n}"))
    found = read(vendor)
    assert [len([i for i in found if isinstance(i, k)]) for k in (FilePerson, FileActivity)] == [
        401,
        401,
    ]
    asked = [(call.path, call.query.get("cursor", [""])[0]) for call in vendor.calls]
    assert asked == [
        ("/v1/api-token-status", ""),
        ("/v2/tags", ""),
        *(("/v2/contacts", cursor) for cursor in ("", "at-200", "at-400")),
        *(("/v2/activities", cursor) for cursor in ("", "at-200", "at-400")),
    ]
    columns = {call.query["cols"][0] for call in vendor.calls if "cols" in call.query}
    assert columns == {people.CONTACT, people.ACTIVITY}


def test_a_contact_in_our_words_without_what_is_unknown(vendor: FakeCommonRoom) -> None:
    tag = vendor.tag("Champion")
    vendor.contact(
        "Mira",
        fullName="Mira  Okafor",
        primaryEmail="Mira@Example.org",
        title="Engineer",
        companyName="Example",
        location={"city": "Lisbon", "region": "Lisboa", "country": "Portugal"},
        profiles=[
            {"type": "github", "value": "https://github.com/mira-o"},
            {"type": "Twitter", "value": "@mira"},
            {"type": "linkedin", "value": "https://www.linkedin.com/in/mira?x=1"},
            {"type": "github", "value": "https://github.com/example/repository"},
            {"type": "horoscope", "value": "lion"},
            "nonsense",
        ],
        tags=[tag, "l_404", 7],
        leadScores=[{"scoreId": 1, "score": 2, "percentile": 3}],
        phoneNumbers=[{"type": "home", "value": "+351 1"}],
        surprise={"a": 1},
    )
    (found,) = read(vendor)
    assert found == FilePerson(
        key=f"{ROOM}:c_1",
        name="Mira Okafor",
        emails=("mira@example.org",),
        accounts=(
            FileAccount(kind="github", handle="mira-o"),
            FileAccount(kind="twitter", handle="mira"),
            FileAccount(kind="linkedin", handle="mira"),
        ),
        tags=("Champion",),
        note="From Common Room: Engineer at Example · Lisbon, Portugal",
        url="https://app.commonroom.io/community/uncommon/member/0",
    )


def test_an_activity_in_our_words_and_those_that_are_nobodys(vendor: FakeCommonRoom) -> None:
    vendor.activity("c_1", url="javascript:alert(1)", content="never asked for")
    vendor.activity(None)
    vendor.activity("c_1", activityTime="yesterday")
    done, *problems = read(vendor)
    assert done == FileActivity(
        key=f"commonroom:{ROOM}:a_1",
        person=f"{ROOM}:c_1",
        at=commonroom.BEGIN,
        title="Pr comment · GitHub",
        kind="pr_comment",
    )
    assert problems == [
        FileProblem(key="activity a_2", words="is of nobody whom Common Room names", is_bad=False),
        FileProblem(key="activity a_3", words="has no id or no time"),
    ]


@pytest.mark.parametrize("says", ["retry-after", "reset", "body"])
def test_a_limit_says_how_long_to_wait(vendor: FakeCommonRoom, says: str) -> None:
    vendor.fail("/api-token-status", answer=limited(90, says=says))
    with pytest.raises(DeliveryError) as caught:
        people.page(config_of(vendor), {})
    assert not caught.value.permanent
    assert 80 < (caught.value.retry_after_seconds or 0) <= 90


def test_a_refused_token_comes_with_its_remedy(vendor: FakeCommonRoom) -> None:
    with pytest.raises(DeliveryError) as caught:
        people.page(config_of(vendor, "old"), {})
    assert (caught.value.text, caught.value.permanent) == (client.REFUSED, True)
    assert client.check(config_of(vendor, "old")) == client.REFUSED
    assert len(client.REFUSED) <= 250  # it is a connection's health


@pytest.mark.parametrize(
    ("answer", "text", "is_permanent"),
    [
        (
            Answer(400, {"success": False, "error": {"code": "x", "message": "limit is wrong"}}),
            "Common Room answered 400: limit is wrong",
            True,
        ),
        (Answer(404, {"status": "not-found"}), "Common Room answered 404", True),
        (Answer(503, b"away"), "Common Room answered 503", False),
        (Answer(200, {"success": True, "data": []}), "Common Room's answer cannot be read", False),
        (Answer(200, b"[" * 9), "Common Room's answer cannot be read", False),
    ],
)
def test_what_goes_wrong_is_said(
    vendor: FakeCommonRoom, answer: Answer, text: str, is_permanent: bool
) -> None:
    vendor.fail("/contacts", answer=answer)
    with pytest.raises(DeliveryError) as caught:
        people.page(config_of(vendor), {"list": "contacts", "room": ROOM, "tags": {}})
    assert (caught.value.text, caught.value.permanent) == (text, is_permanent)


@pytest.mark.django_db
def test_connecting_names_the_community(vendor: FakeCommonRoom, client: Any) -> None:
    given = {"token": commonroom.TOKEN, "api_url": vendor.url}
    assert connect("commonroom", "main", given)["check"] == "ok: the community Uncommon"
    assert connect("commonroom", "next", {**given, "token": "old"})["check"].startswith(
        "Common Room refuses the token"
    )


def test_nothing_is_taken_that_is_posted_here(vendor: FakeCommonRoom) -> None:
    with pytest.raises(BadSignature):
        COMMONROOM.verify(RawRequest(headers={}, body=b"{}"), config_of(vendor))
