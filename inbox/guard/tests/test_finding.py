"""Secrets in text: what is found, what is left alone, what is masked."""

import random
import string
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.guard.finding import ADVICE, LABELS, LIMIT, Span, find, masked
from inbox.guard.finding.assignments import NAMES
from inbox.guard.finding.shapes import SHAPES

UPPER, LOWER, DIGITS = string.ascii_uppercase, string.ascii_lowercase, string.digits
ALNUM, HEX = UPPER + LOWER + DIGITS, "0123456789abcdef"


def drawn(letters: str, size: int) -> str:
    """Chance, the same on every run: nothing that looks like a credential lies in this file."""
    rng = random.Random(f"{letters}{size}")
    must = "aB3" if set("aB3") <= set(letters) else "a3" if set("a3") <= set(letters) else ""
    return must + "".join(rng.choices(letters, k=size - len(must)))


WEB_TOKEN = ".".join(["eyJ" + drawn(ALNUM, 20), "eyJ" + drawn(ALNUM, 40), drawn(ALNUM, 43)])
FENCE = "-----{} RSA PRIVATE" + " KEY-----"
PRIVATE_KEY = "\n".join([FENCE.format("BEGIN"), drawn(ALNUM, 64), FENCE.format("END")])

# kind, the secret by itself
BY_SHAPE: Final = [
    ("aws_access_key", "AKIA" + drawn(UPPER + DIGITS, 16)),
    ("alibaba_key", "LTAI" + drawn(ALNUM, 20)),
    ("anthropic_key", "sk-ant-" + "api03-" + drawn(ALNUM, 93)),
    ("artifactory_key", "AKCp" + drawn(ALNUM, 69)),
    ("atlassian_token", "ATATT3" + drawn(ALNUM, 186)),
    ("azure_secret", drawn(ALNUM, 3) + "8" + "Q~" + drawn(ALNUM, 34)),
    ("databricks_token", "dapi" + drawn(HEX, 32)),
    ("digitalocean_token", "dop_v1_" + drawn(HEX, 64)),
    ("discord_token", "M" + drawn(ALNUM, 23) + "." + drawn(ALNUM, 6) + "." + drawn(ALNUM, 27)),
    ("docker_token", "dckr_pat_" + drawn(ALNUM, 27)),
    ("github_token", "ghp_" + drawn(ALNUM, 36)),
    ("github_token", "github_pat_" + drawn(ALNUM, 22) + "_" + drawn(ALNUM, 59)),
    ("gitlab_token", "glpat-" + drawn(ALNUM, 20)),
    ("google_api_key", "AIza" + drawn(ALNUM, 35)),
    ("google_oauth", "GOCSPX-" + drawn(ALNUM, 28)),
    ("grafana_token", "glsa_" + drawn(ALNUM, 32) + "_" + drawn(HEX, 8)),
    ("groq_key", "gsk_" + drawn(ALNUM, 52)),
    ("hashicorp_token", "hvs." + drawn(ALNUM, 90)),
    ("huggingface_token", "hf_" + drawn(UPPER + LOWER, 34)),
    ("jwt", WEB_TOKEN),
    ("linear_key", "lin_api_" + drawn(ALNUM, 40)),
    ("mailchimp_key", drawn(HEX, 32) + "-us12"),
    ("mailgun_key", "key-" + drawn(HEX, 32)),
    ("notion_token", "ntn_" + drawn(DIGITS, 11) + drawn(ALNUM, 35)),
    ("npm_token", "npm_" + drawn(ALNUM, 36)),
    ("openai_key", "sk-" + "proj-" + drawn(ALNUM, 48)),
    ("openai_key", "sk-" + drawn(ALNUM, 48)),
    ("postman_key", "PMAK-" + drawn(HEX, 24) + "-" + drawn(HEX, 34)),
    ("private_key", PRIVATE_KEY),
    ("pypi_token", "pypi-AgE" + drawn(ALNUM, 120)),
    ("rubygems_key", "rubygems_" + drawn(HEX, 48)),
    ("sendgrid_key", "SG." + drawn(ALNUM, 22) + "." + drawn(ALNUM, 43)),
    ("sentry_token", "sntryu_" + drawn(HEX, 64)),
    ("shopify_token", "shpat_" + drawn(HEX, 32)),
    ("slack_token", "xoxb" + "-123456789012-" + drawn(DIGITS, 12) + "-" + drawn(ALNUM, 24)),
    ("square_token", "sq0csp-" + drawn(ALNUM, 43)),
    ("stripe_key", "sk_" + "live_" + drawn(ALNUM, 24)),
    ("telegram_token", "1234567890" + ":AA" + drawn(ALNUM, 33)),
    ("twilio_key", "SK" + drawn(HEX, 32)),
    ("vendor_token", "figd_" + drawn(ALNUM, 40)),
]

# kind, text, the secret in it
BY_WORDS: Final = [
    (kind, text.replace("@@", secret), secret)
    for kind, text, secret in (
        ("password_assignment", "password: @@", "hunter" + "2!x"),
        ("password_assignment", "id:ada pw:@@", drawn(ALNUM, 9)),
        ("password_assignment", "DB_PASS=@@;Server=db", drawn(ALNUM, 12)),
        ("password_assignment", "mein Passwort ist: **Passwort:** @@.", drawn(ALNUM, 12)),
        ("password_assignment", "the password for ada is @@", drawn(ALNUM, 12)),
        ("password_assignment", "비밀번호: @@", drawn(ALNUM, 10)),
        ("password_assignment", "CREATE USER ada IDENTIFIED BY '@@';", drawn(ALNUM, 12)),
        ("password_assignment", "curl -u ada:@@ https://example.com", drawn(ALNUM, 12)),
        ("password_assignment", 'ask(\\"password\\": \\"@@\\")', drawn(ALNUM, 12)),
        ("secret_assignment", "client_secret = '@@'", drawn(ALNUM, 32)),
        ("secret_assignment", "run --client-secret @@ now", drawn(ALNUM, 32)),
        ("token_assignment", '{"access_token":"@@","n":1}', drawn(HEX, 32)),
        ("token_assignment", "https://example.com/?token=@@&page=2", drawn(ALNUM, 20)),
        ("token_assignment", 'get("api_token", "@@")', drawn(ALNUM, 20)),
        ("token_assignment", "PHPSESSID=@@; x=1", drawn(ALNUM, 26)),
        ("key_assignment", "api key: @@", drawn(ALNUM, 20)),
        ("key_assignment", "X-Api-Key: @@", drawn(ALNUM, 20)),
        ("key_assignment", "AWS_SECRET_ACCESS_KEY=@@", drawn(ALNUM + "/+", 40)),
        ("authorization_header", "Authorization: Bearer @@", drawn(ALNUM, 40)),
        ("authorization_header", '{"name":"Authorization","value":"Basic @@"}', drawn(ALNUM, 24)),
        ("session_cookie", 'Cookie: "@@"', "a=1; sid=" + drawn(ALNUM, 32)),
        ("basic_auth_url", "postgres://ada:@@@db.example.com/x", drawn(ALNUM, 12)),
        ("azure_secret", "AccountName=a;AccountKey=@@==;", drawn(ALNUM, 86)),
        ("slack_webhook", "https://hooks.slack.com/services/@@", "T0123ABCD/B0123ABCD/x1y2z3w4v5"),
        ("high_entropy", "here is the token that I use, @@ and it fails", drawn(ALNUM, 40)),
    )
]

LEFT_ALONE: Final = [
    "I forgot my password, the password is incorrect",
    "password: ********",
    "password = os.environ['DB_PASSWORD1']",
    "password: process.env.DB_PASSWORD1",
    "PASSWORD=${DB_PASSWORD1}",
    "api_key: <your-api-key-1234>",
    "token: YOUR_TOKEN_12345",
    "token=xxxxxxxxxxxx1234",
    "token: ${{ secrets.GITHUB_TOKEN2 }}",
    "key: {{ .Values.apiKey1 }}",
    "ssl_key=/etc/ssl/private/site1.key",
    "private_key_file: id_rsa2.pem",
    "api_key = load_key1(path)",
    "password_reset_url: example.org/reset/a1b2c3",
    "alert_key: c24117fc42e44b44b4d6876190583378",
    "csrf_token: " + drawn(ALNUM, 32),
    "token expires 2026-11-22",
    "compass: a1b2c3d4",
    "keyboard: qwerty123456",
    "fixed in 3f786850e387550fdab836ed7e6dc881de23001b",
    "order 550e8400-e29b-41d4-a716-446655440000 is late",
    "postgres://postgres:postgres@localhost/db",
    "curl -u user:pass https://example.com",
    "ghp_" + "x" * 36,
    "AKIA" + "X" * 16,
    FENCE.format("BEGIN") + "\n...\n" + FENCE.format("END"),
    "see https://example.com/a/b?page=2#key-features-of-version-2",
]


@pytest.mark.parametrize(("kind", "secret"), BY_SHAPE, ids=[f"{k}-{s[:4]}" for k, s in BY_SHAPE])
def test_a_vendors_mark_is_known_anywhere(kind: str, secret: str) -> None:
    for before, after in (("", ""), ("It is ", ", why?"), ('{"a": "', '"}'), ("line\\n", "\\n")):
        start = len(before)
        assert find(before + secret + after) == (Span(start, start + len(secret), kind),)


@pytest.mark.parametrize(("kind", "text", "secret"), BY_WORDS, ids=[t[:24] for _, t, _ in BY_WORDS])
def test_the_words_before_it_tell(kind: str, text: str, secret: str) -> None:
    spans = find(text)
    assert [span.kind for span in spans] == [kind]
    assert text[spans[0].start : spans[0].end].rstrip("=") == secret


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_what_only_stands_for_a_secret_is_left_alone(text: str) -> None:
    assert find(text) == ()


def test_a_secret_is_replaced_by_its_name() -> None:
    text = f"It fails with {dict(BY_SHAPE)['npm_token']}, why?"
    assert masked(text, find(text)) == "It fails with [secret removed: npm token], why?"


def test_a_key_that_was_cut_off_is_one() -> None:
    text = f"{FENCE.format('BEGIN')}\n{drawn(ALNUM, 64)}\n{drawn(ALNUM, 20)}\n\nwhat now?"
    assert masked(text, find(text)) == "[secret removed: private key]\n\nwhat now?"


def test_the_vendors_name_wins_over_the_assignments() -> None:
    token = "glpat-" + drawn(ALNUM, 20)
    assert find(f"token = {token}") == (Span(8, 8 + len(token), "gitlab_token"),)


def test_letters_that_grow_in_lower_case_move_nothing() -> None:
    assert find("İİİ password: a1b2c3d4") == (Span(14, 22, "password_assignment"),)


def test_behind_the_limit_nothing_is_looked_at() -> None:
    assert find(" " * LIMIT + "password: a1b2c3d4") == ()


def test_every_kind_has_a_word_and_an_advice() -> None:
    assert LABELS.keys() == ADVICE.keys()
    used = {shape.kind for shape in SHAPES} | {name.kind for name in NAMES}
    assert used | {"private_key", "high_entropy"} <= LABELS.keys()
    assert all(LABELS.values())
    assert all(advice.endswith((".", "/")) or "https://" in advice for advice in ADVICE.values())


SECRETS: Final = [secret for _, secret in BY_SHAPE] + [text for _, text, _ in BY_WORDS]
pieces = st.one_of(
    st.text(max_size=30), st.sampled_from(SECRETS), st.sampled_from([s[:9] for s in SECRETS])
)


@given(st.lists(pieces, max_size=8).map("".join))
def test_spans_are_in_order_inside_the_text_and_never_overlap(text: str) -> None:
    done = 0
    for span in find(text):
        assert done <= span.start < span.end <= len(text)
        done = span.end


@given(st.text(max_size=40), st.sampled_from(SECRETS[: len(BY_SHAPE)]), st.text(max_size=40))
def test_nothing_of_it_is_left(before: str, secret: str, after: str) -> None:
    text = f"{before} {secret} {after}"
    assert secret not in masked(text, find(text))
