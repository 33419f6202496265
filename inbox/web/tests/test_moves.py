"""Palette, keyboard map, merging, splitting, links, blocks, conflicts: the pages and their forms."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from inbox.accounts.models import Role, Team, User
from inbox.guard.models import Block
from inbox.people.models import Identity
from inbox.tickets import services as tickets
from inbox.tickets.models import Ticket
from inbox.web.keyboard import SECTIONS
from rig import desk as rig

pytestmark = pytest.mark.django_db
HX = {"HX-Request": "true"}


@pytest.fixture
def ana() -> User:
    return rig.agent("ana")


@pytest.fixture
def desk(ana: User) -> Client:
    client = Client()
    client.force_login(ana)
    return client


def restricted() -> Team:
    return Team.objects.get_or_create(key="security", name="Security", restricted=True)[0]


# ------------------------------------------------------------------ palette


def jump(desk: Client, **data: Any) -> str:
    return desk.get("/jump/", data, headers=HX).content.decode()


def test_palette_finds_by_number_by_words_people_and_pages(desk: Client) -> None:
    row = rig.ticket(who=rig.asker("mirela"))
    rig.act(tickets.set_subject, row, "The replication slot grows")
    assert f'href="/tickets/{row.pk}/"' in jump(desk, q=str(row.pk))
    assert "The replication <mark>slot</mark> grows" in jump(desk, q="slot")
    assert f'href="/people/{row.asker.contact_id}/"' in jump(desk, q="@mirel")  # type: ignore[union-attr]  # made above
    assert 'href="/reports/"' in jump(desk, q="repor")
    assert "Nothing has these words" in jump(desk, q="zzzzz")


def test_palette_only_parts_a_merged_ticket(desk: Client) -> None:
    row, into = rig.ticket(), rig.ticket()
    rig.act(tickets.merge, row, into=into)
    page = jump(desk, q="", ticket=row.pk)
    found = [words in page for words in ("Undo the merge", "Reply", "Hand over")]
    assert found == [True, False, False]


def test_palette_does_what_the_ticket_can_do(desk: Client) -> None:
    row = rig.ticket()
    rig.agent("noor")
    page = jump(desk, q="", ticket=row.pk)
    assert (f"Do with #{row.pk}" in page, "Reply" in page) == (True, True)
    page = jump(desk, q=">tomorrow", ticket=row.pk)
    assert f'formaction="/tickets/{row.pk}/snooze/" name="until" value="tomorrow"' in page
    page = jump(desk, q="assign noor", ticket=row.pk)
    assert 'name="assignee" value="noor"' in page
    rig.act(tickets.close, row)
    page = jump(desk, q=">", ticket=row.pk)
    assert ("Open again" in page, "Snooze in" in page) == (True, False)


def test_palette_shows_lately_first_and_only_what_may_be_seen(desk: Client) -> None:
    seen, hidden = rig.ticket(), rig.ticket()
    rig.act(tickets.restrict, hidden, restricted())
    page = jump(desk, recent=f"{hidden.pk},{seen.pk},x,,9999")
    assert page.count('role="option"') > 1
    assert page.index("Lately") < page.index("Go to")
    assert (f"/tickets/{seen.pk}/" in page, f"/tickets/{hidden.pk}/" in page) == (True, False)
    assert hidden.subject not in jump(desk, q=str(hidden.pk))
    assert "Do with" not in jump(desk, ticket=hidden.pk)


@pytest.mark.parametrize(("role", "does"), [(Role.VIEWER, 0), (Role.LIGHT, 1)])
def test_palette_offers_nothing_that_is_refused(
    role: str, does: int, ana: User, desk: Client
) -> None:
    ana.role = role
    ana.save()
    page = jump(desk, q=">", ticket=rig.ticket().pk)
    assert page.count("formaction=") == 0
    assert page.count('data-press="n"') == does


def test_palette_shows_viewers_no_address(ana: User, desk: Client) -> None:
    who = rig.asker("mirela")
    Identity.objects.filter(pk=who.pk).update(name="")
    row = rig.ticket(who=who)
    assert "mirela@example.org" in jump(desk, q=str(row.pk))
    ana.role = Role.VIEWER
    ana.save()
    assert "mirela@example.org" not in jump(desk, q=str(row.pk))


@pytest.mark.parametrize("count", [1, 5])
def test_palette_costs_the_same_at_any_number(
    count: int, desk: Client, django_assert_max_num_queries: Any
) -> None:
    """Session and account included; the search of words has its own price (`find`)."""
    rows = [rig.ticket() for _ in range(count)]
    jump(desk, q="question", ticket=rows[0].pk)
    with django_assert_max_num_queries(6):
        jump(desk, ticket=rows[0].pk, recent=",".join(str(row.pk) for row in rows))
    with django_assert_max_num_queries(6):
        jump(desk, q=">ass", ticket=rows[0].pk)
    with django_assert_max_num_queries(14):
        jump(desk, q="question", ticket=rows[0].pk)


@pytest.mark.parametrize("q", ["'\"%_\\", "(" * 50, "\x00", "#", ">", "@", "-", "x" * 3000])
def test_palette_never_errs(q: str, desk: Client) -> None:
    rig.ticket()
    assert desk.get("/jump/", {"q": q, "ticket": "x", "recent": "1,,a"}).status_code == 200


# ------------------------------------------------------------------ keyboard


def test_every_key_of_the_map_is_there_once_and_goes_somewhere(desk: Client) -> None:
    presses = [key.press for section in SECTIONS for key in section.keys if key.press]
    assert len(presses) == len(set(presses))
    page = desk.get("/queue/").content.decode()
    assert all(f'data-press-for="{press}"' in page for press in presses)
    goes = {a.split('"')[0] for a in page.split('data-goes="')[1:]}
    assert {desk.get(address).status_code for address in goes} == {200}


# ------------------------------------------------------------------ merging


def test_merge_is_previewed_done_and_undone(desk: Client) -> None:
    """L10, in the browser's own forms."""
    one, two = rig.ticket(), rig.ticket()
    rig.act(tickets.add_tags, one, ["wal"])
    rig.act(tickets.assign, one, rig.agent("noor"))
    rig.act(tickets.close, two)
    page = desk.get(f"/tickets/{one.pk}/merge/", {"into": f"#{two.pk}"}).content.decode()
    told = ("2 in all", "opens again", "Noor, who has", "wal", one.asker.label, two.asker.label)  # type: ignore[union-attr]  # made above
    assert [words for words in told if words not in page] == []
    form = {"into": two.pk, "next": f"/tickets/{two.pk}/"}
    answer = desk.post(f"/tickets/{one.pk}/merge/", form)
    assert answer["Location"] == f"/tickets/{two.pk}/"
    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.status, two.status, two.owner.username) == ("merged", "open", "noor")  # type: ignore[union-attr]  # just given
    assert list(two.tags.values_list("name", flat=True)) == ["wal"]
    page = desk.get(f"/tickets/{two.pk}/").content.decode()
    assert 'action="/undo/' in page
    assert f"merged #{one.pk} into this" in page
    assert desk.get(f"/tickets/{one.pk}/").status_code == 200
    desk.post(f"/tickets/{one.pk}/unmerge/")
    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.status, two.status, two.owner, two.tags.count()) == ("open", "closed", None, 0)


def test_merge_offers_the_same_person_and_what_was_looked_for(desk: Client) -> None:
    who = rig.asker("mirela")
    one, two, other = rig.ticket(who=who), rig.ticket(who=who), rig.ticket()
    page = desk.get(f"/tickets/{one.pk}/merge/").content.decode()
    assert (f"?into={two.pk}" in page, f"?into={one.pk}" in page) == (True, False)
    page = desk.get(f"/tickets/{one.pk}/merge/", {"q": other.subject}).content.decode()
    assert f"?into={other.pk}" in page


def test_what_one_team_sees_is_not_merged_into_what_all_see(desk: Client, ana: User) -> None:
    one, two = rig.ticket(), rig.ticket()
    team = restricted()
    rig.act(tickets.restrict, one, team)
    assert (
        desk.get(f"/tickets/{two.pk}/merge/", {"into": one.pk}).content.count(b"How it will") == 0
    )
    ana.teams.add(team)
    page = desk.get(f"/tickets/{one.pk}/merge/", {"into": two.pk}).content.decode()
    assert "is for one team only" in page
    assert desk.post(f"/tickets/{one.pk}/merge/", {"into": two.pk}).status_code == 422
    assert set(Ticket.objects.values_list("status", flat=True)) == {"open"}


# ------------------------------------------------------------------ splitting, links


def test_split_is_previewed_named_and_undone(desk: Client) -> None:
    row, guest = rig.ticket(), rig.asker("guest")
    message = rig.writes(row, guest, role="community", at=rig.NOW, new_text="And my own question")
    page = desk.get(f"/tickets/{row.pk}/split/?subject=Other&message={message.pk}")
    assert "“Other”, asked by <b>Guest</b>, with 1 message; 1 stays here" in page.content.decode()
    desk.post(f"/tickets/{row.pk}/split/", {"message": message.pk, "subject": "Other"})
    fresh = Ticket.objects.latest("pk")
    assert (fresh.subject, fresh.asker, fresh.message_count) == ("Other", guest, 1)
    desk.post(f"/tickets/{fresh.pk}/unsplit/")
    row.refresh_from_db()
    fresh.refresh_from_db()
    assert (row.message_count, fresh.status, fresh.merged_into) == (2, "merged", row)


def test_tickets_are_linked_both_ways_and_titles_are_for_those_who_may(desk: Client) -> None:
    one, two = rig.ticket(), rig.ticket()
    desk.post(f"/tickets/{one.pk}/link/", {"url": f"#{two.pk}", "kind": "duplicate"})
    there = two.links.get()
    assert one.links.get().url == f"{settings.BASE_URL}/tickets/{two.pk}/"
    assert (there.url, there.kind) == (f"{settings.BASE_URL}/tickets/{one.pk}/", "duplicate")
    assert two.subject in desk.get(f"/tickets/{one.pk}/").content.decode()
    rig.act(tickets.restrict, two, restricted())
    page = desk.get(f"/tickets/{one.pk}/").content.decode()
    assert (two.subject in page, f'href="/tickets/{two.pk}/"' in page) == (False, False)
    assert desk.post(f"/tickets/{one.pk}/link/", {"url": f"#{two.pk}"}).status_code == 422
    rig.act(tickets.restrict, two, None)
    desk.post(f"/tickets/{two.pk}/unlink/", {"url": there.url})
    assert (one.links.count(), two.links.count()) == (0, 0)


# ------------------------------------------------------------------ spam


def test_spam_with_block_keeps_the_sender_out_and_one_step_back_lets_them_in(desk: Client) -> None:
    row = rig.ticket(who=rig.asker("pest"))
    desk.post(f"/tickets/{row.pk}/spam/", {"block": "address"})
    row.refresh_from_db()
    assert (row.status, Block.objects.get().value) == ("spam", "pest@example.org")
    assert b"pest@example.org" in desk.get("/blocks/").content
    desk.post(f"/tickets/{row.pk}/unblock/")
    row.refresh_from_db()
    assert (row.status, Block.objects.count()) == ("open", 0)


def test_block_list_refuses_what_would_shut_out_thousands(desk: Client) -> None:
    for value in ("gmail.com", "nonsense", ""):
        desk.post("/blocks/do/add/", {"value": value})
    assert Block.objects.count() == 0
    desk.post("/blocks/do/add/", {"value": "@Pests.example "})
    assert Block.objects.get().value == "pests.example"
    desk.post("/blocks/do/remove/", {"block": Block.objects.get().pk})
    assert Block.objects.count() == 0


# ------------------------------------------------------------------ the last step, taken back


def undo(desk: Client, page: str) -> None:
    """⌘Z, after the page that follows a step has offered the same."""
    assert 'action="/undo/' in page
    desk.post("/undo/")


def test_last_step_back_parts_what_was_merged_and_merges_it_again(desk: Client) -> None:
    one, two = rig.ticket(), rig.ticket()
    rig.act(tickets.close, one)
    page = desk.post(f"/tickets/{one.pk}/merge/", {"into": two.pk}, follow=True)
    undo(desk, page.content.decode())
    one.refresh_from_db()
    assert (one.status, one.resolution, one.merged_into) == ("closed", "answered", None)
    desk.post(f"/tickets/{one.pk}/merge/", {"into": two.pk})
    page = desk.post(f"/tickets/{one.pk}/unmerge/", follow=True)
    undo(desk, page.content.decode())
    one.refresh_from_db()
    assert (one.status, one.merged_into, one.messages.count()) == ("merged", two, 0)
    assert two.messages.count() == 2


def test_last_step_back_brings_back_what_was_split_off(desk: Client) -> None:
    row, guest = rig.ticket(), rig.asker("guest")
    message = rig.writes(row, guest, role="community", at=rig.NOW, new_text="And my own question")
    page = desk.post(f"/tickets/{row.pk}/split/", {"message": message.pk}, follow=True)
    undo(desk, page.content.decode())
    fresh = Ticket.objects.latest("pk")
    assert (fresh.status, fresh.merged_into, row.messages.count()) == ("merged", row, 2)


@pytest.mark.parametrize("block", ["", "address"])
def test_last_step_back_restores_spam_and_lets_the_sender_in(block: str, desk: Client) -> None:
    row = rig.ticket(who=rig.asker("pest"))
    page = desk.post(f"/tickets/{row.pk}/spam/", {"block": block}, follow=True)
    assert Block.objects.count() == bool(block)
    undo(desk, page.content.decode())
    row.refresh_from_db()
    assert (row.status, Block.objects.count()) == ("open", 0)


# ------------------------------------------------------------------ conflicts


def test_a_form_that_is_behind_asks_before_it_undoes_a_colleague(desk: Client) -> None:
    """409 with who did what; the second answer is meant."""
    row, noor = rig.ticket(), rig.agent("noor")
    rig.act(tickets.assign, row, noor)
    answer = desk.post(f"/tickets/{row.pk}/assign/", {"assignee": "me", "was_owner": ""})
    assert answer.status_code == 409
    assert b"gave this to Noor since you opened it" in answer.content
    row.refresh_from_db()
    assert row.owner == noor
    answer = desk.post(f"/tickets/{row.pk}/assign/", {"assignee": "me"})
    row.refresh_from_db()
    assert (answer.status_code, row.owner and row.owner.username) == (302, "ana")


def test_a_row_that_is_behind_asks_before_it_takes_from_a_colleague(desk: Client) -> None:
    """In the corner of the queue, with the same request once more; closing is not asked about."""
    row, noor = rig.ticket(), rig.agent("noor")
    here = {"HX-Request": "true", "HX-Target": "toasts"}
    assert 'name="was_owner" value=""' in desk.get("/queue/").content.decode()
    rig.act(tickets.assign, row, noor)
    assert 'name="was_owner" value="noor"' in desk.get("/queue/").content.decode()
    form = {"assignee": "me", "next": "/queue/"}
    answer = desk.post(f"/tickets/{row.pk}/assign/", {**form, "was_owner": ""}, headers=here)
    said = answer.content.decode()
    assert (answer.status_code, "gave this to Noor since you opened it" in said) == (409, True)
    assert "was_owner" not in said
    row.refresh_from_db()
    assert row.owner == noor
    again = desk.post(f"/tickets/{row.pk}/assign/", form, headers=here)
    row.refresh_from_db()
    assert (again.status_code, row.owner and row.owner.username) == (200, "ana")
    rig.act(tickets.assign, row, noor)
    assert desk.post(f"/tickets/{row.pk}/close/", form, headers=here).status_code == 200


def test_a_form_of_many_fields_changes_only_what_was_touched(desk: Client) -> None:
    row = rig.ticket()
    seen = {"was_category": "", "was_priority": "normal", "was_kind": "help", "was_team": ""}
    rig.act(tickets.set_priority, row, "urgent")
    form = {"category": "Bug", "priority": "normal", "kind": "help", "team": "", **seen}
    assert desk.post(f"/tickets/{row.pk}/fields/", form).status_code == 302
    row.refresh_from_db()
    assert (row.category, row.priority) == ("Bug", "urgent")
    assert desk.post(f"/tickets/{row.pk}/fields/", {**form, "category": "Docs"}).status_code == 409
