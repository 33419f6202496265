"""A developer community's talk, made up from a seed: questions, answers, error lines.

The fifty tickets that are searched for stand in `search_targets.txt`, written by hand; the talk
around them is about the same products, symptoms and places, so that no word gives one away.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

SEED = 20261121
TARGETS = Path(__file__).with_name("search_targets.txt")
PLACES = """
Postgres, MySQL, Snowflake, BigQuery, Redshift, HubSpot, Salesforce, Stripe, Slack, GitHub,
Kafka, MongoDB, Zendesk, Airtable, Google Sheets, Oracle, SQL Server, Elasticsearch, Azure, S3,
FTP, Excel, CSV, Parquet, Shopify, Jira, Notion, Intercom, ClickHouse, DuckDB, Databricks,
Mixpanel, Segment, Klaviyo, NetSuite, Xero, Twilio, SendGrid, Asana, Linear, Firebase, DynamoDB"""
THINGS = """
source, target, connector, tap, loader, stream, schedule, run, pipeline, transform, plugin,
dashboard, worker, scheduler, state file, log, alert, webhook, token, workspace, chart,
container, token refresh, incremental key, primary key, batch, schema, column, mapping,
environment variable"""
SYMPTOMS = """
fails with a timeout; is much slower than last week; stops after a few minutes; returns an empty
result; shows the wrong time zone; writes every row twice; ignores the filter; loses the last
record; never finishes; uses all the memory; starts twice; says permission denied; cannot
connect; reports invalid credentials; skips deleted rows; drops a column; complains about the
schema; hangs at 99 percent; is killed by the kernel; does not retry; cannot parse the date;
rejects null values; needs a full reload each time; prints a warning about deprecation; crashes
on start; returns 403; returns 502; exceeds the rate limit; truncates long text; mixes up the
encoding; misses new fields"""
CONTEXTS = """
since we upgraded to 2.{n}; on Kubernetes with {n} replicas; in docker compose; behind a proxy;
on a machine with {n} GB of memory; with about {n} million rows; only at night; only for one
customer; after we renamed the workspace; when the run is started by hand; when two pipelines
run at once; in the staging environment; on Windows; with the free plan; after a password
change; with a read replica; over a VPN; since Monday; in the cloud version; with version {n} of
the connector"""
ASKS = """
Is this a known bug?; What are we doing wrong?; Is there a workaround?; Where can I set that?;
How do others do this?; Any idea?; Could somebody point me to the docs?; Should I open an
issue?; Thanks for any hint.; We go live next week, so this is urgent.; It worked before."""
ANSWERS = """
Please check the settings of the {thing}, there is an option for it.; This was fixed in 2.{n},
an upgrade should do.; Raise the limit to {n} and try again.; The {place} documentation says
that this needs another permission.; Turn on debug logging and send us the output.; Set the
batch size to {n} and run it once more.; That is a limit of {place}, we cannot change it.;
Remove the state and start a full reload.; You need a second {thing} for that.; A restart of the
{thing} helps until the fix is released.; Could you try it without the proxy?; Use the newest
{thing}, it handles {place} better."""
FOLLOWS = """
That helped, thank you.; Still the same here.; It works now after a restart.; I will try that
tomorrow.; Same problem at our company.; Here is what we see in the log:; We solved it with a
second {thing}.; Is there a date for the release?; Closing this, it was our firewall."""
ERRORS = """
psycopg.OperationalError: server at "10.0.{n}.7", port 5432 failed: timeout expired
TypeError: Cannot read properties of undefined (reading 'field_{n}')
java.lang.OutOfMemoryError: Java heap space
panic: runtime error: index out of range [{n}] with length 3
ERROR: relation "orders_{n}" does not exist
requests.exceptions.HTTPError: 429 Client Error: for url: https://api.example.com/{n}
Error: connect ECONNREFUSED 127.0.0.1:{n}432
KeyError: 'updated_at'
HTTP/1.1 502 Bad Gateway"""
NAMES = """
Ana Ben Chloe Dario Esra Femi Greta Hana Ivo Jun Kezia Luca Mirela Noor Oskar Priya Quill Rosa
Sven Tariq Uma Vera Wen Ximena Yusuf Zoe"""


@dataclass(frozen=True)
class Target:
    """A ticket that must be found, by its own words and by somebody else's."""

    subject: str
    question: str
    answer: str
    exact: str
    paraphrase: str


def targets() -> list[Target]:
    """The fifty, in their order: even ones for tuning, odd ones held out."""
    blocks = TARGETS.read_text("utf-8").strip().split("\n\n")
    return [Target(*(line.partition(": ")[2] for line in block.splitlines())) for block in blocks]


def _choices(text: str, mark: str) -> list[str]:
    return [" ".join(part.split()) for part in text.split(mark) if part.strip()]


class Talk:
    """Tickets of a made-up community, one like the other and none the same."""

    def __init__(self, seed: int = SEED) -> None:
        self.random = Random(seed)  # noqa: S311 - the same talk each time, nothing secret
        self.places, self.things = _choices(PLACES, ","), _choices(THINGS, ",")
        self.symptoms, self.contexts = _choices(SYMPTOMS, ";"), _choices(CONTEXTS, ";")
        self.asks, self.answers = _choices(ASKS, ";"), _choices(ANSWERS, ";")
        self.follows, self.errors = _choices(FOLLOWS, ";"), ERRORS.strip().splitlines()
        self.names = NAMES.split()

    def ticket(self) -> tuple[str, list[str]]:
        """A subject and the messages of one ticket, the question first."""
        pick = self.random.choice
        place, thing, symptom = pick(self.places), pick(self.things), pick(self.symptoms)
        question = [
            f"Hi all, our {place} {thing} {symptom} {self._fill(pick(self.contexts))}.",
            f"The {pick(self.things)} {pick(self.symptoms)} as well.",
            pick(self.asks),
        ]
        if self.random.random() < 0.3:
            question.append(self._fill(pick(self.errors)))
        more = [self._more() for _ in range(self.random.randint(1, 6))]
        return f"{place} {thing} {symptom}", ["\n".join(question), *more]

    def tickets(self, messages: int) -> Iterator[tuple[str, list[str]]]:
        """Tickets with so many messages together, or a few more."""
        made = 0
        while made < messages:
            found = self.ticket()
            made += len(found[1])
            yield found

    def name(self) -> str:
        """Somebody."""
        return f"{self.random.choice(self.names)} {self.random.choice(self.names)}son"

    def _more(self) -> str:
        pick = self.random.choice
        said = [self._fill(pick(self.answers if self.random.random() < 0.6 else self.follows))]
        if self.random.random() < 0.5:
            said.append(f"We had that with {pick(self.places)} {self._fill(pick(self.contexts))}.")
        if self.random.random() < 0.1:
            said.append(self._fill(pick(self.errors)))
        return " ".join(said[:2]) + ("\n" + said[2] if len(said) > 2 else "")

    def _fill(self, text: str) -> str:
        pick = self.random.choice
        n = self.random.randint(2, 900)
        return text.format(n=n, thing=pick(self.things), place=pick(self.places))
