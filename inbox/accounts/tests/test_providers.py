"""Signing in with a provider, against a real server that can lie: who comes in, and who does not."""

import re
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from inbox.accounts.models import SignInProvider, User
from inbox.accounts.tests.conftest import PASSWORD, is_signed_in, sign_in, with_password
from rig.desk import agent
from rig.oidc import CLIENT, SECRET, GitHubLogin, Lies, OpenIdServer

pytestmark = pytest.mark.django_db
THERE = re.compile(r'http-equiv="refresh" content="0; url=([^"]+)"')
ALERT = re.compile(r'role="alert">.*?<span>(.*?)</span>', re.S)


@pytest.fixture
def server(settings: Settings) -> Iterator[OpenIdServer]:
    """A provider that the desk may reach."""
    with OpenIdServer() as running:
        settings.OUTBOUND_ALLOW = [urlsplit(running.url).netloc]
        yield running


@pytest.fixture
def provider(server: OpenIdServer) -> SignInProvider:
    """Whose people at example.com may join."""
    return SignInProvider.objects.create(
        kind="openid",
        key="acme",
        label="Acme",
        client_id=CLIENT,
        secret=SECRET,
        issuer=server.url,
        domains=["example.com"],
    )


def go(client: Client, key: str = "acme", **fields: str) -> str:
    """Press the button. Returns the provider's address that the browser is sent to."""
    page = client.post(f"/sign-in/{key}/", fields).content.decode()
    found = THERE.search(page)
    assert found is not None, page
    return unescape(found[1])


def come(client: Client, server: OpenIdServer, **fields: str) -> Any:
    """Press the button, say yes, come back."""
    return client.get(server.agree(go(client, **fields)))


def said(answer: Any) -> str:
    """Why somebody was refused."""
    found = ALERT.search(answer.content.decode())
    return unescape(found[1]) if found else ""


def test_a_proven_address_of_a_welcome_domain_joins(
    server: OpenIdServer, provider: SignInProvider
) -> None:
    browser = Client()
    assert come(browser, server).status_code == 302
    assert is_signed_in(browser)
    noor = User.objects.get(email="noor@example.com")
    assert (noor.display_name, noor.role, noor.has_usable_password()) == (
        "Noor Haddad",
        "light",
        False,
    )
    again = Client()
    server.person["email"] = "renamed@example.com"
    come(again, server)
    assert again.get("/account/").context["request"].user == noor
    assert User.objects.count() == 1


def test_its_secret_lies_encrypted_and_no_token_is_kept(
    server: OpenIdServer, provider: SignInProvider
) -> None:
    come(Client(), server)
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM inbox_signinprovider")
        assert SECRET not in cursor.fetchone()[0]
    assert not SocialToken.objects.exists()
    assert set(SocialAccount.objects.get().extra_data["userinfo"]) <= {
        "sub", "email", "email_verified", "name",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("lies", "why"),
    [
        (Lies(claims={"nonce": "of-another"}), "Its answer belongs to another sign-in."),
        (Lies(leaves_out=("nonce",)), "Its answer belongs to another sign-in."),
        (Lies(claims={"aud": "another"}), "Its answer was meant for another application."),
        (Lies(claims={"iss": "http://evil.example"}), "Its answer was made by somebody else."),
        (Lies(claims={"exp": 1_700_000_000}), "Its answer has expired. Start again."),
        (Lies(leaves_out=("exp",)), "Its answer lacks what proves who you are."),
        (Lies(signs_with_another_key=True), "Its answer is not signed by the provider."),
        (Lies(algorithm="none"), "Its answer cannot be verified."),
        (Lies(userinfo={"sub": "another"}), "Its answers are about two different people."),
        (Lies(userinfo={"email_verified": False}), "Acme has not proven your e-mail address."),
        (Lies(userinfo={"email_verified": "false"}), "Acme has not proven your e-mail address."),
        (Lies(userinfo={"email": "noor@example.org"}), "Nobody has invited noor@example.org."),
        (Lies(userinfo={"email": "noor@sub.example.com"}), "Nobody has invited noor@sub."),
    ],
)
def test_each_lie_is_refused_with_words(
    lies: Lies, why: str, server: OpenIdServer, provider: SignInProvider
) -> None:
    server.lies = lies
    browser = Client()
    answer = come(browser, server)
    assert (answer.status_code, said(answer)[: len(why)]) == (403, why)
    assert (is_signed_in(browser), User.objects.count()) == (False, 0)


def test_a_description_about_another_issuer_is_not_followed(
    server: OpenIdServer, provider: SignInProvider
) -> None:
    server.lies = Lies(discovery={"issuer": "http://evil.example"})
    answer = Client().post("/sign-in/acme/")
    assert (answer.status_code, said(answer)) == (
        503,
        "Its description is about another provider.",
    )


def test_an_answer_nobody_asked_for_is_refused(
    server: OpenIdServer, provider: SignInProvider
) -> None:
    """Signing somebody in to another's account (login CSRF): the state is of one browser, once."""
    mine, victim = Client(), Client()
    back = server.agree(go(mine))
    for client, url in ((victim, back), (mine, back.replace("state=", "state=x"))):
        answer = client.get(url)
        assert answer.status_code == 403
        assert "did not begin in this browser" in said(answer)
        assert not is_signed_in(client)
    assert mine.get(back).status_code == 302
    assert "did not begin in this browser" in said(mine.get(back))


def test_an_account_is_never_taken_over_by_its_address(
    server: OpenIdServer, provider: SignInProvider
) -> None:
    noor = with_password("noor")
    browser = Client()
    answer = come(browser, server)
    assert "Sign in to it with your password" in said(answer)
    assert (is_signed_in(browser), SocialAccount.objects.count()) == (False, 0)
    own = sign_in("noor")
    assert come(own, server, connect="1")["Location"] == "/account/"
    assert SocialAccount.objects.get().user == noor
    come(browser, server)
    assert browser.get("/account/").context["request"].user == noor


def test_what_is_connected_to_one_is_not_connected_to_another(
    server: OpenIdServer, provider: SignInProvider
) -> None:
    come(Client(), server)
    with_password("ilse")
    ilse = sign_in("ilse")
    come(ilse, server, connect="1")
    assert SocialAccount.objects.get().user.username == "noor"


def test_deactivated_people_do_not_come_in_by_a_provider(
    server: OpenIdServer, provider: SignInProvider
) -> None:
    come(Client(), server)
    User.objects.update(is_active=False)
    browser = Client()
    come(browser, server)
    assert not is_signed_in(browser)


def test_an_invite_is_answered_with_a_provider(
    server: OpenIdServer,
    provider: SignInProvider,
    desk: Client,
    newest_link: Callable[[str], str],
) -> None:
    SignInProvider.objects.update(domains=[])
    desk.post("/team/invite/", {"email": "noor@example.com", "role": "agent"})
    token = newest_link("noor@example.com").split("/")[2]
    server.lies = Lies(userinfo={"email": "other@example.com"})
    stranger = Client()
    answer = come(stranger, server, invite=token)
    assert said(answer) == (
        "The invite is for noor@example.com; Acme says that you are other@example.com."
    )
    server.lies = Lies(userinfo={"email_verified": False})
    assert "has not proven" in said(come(stranger, server, invite=token))
    server.lies = Lies()
    browser = Client()
    come(browser, server, invite=token)
    assert is_signed_in(browser)
    assert User.objects.get(email="noor@example.com").role == "agent"
    assert Client().get(f"/invite/{token}/").status_code == 410


def test_the_only_way_in_is_not_disconnected(
    server: OpenIdServer, provider: SignInProvider
) -> None:
    browser = Client()
    come(browser, server)
    row = SocialAccount.objects.get()
    url = f"/account/connected/{row.pk}/end/"
    assert "your only way in" in browser.post(url, follow=True).content.decode()
    other = Client()
    other.force_login(agent("ilse"))
    assert other.post(url).status_code == 404
    row.user.set_password(PASSWORD)
    row.user.save()
    own = sign_in("noor")
    own.post(url)
    assert not SocialAccount.objects.exists()


def test_a_provider_on_a_private_address_is_not_asked(
    server: OpenIdServer, provider: SignInProvider, settings: Settings
) -> None:
    settings.OUTBOUND_ALLOW = []
    answer = Client().post("/sign-in/acme/")
    assert (answer.status_code, server.calls) == (503, [])


def test_one_that_is_off_or_unknown_is_not_there(
    server: OpenIdServer, provider: SignInProvider
) -> None:
    back = server.agree(go(Client()))
    SignInProvider.objects.update(enabled=False)
    page = Client().get("/login/").content.decode()
    assert "Acme" not in page
    for key in ("acme", "nobody", "openid_connect"):
        assert Client().post(f"/sign-in/{key}/").status_code == 404
    assert Client().get(back).status_code == 404


def test_github_proves_addresses_too(settings: Settings) -> None:
    with GitHubLogin() as hub:
        settings.OUTBOUND_ALLOW = [urlsplit(hub.url).netloc]
        SignInProvider.objects.create(
            kind="github",
            key="github",
            label="GitHub",
            client_id=CLIENT,
            secret=SECRET,
            issuer=hub.url,
            domains=["example.com"],
            role="agent",
        )
        browser = Client()
        there = urlsplit(go(browser, "github"))
        asked = parse_qs(there.query)
        assert f"{there.scheme}://{there.netloc}{there.path}" == f"{hub.url}/login/oauth/authorize"
        assert asked["scope"] == ["user:email"]
        back = "/sign-in/github/back/?" + urlencode({"code": "c", "state": asked["state"][0]})
        browser.get(back)
        assert is_signed_in(browser)
        noor = User.objects.get()
        assert (noor.email, noor.role) == ("noor@example.com", "agent")
        hub.emails = [{"email": "mira@example.com", "primary": True, "verified": False}]
        SocialAccount.objects.all().delete()
        noor.last_login = timezone.now()
        stranger = Client()
        asked = parse_qs(urlsplit(go(stranger, "github")).query)
        back = "/sign-in/github/back/?" + urlencode({"code": "c", "state": asked["state"][0]})
        assert "has not proven" in said(stranger.get(back))
