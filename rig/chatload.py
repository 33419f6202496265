"""Open widgets and open desks, as browsers drive them: resumed streams, words sent until taken."""

import asyncio
import json
import random
import re
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from rig.wire import Answer, Line, Pair, Refused

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
LAST_SEEN = re.compile(r'name="last_seen_message" value="(\d*)"')
CALM_SECONDS, REST, MOST_REST_SECONDS = 1.5, 10, 30  # `data-calm` of the queue, and desk.js
RETRY_SECONDS = 3  # what the desk's stream asks for
DICE = random.Random(11)  # noqa: S311 - spreads pages over time, keeps no secret


@dataclass
class Word:
    """Something said: when it was first sent, and whether it was taken."""

    key: str
    begun: float
    taken: bool = False


@dataclass
class Widget:
    """One visitor's page. `shown` is what came on the stream, in its order, with the moment."""

    key: str
    pair: Pair
    number: int
    token: str = ""
    last: int = 0
    failures: int = 0
    resumed: int = 0
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    shown: list[tuple[dict[str, Any], float]] = field(default_factory=list)
    said: list[Word] = field(default_factory=list)
    waiting: "asyncio.Queue[str]" = field(default_factory=asyncio.Queue)

    async def call(self, method: str, verb: str, data: object = None) -> Answer:
        """One call, on a connection of its own: visitors write once a minute. Raises OSError."""
        line = await self.pair.connect()
        try:
            body = b"" if data is None else json.dumps(data).encode()
            headers = {**self.headers(line), "Content-Type": "application/json"}
            async with asyncio.timeout(20):
                return await line.call(method, f"/chat/{self.key}/{verb}", headers, body)
        finally:
            line.close()

    def headers(self, line: Line) -> dict[str, str]:
        """Who asks: our own frame, from the visitor's own address."""
        high, low = divmod(self.number, 250)
        found = {"Origin": f"http://127.0.0.1:{line.port}"}
        found["X-Forwarded-For"] = f"10.1.{high}.{low + 1}"  # the server trusts loopback's word
        return found | ({"Authorization": f"Bearer {self.token}"} if self.token else {})

    async def begin(self) -> None:
        """A session. Raises OSError."""
        answer = await self.call("POST", "sessions/", {"page": "https://docs.example.com/start"})
        if answer.status != 200:
            raise OSError(f"sessions {answer.status}")
        self.token = json.loads(answer.body)["token"]

    async def live(self) -> None:
        """Stay on the stream; where it fails again and again, ask now and then."""
        while True:
            try:
                if not self.token:
                    await self.begin()
                if self.failures > 3:
                    await self.poll()
                await self.listen()
            except OSError:
                self.failures += 1
            often = 0.3 + DICE.random() * 0.7 * max(self.failures, 1)
            await asyncio.sleep(RETRY_SECONDS if self.failures > 3 else often)

    async def listen(self) -> None:
        """One stream until it ends. Raises OSError."""
        line = await self.pair.connect()
        try:
            headers = {**self.headers(line), "Last-Event-ID": str(self.last)}
            status, _ = await line.send("GET", f"/chat/{self.key}/stream/", headers)
            if status != 200:
                raise OSError(f"stream {status}")
            self.failures, self.resumed = 0, self.resumed + 1
            self.opened.set()
            async for event in line.events():
                if event.id:
                    self.take(json.loads(event.data), event.at)
        finally:
            line.close()

    async def poll(self) -> None:
        """Ask for what is new. Raises OSError."""
        answer = await self.call("GET", f"messages/?after={self.last}")
        if answer.status != 200:
            raise OSError(f"messages {answer.status}")
        for entry in json.loads(answer.body)["results"]:
            self.take(entry, time.monotonic())

    def take(self, entry: dict[str, Any], at: float) -> None:
        """Keep everything that came, also what a page would see as known: doubles are counted."""
        self.last = max(self.last, entry["id"])
        self.shown.append((entry, at))

    async def write(self) -> None:
        """Send what waits, one after the other, each until it is taken."""
        while True:
            key = await self.waiting.get()
            word = Word(key, time.monotonic())
            self.said.append(word)
            while not word.taken:
                word.taken, pause = await self.offer(key)
                await asyncio.sleep(pause)

    async def offer(self, key: str) -> tuple[bool, float]:
        """Send one line: whether it was taken, and how long to wait."""
        try:
            answer = await self.call("POST", "messages/", {"client_id": key, "body": f"line {key}"})
        except OSError:
            return False, 2
        if answer.status == 429:
            return False, float(answer.headers.get("retry-after", "5"))
        return answer.status in (200, 201), 0 if answer.status < 300 else 2


@dataclass
class Desk:
    """Somebody of the team with the queue open. `heard` is by ticket: (event id, moment)."""

    pair: Pair
    number: int
    cookie: str
    csrf: str = ""
    last: str = ""
    begun: float = 0
    heard: dict[int, list[tuple[int, float]]] = field(default_factory=dict)
    asked: "deque[int]" = field(default_factory=lambda: deque(maxlen=20))
    reloads: list[float] = field(default_factory=list)
    answers: list[tuple[int, Word]] = field(default_factory=list)
    pages: list[float] = field(default_factory=list)
    refused: int = 0
    resumed: int = 0
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def live(self) -> None:
        """Stay on the stream as a browser's EventSource does."""
        while True:
            with suppress(OSError, Refused):
                await self.listen()
            await asyncio.sleep(RETRY_SECONDS)

    async def listen(self) -> None:
        """One stream until it ends. Raises OSError, Refused."""
        line = await self.pair.connect()
        try:
            headers = {"Cookie": self.cookie, **({"Last-Event-ID": self.last} if self.last else {})}
            status, _ = await line.send("GET", "/live/?after=0", headers)
            if status != 200:
                self.last = ""  # a page's script opens another source then
                raise Refused(status)
            self.resumed += 1
            self.begun = self.begun or time.monotonic()
            self.opened.set()
            async for event in line.events():
                self.take(event.id, event.name, event.data, event.at)
        finally:
            line.close()

    def take(self, event_id: str, name: str, data: str, at: float) -> None:
        """A ticket has changed, or everything may have."""
        self.last = event_id or self.last
        if name == "queue":
            self.changed.set()
            if data == "reload":
                self.reloads.append(at)
        elif name.startswith("ticket-"):
            ticket = int(name.partition("-")[2])
            self.heard.setdefault(ticket, []).append((int(event_id), at))
            if "message_in" in data:
                self.asked.append(ticket)

    async def look(self) -> None:
        """Fetch the queue's fragment when something has changed, at most as often as the page."""
        while True:
            with suppress(OSError):
                await self.look_by(await self.pair.connect())
            self.changed.set()
            await asyncio.sleep(CALM_SECONDS)

    async def look_by(self, line: Line) -> None:
        """The same on one connection, until it breaks. Raises OSError."""
        headers = {"Cookie": self.cookie, "HX-Request": "true", "HX-Target": "queue"}
        try:
            while True:
                await self.changed.wait()
                self.changed.clear()
                begun = time.monotonic()
                async with asyncio.timeout(20):
                    answer = await line.call("GET", "/queue/", headers)
                self.refused += answer.status != 200
                took = time.monotonic() - begun
                self.pages.append(took)
                rest = min(took * REST, MOST_REST_SECONDS)
                await asyncio.sleep(max(CALM_SECONDS, rest) - took)
        finally:
            line.close()

    async def answer(self, ticket: int, text: str) -> None:
        """Open the ticket, write, send; after a failure look whether it was taken."""
        path = f"/tickets/{ticket}/"
        word = Word(text, 0)
        page = await self.page("GET", path)
        while True:
            fields = {"body": text, "mode": "reply", "then": "none", **self.hidden(page)}
            word.begun = word.begun or time.monotonic()
            try:
                page = await self.ask("POST", f"{path}reply/", urlencode(fields).encode())
            except OSError:
                page = await self.page("GET", path)
                if text in page.body.decode():
                    break
                continue
            if page.status == 302:
                break
            if page.status != 409:  # 409: a newer message has come, which is now on the page
                await asyncio.sleep(1)
                page = await self.page("GET", path)
        word.taken = True
        self.answers.append((ticket, word))

    def hidden(self, page: Answer) -> dict[str, str]:
        """The form's own fields."""
        text = page.body.decode()
        token, seen = TOKEN.search(text), LAST_SEEN.search(text)
        assert token is not None, f"no form: {page.status} {text[:200]}"
        assert seen is not None
        return {"csrfmiddlewaretoken": token[1], "last_seen_message": seen[1]}

    async def page(self, method: str, path: str) -> Answer:
        """Ask until there is an answer."""
        while True:
            with suppress(OSError):
                answer = await self.ask(method, path)
                if answer.status == 200:
                    return answer
            await asyncio.sleep(1)

    async def ask(self, method: str, path: str, body: bytes = b"") -> Answer:
        """One request of the signed-in person. Raises OSError."""
        line = await self.pair.connect()
        try:
            cookie = self.cookie + (f"; csrftoken={self.csrf}" if self.csrf else "")
            kind = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
            headers = {"Cookie": cookie, "Origin": f"http://127.0.0.1:{line.port}", **kind}
            async with asyncio.timeout(20):
                answer = await line.call(method, quote(path), headers, body)
            for row in answer.headers.get("set-cookie", "").split("\n"):
                name, _, value = row.partition(";")[0].partition("=")
                self.csrf = value if name == "csrftoken" else self.csrf
            return answer
        finally:
            line.close()


@dataclass
class Load:
    """Everybody together, at a steady rate drawn from a seed."""

    widgets: list[Widget]
    desks: list[Desk]
    dice: random.Random
    tasks: "set[asyncio.Task[None]]" = field(default_factory=set)
    answering: "set[asyncio.Task[None]]" = field(default_factory=set)
    said: int = 0

    async def open(self, per_second: float = 40) -> None:
        """Open every page, one after the other, and wait until all are on their streams."""
        for page in self.pages():
            self.start(page.live())
            await asyncio.sleep(1 / per_second)
        for one in self.widgets:
            self.start(one.write())
        async with asyncio.timeout(120):
            for page in self.pages():
                await page.opened.wait()

    def pages(self) -> "list[Widget | Desk]":
        """Every page."""
        return [*self.desks, *self.widgets]

    async def talk(self, seconds: float, *, lines_per_second: float, every: int) -> None:
        """Visitors write at a rate, some several lines at once; every n-th line is answered."""
        for desk in self.desks:
            self.start(desk.look())
        end, count = time.monotonic() + seconds, 0
        while (now := time.monotonic()) < end:
            widget = self.dice.choice(self.widgets)
            lines = 3 if self.dice.random() < 0.1 else 1
            for _ in range(lines):
                count += 1
                widget.waiting.put_nowait(f"{widget.number:04d}-{count:06d}")
                if count % every == 0:
                    self.ask_for_answer(count)
            await asyncio.sleep(max(0, now + lines / lines_per_second - time.monotonic()))
        self.said = count

    def ask_for_answer(self, count: int) -> None:
        """Somebody who has heard of a question answers it."""
        desk = self.dice.choice(self.desks)
        if desk.asked:
            task = asyncio.create_task(desk.answer(desk.asked.pop(), f"answer {count:06d}"))
            self.answering.add(task)

    async def settle(self, seconds: float) -> bool:
        """Wait until everything has arrived; False when for so long nothing more arrives."""
        before, since = -1, time.monotonic()
        while (missing := self.missing()) and time.monotonic() - since < seconds:
            if missing != before:
                before, since = missing, time.monotonic()
            await asyncio.sleep(1)
        return missing == 0

    def missing(self) -> int:
        """How many words have not come to their visitor yet."""
        count = sum(not task.done() for task in self.answering)
        shown = {entry.get("text", "") for one in self.widgets for entry, _ in one.shown}
        for widget in self.widgets:
            mine = {entry.get("client_id", "") for entry, _ in widget.shown}
            count += widget.waiting.qsize() + sum(word.key not in mine for word in widget.said)
        answers = [word.key for desk in self.desks for _, word in desk.answers]
        return count + sum(key not in shown for key in answers)

    async def close(self) -> None:
        """Close every page."""
        for task in [*self.tasks, *self.answering]:
            task.cancel()
        await asyncio.gather(*self.tasks, *self.answering, return_exceptions=True)
        await asyncio.sleep(0.2)  # until every socket is closed

    def start(self, work: Any) -> None:
        """A page's own task, for as long as the page is open."""
        self.tasks.add(asyncio.create_task(work))
