"""Signing in: limits per account and address, forgotten passwords, the second factor."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.db import connection
from django.test import Client

from inbox.accounts.models import Role, User
from inbox.accounts.tests.conftest import PASSWORD, is_signed_in, sign_in, with_password
from inbox.common.config import change_setting
from inbox.operations.checking import findings
from inbox.outbox.models import Outgoing
from inbox.web.account import browser_of
from rig.desk import agent

pytestmark = pytest.mark.django_db
NEW = "another-long-word-8"
AT = datetime(2026, 11, 18, 10, 0, 5, tzinfo=UTC)
Find = Callable[[str], str]


def code_of(secret: str, at: datetime = AT) -> str:
    """What the app on the phone shows."""
    return str(format_hotp_value(hotp_value(secret, int(at.timestamp()) // 30)))


def try_password(name: str, address: str = "127.0.0.1") -> int:
    """One wrong password."""
    client = Client(REMOTE_ADDR=address)
    return client.post("/login/", {"login": name, "password": "wrong"}).status_code


# ------------------------------------------------------------------ limits


def test_the_eleventh_wrong_password_locks_the_account_and_no_other() -> None:
    with_password("ana")
    with_password("ben")
    with time_machine.travel(AT) as clock:
        names = ["ana", "ANA", "ana@example.com", "Ana@Example.com"] * 3
        tried = [
            try_password(name, f"198.51.100.{n}") for n, name in enumerate([*names[:10], "ana"])
        ]
        assert tried == [200] * 10 + [429]
        locked = Client().post("/login/", {"login": "ana", "password": PASSWORD})
        assert (locked.status_code, locked["Retry-After"]) == (429, "300")
        assert "Too many failed login attempts" in locked.content.decode()
        assert is_signed_in(sign_in("ben"))
        clock.shift(301)
        assert is_signed_in(sign_in("ana"))


def test_fifty_wrong_passwords_lock_an_address_and_no_other() -> None:
    with_password("ana")
    with time_machine.travel(AT):
        tried = [try_password(f"name{n}", "198.51.100.7") for n in range(51)]
        assert tried == [200] * 50 + [429]
        assert not is_signed_in(sign_in("ana", address="198.51.100.7"))
        assert is_signed_in(sign_in("ana", address="198.51.100.8"))


def test_a_sign_in_form_of_another_site_is_refused() -> None:
    with_password("ana")
    browser = Client(enforce_csrf_checks=True)
    for path in ("/login/", "/account/two-factor/webauthn/login/", "/sign-in/acme/"):
        answer = browser.post(path, {"login": "ana", "password": PASSWORD})
        assert answer.status_code == 403
    assert not is_signed_in(browser)


@pytest.mark.parametrize("name", ["ana", "nobody"])
def test_nobody_learns_who_has_an_account(name: str) -> None:
    with_password("ana")
    page = Client().post("/login/", {"login": name, "password": "wrong"}).content.decode()
    assert "The username and/or password you specified are not correct." in page


# ------------------------------------------------------------------ forgotten passwords


def ask(email: str) -> int:
    """Ask for a link."""
    return Client().post("/password/reset/", {"email": email}).status_code


def test_a_reset_link_works_once_and_ends_every_session(newest_link: Find) -> None:
    with_password("noor")
    browser = sign_in("noor")
    assert ask("noor@example.com") == 302
    link = newest_link("noor@example.com")
    client = Client()
    form = client.get(link)["Location"]
    assert link.split("-")[-1] not in form  # the key never stands in an address that is shown
    client.post(form, {"password1": NEW, "password2": NEW})
    assert (is_signed_in(browser), is_signed_in(sign_in("noor"))) == (False, False)
    assert is_signed_in(sign_in("noor", NEW))
    again = Client().get(link)
    assert "This link was used, is old, or is not whole." in again.content.decode()


def test_two_links_the_second_is_dead_when_the_first_was_used(newest_link: Find) -> None:
    with_password("noor")
    ask("noor@example.com")
    first = newest_link("noor@example.com")
    ask("noor@example.com")
    second = newest_link("noor@example.com")
    client = Client()
    client.post(client.get(first)["Location"], {"password1": NEW, "password2": NEW})
    assert "This link was used" in Client().get(second).content.decode()


def test_nobody_is_mailed_for_an_address_that_is_not_here(system_channel: None) -> None:
    agent("gone", is_active=False)
    assert (ask("nobody@example.com"), ask("gone@example.com")) == (302, 302)
    assert not Outgoing.objects.exists()


def test_five_links_an_hour_and_no_more(system_channel: None) -> None:
    with_password("noor")
    with time_machine.travel(AT):
        assert [ask("noor@example.com") for _ in range(6)] == [302] * 5 + [429]
    assert Outgoing.objects.count() == 5


def test_a_link_names_our_own_address_whatever_host_was_asked(newest_link: Find) -> None:
    with_password("noor")
    Client(SERVER_NAME="localhost").post("/password/reset/", {"email": "noor@example.com"})
    assert newest_link("noor@example.com").startswith("/password/reset/")


# ------------------------------------------------------------------ second factor


def enrol(client: Client) -> str:
    """Set up an authenticator app. Returns its secret."""
    client.post("/reauthenticate/", {"password": PASSWORD})
    client.get("/account/two-factor/totp/activate/")
    secret: str = client.session["mfa.totp.secret"]
    client.post("/account/two-factor/totp/activate/", {"code": code_of(secret)})
    return secret


def test_with_an_authenticator_a_password_is_not_enough() -> None:
    noor = with_password("noor")
    with time_machine.travel(AT) as clock:
        secret = enrol(sign_in("noor"))
        with connection.cursor() as cursor:
            cursor.execute("SELECT data FROM mfa_authenticator WHERE type = 'totp'")
            assert secret not in str(cursor.fetchone())
        clock.shift(60)
        code = code_of(secret, datetime.now(UTC))
        first = sign_in("noor")
        assert not is_signed_in(first)
        assert "Incorrect code" in answer_with(first, "000000")
        answer_with(first, code)
        assert is_signed_in(first)
        second = sign_in("noor")
        assert "Incorrect code" in answer_with(second, code)  # a code works once
        assert not is_signed_in(second)
        codes = Authenticator.objects.get(user=noor, type="recovery_codes").wrap()
        kept = codes.get_unused_codes()[0]
        answer_with(second, kept)
        assert is_signed_in(second)
        third = sign_in("noor")
        assert "Incorrect code" in answer_with(third, kept)
        assert not is_signed_in(third)


def answer_with(client: Client, code: str) -> str:
    """Send a code; the page that comes back."""
    answer = client.post("/account/two-factor/authenticate/", {"code": code})
    return answer.content.decode()


def test_a_factor_is_not_set_up_without_the_password_once_more() -> None:
    with_password("noor")
    client = sign_in("noor")
    for path in ("totp/activate/", "webauthn/add/", "recovery-codes/generate/"):
        answer = client.get(f"/account/two-factor/{path}")
        assert answer["Location"].startswith("/reauthenticate/")
    assert not Authenticator.objects.exists()


def test_where_admins_need_a_factor_nothing_opens_before_they_have_one() -> None:
    with_password("ana", role=Role.ADMIN)
    with_password("ben")
    change_setting("require_admin_totp", True)
    with time_machine.travel(AT):
        ana, ben = sign_in("ana"), sign_in("ben")
        assert is_signed_in(ben)
        for path in ("/queue/", "/team/", "/account/", "/admin/"):
            assert ana.get(path)["Location"] == "/account/two-factor/"
        assert ana.post("/notices/read/")["Location"] == "/account/two-factor/"
        enrol(ana)
        assert is_signed_in(ana)
        # and the last one stays
        page = ana.get("/account/two-factor/totp/deactivate/").content.decode()
        assert "You cannot deactivate two-factor authentication." in page


def test_who_would_lock_themselves_out_is_told(desk: Client) -> None:
    page = desk.post("/team/second-factor/", {"require_admin_totp": "on"}, follow=True)
    assert "Set up your own second factor first" in page.content.decode()
    assert any("need no second factor" in finding.text for finding in findings())


def test_turned_on_it_ends_the_sessions_of_admins_without_one(desk: Client, ana: User) -> None:
    with_password("ilse", role=Role.ADMIN)
    browser = sign_in("ilse")
    Authenticator.objects.create(user=ana, type="totp", data={})
    desk.post("/team/second-factor/", {"require_admin_totp": "on"})
    assert (is_signed_in(browser), is_signed_in(desk)) == (False, True)
    assert sign_in("ilse").get("/queue/")["Location"] == "/account/two-factor/"
    desk.post("/team/second-factor/")
    assert is_signed_in(sign_in("ilse"))


def test_a_lost_factor_is_taken_away_by_an_administrator(desk: Client) -> None:
    noor = with_password("noor")
    with time_machine.travel(AT):
        browser = sign_in("noor")
        enrol(browser)
        desk.post(f"/team/{noor.pk}/drop-factor/")
        assert (is_signed_in(browser), is_signed_in(sign_in("noor"))) == (False, True)


# ------------------------------------------------------------------ one's account


def test_a_token_is_shown_once_works_and_is_revoked() -> None:
    with_password("noor")
    client = sign_in("noor")
    page = client.post("/account/tokens/", {"label": "export"}).content.decode()
    token = page.split('<code class="account__token">')[1].split("<")[0]
    headers = {"Authorization": f"Bearer {token}"}
    assert token not in client.get("/account/").content.decode()
    assert Client().get("/api/v1/tickets/", headers=headers).status_code == 200
    row = User.objects.get(username="noor").api_tokens.get()
    other = Client()
    other.force_login(agent("ben"))
    assert other.post(f"/account/tokens/{row.pk}/revoke/").status_code == 404
    client.post(f"/account/tokens/{row.pk}/revoke/")
    assert Client().get("/api/v1/tickets/", headers=headers).status_code == 401


def test_other_sessions_end_and_this_one_stays() -> None:
    with_password("noor")
    here, there = sign_in("noor"), sign_in("noor")
    page = here.post("/account/sessions/end/", follow=True).content.decode()
    assert "1 other session ended." in page
    assert (is_signed_in(here), is_signed_in(there)) == (True, False)


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36", "Chrome on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1", "Safari on iPhone"),
        ("curl/8.0", "A program"),
    ],
)
def test_a_browser_is_called_what_people_call_it(user_agent: str, words: str) -> None:
    assert browser_of(user_agent) == words


def test_a_new_password_ends_other_sessions() -> None:
    with_password("noor")
    here, there = sign_in("noor"), sign_in("noor")
    form = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    assert here.post("/account/password/", form)["Location"] == "/account/"
    assert (is_signed_in(here), is_signed_in(there)) == (True, False)


def test_looks_and_keys_are_kept_and_a_zone_has_to_exist() -> None:
    noor = agent("noor")
    client = Client()
    client.force_login(noor)
    form = {"first_name": "Noor", "last_name": "Haddad", "theme": "dark", "density": "compact"}
    wrong = client.post("/account/", {**form, "timezone": "Europe/Atlantis"})
    assert (wrong.status_code, "There is no such time zone" in wrong.content.decode()) == (
        422,
        True,
    )
    page = client.post(
        "/account/", {**form, "timezone": "Asia/Tokyo"}, follow=True
    ).content.decode()
    for words in ('data-theme="dark"', 'data-density="compact"', 'data-keys="off"', "Noor Haddad"):
        assert words in page
    noor.refresh_from_db()
    assert (noor.timezone, noor.single_keys) == ("Asia/Tokyo", False)
