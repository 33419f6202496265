"""Error lines and stack traces, made comparable: what differs from run to run is taken out. Pure.

Every line is cut to a fixed length before a pattern sees it, and every pattern walks a line once,
so the time grows with the text and not faster.
"""

import hashlib
import re
from dataclasses import dataclass

LONGEST_TEXT = 100_000
LONGEST_LINE = 500
MOST_LINES = 3_000
MOST_FOUND = 5
LONGEST_NORMAL = 200

CLASS = r"(?:[A-Za-z_][\w.$]{0,80}\.)?[A-Z]\w{0,60}(?:Error|Exception|Fault|Panic|Interrupt|Exit)"
# (language, pattern); the first that fits names the line. `said` is what is compared.
MARKS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("ruby", re.compile(r"\.rb:\d+:in .{1,80}?: (?P<said>.{3,300}\([A-Z]\w{2,60}\))")),
    ("rust", re.compile(r"(?P<said>error\[E\d{4}\]: .{3,300})")),
    ("rust", re.compile(r"panicked at '(?P<said>[^']{3,300})'")),
    ("go", re.compile(r"(?P<said>(?:panic|fatal error): .{3,300}?)(?: \[recovered\])?$")),
    ("sql", re.compile(r"(?P<said>SQLSTATE\[\w{1,6}\].{0,300})")),
    ("sql", re.compile(r"(?P<said>ERROR \d{4} \(\w{5}\).{0,10}: .{3,300})")),
    ("sql", re.compile(r"(?P<said>ORA-\d{5}: .{3,300})")),
    ("sql", re.compile(r"(?P<said>(?:ERROR|FATAL|PANIC): {1,3}.{3,300})")),
    ("docker", re.compile(r"(?P<said>Error response from daemon: .{3,300})")),
    ("docker", re.compile(r"(?P<said>failed to (?:solve|create|pull|start) .{3,300})")),
    (
        "kubernetes",
        re.compile(
            r"\b(?P<said>CrashLoopBackOff|ImagePullBackOff|ErrImagePull|OOMKilled|Evicted"
            r"|CreateContainerConfigError|FailedScheduling|FailedMount)\b"
        ),
    ),
    ("process", re.compile(r"(?P<said>exit(?:ed with)?(?: status)? code:? \d{1,3})\b")),
    ("npm", re.compile(r"(?P<said>npm (?:ERR!|error) (?:code )?[A-Z]\w{3,40})")),
    (
        "system",
        re.compile(
            r"(?P<said>(?:\b[a-z]{2,12} )?\bE(?:CONN|TIMED|HOST|NOT|ADDR|AI_|PIPE|ACCES|PERM"
            r"|NOENT|MFILE|NOSPC|EXIST|BUSY|AGAIN|PROTO|CERT|RES)[A-Z_]{0,12}\b"
            r"(?: [^\s:]{3,60}:\d{1,5})?)"
        ),
    ),
    ("code", re.compile(rf"(?P<said>{CLASS}(?: \[\w{{3,60}}\])?: .{{2,300}})")),
    ("code", re.compile(rf"^\s*(?:Uncaught )?(?P<said>{CLASS})\s*$")),
    ("http", re.compile(r"\b(?P<said>HTTP/[\d.]{1,3} [45]\d\d(?: [A-Z][A-Za-z ]{2,40})?)")),
    ("http", re.compile(r"\b(?P<said>[45]\d\d (?:Client|Server) Error\b.{0,200})")),
    (
        "http",
        re.compile(
            r"\b(?P<said>(?:HTTP|[Ss]tatus(?: [Cc]ode)?:?) ?[45]\d\d\b"
            r"|5\d\d (?:Bad Gateway|Service Unavailable|Gateway Time-?out|Internal Server Error))"
        ),
    ),
    ("log", re.compile(r"\blevel=(?:error|fatal) .{0,80}?msg=\"(?P<said>[^\"]{3,300})\"")),
    (
        "log",
        re.compile(r"(?:^|[\s\[|])(?:ERROR|FATAL|CRITICAL|SEVERE)\b[\]|:\s-]*(?P<said>.{6,300})"),
    ),
    ("line", re.compile(r"^\s*(?:error|fatal): (?P<said>.{6,300})", re.IGNORECASE)),
)
HINT = re.compile(
    r"rror|xception|anic|FATAL|CRITICAL|SEVERE|SQLSTATE|ORA-|BackOff|ImagePull|OOMKilled|Evicted"
    r"|Failed[SM]|exit|ERR!|E[A-Z]{4}|HTTP|tatus|Gateway|Unavailable|Fault|Interrupt|failed to"
    r"|fatal"
)
PANIC_BELOW = re.compile(r"^thread '.{0,80}' panicked at \S{1,200}:\d+:\d+:$")
FRAME = re.compile(
    r"^\s*(?:File \".{1,300}\", line \d+, in (?P<python>\S{1,80})"
    r"|at (?P<js>[\w.$<>]{1,120}) ?\("
    r"|from \S{1,300}:in [`'](?P<ruby>[^'`]{1,80})')"
)
ANSI = re.compile(r"\x1b\[[\d;]{0,20}[A-Za-z]")

# In this order; each stands for what is different every time.
OUT: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"[a-z][a-z0-9+.-]{1,20}://[^\s'\"<>)\]]{1,400}"), "<url>"),
    (re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}"), "<mail>"),
    (re.compile(r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"), "<id>"),
    (
        re.compile(
            r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)?"
        ),
        "<time>",
    ),
    (re.compile(r"\b\d{1,2}:\d\d:\d\d(?:[.,]\d{1,9})?\b"), "<time>"),
    (re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?\b"), "<addr>"),
    (re.compile(r"\[(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{0,4}\](?::\d{1,5})?"), "<addr>"),
    (re.compile(r"\b(?:[\w-]{1,63}\.){1,6}[a-z]{2,12}:\d{1,5}\b"), "<addr>"),
    (re.compile(r"\b(?:localhost|[a-z][\w-]{0,62}):\d{2,5}\b"), "<addr>"),
    (re.compile(r"(?<![\w<])(?:[A-Za-z]:)?(?:[~.]{0,2}[\\/][\w.@+~-]{1,100}){2,30}"), "<path>"),
    (
        re.compile(r"\b[\w-]{1,60}\.(?:py|js|ts|tsx|jsx|mjs|java|go|rb|rs|php|sql|ya?ml|json)\b"),
        "<path>",
    ),
    (re.compile(r"(?:<path>)(?::\d{1,7}){1,2}"), "<path>"),
    (re.compile(r"\b0x[0-9a-fA-F]{1,32}\b"), "<hex>"),
    (re.compile(r"\b(?=[a-f]{0,40}\d)[0-9a-f]{7,64}\b"), "<hex>"),
    (re.compile(r"\b(?=[A-Za-z-]{0,60}\d)[a-z][a-z0-9]{0,40}(?:-[a-z0-9]{1,40}){1,5}\b"), "<id>"),
    (
        re.compile(r"(?<![A-Za-z_])\d+(?:[.,_]\d+)*(?:ms|s|m|h|kb|mb|gb|KB|MB|GB|MiB|GiB|%)?\b"),
        "<n>",
    ),
)
# numbers that say what went wrong
KEPT = re.compile(
    r"(?i)\b(?:HTTP(?:/[\d.]{1,3})?|status(?: code)?:?|code:?|errno:?|ERROR) {0,2}\d{1,5}\b"
    r"|\b[45]\d\d(?= (?:client|server) error\b)|\b5\d\d(?= [A-Z])"
    r"|SQLSTATE\[\w{1,6}\]|ORA-\d{5}|\(\w{5}\)|\[E\d{4}\]"
)
AWAY = {ord(str(n)): chr(0xE000 + n) for n in range(10)}
BACK = {0xE000 + n: str(n) for n in range(10)}


@dataclass(frozen=True)
class Error:
    """An error as it is compared: its kind and its words, and the short key of both."""

    kind: str
    words: str

    @property
    def key(self) -> str:
        """Sixteen hexadecimal digits, the same for the same error."""
        return hashlib.sha256(f"{self.kind}\n{self.words.lower()}".encode()).hexdigest()[:16]


def find(text: str) -> list[Error]:
    """The different errors that a text shows, in their order, five at most."""
    found: dict[str, Error] = {}
    frame, after_panic = "", False
    for line in text[:LONGEST_TEXT].splitlines()[:MOST_LINES]:
        line = ANSI.sub("", line[:LONGEST_LINE]).rstrip()
        if at := FRAME.match(line):
            frame = at["python"] or at["js"] or at["ruby"] or frame
            continue
        error = _rust(line) if after_panic else _error(line, frame)
        after_panic = bool(PANIC_BELOW.match(line))
        if error is not None and error.key not in found:
            found[error.key] = error
            if len(found) == MOST_FOUND:
                break
    return list(found.values())


def _rust(line: str) -> Error | None:
    words = normal(line)
    return Error("rust", words) if len(words) > 3 else None


def _error(line: str, frame: str) -> Error | None:
    if not HINT.search(line) or PANIC_BELOW.match(line):
        return None
    for kind, mark in MARKS:
        if match := mark.search(line):
            quoted = line.count("`", 0, match.start("said")) % 2  # inside `…`: it ends there
            words = normal(match["said"].split("`")[0] if quoted else match["said"])
            if kind == "code" and ":" not in words and frame:
                words = f"{words} in {frame}"  # a bare class says too little by itself
            return Error(kind, words) if _says_something(words) else None
    return None


def _says_something(words: str) -> bool:
    return sum(letter.isalpha() for letter in re.sub(r"<\w+>", "", words)) >= 4


def normal(line: str) -> str:
    """A line without what differs from one time to the next."""
    line = KEPT.sub(lambda match: match[0].translate(AWAY), line[:LONGEST_LINE])
    for pattern, stands in OUT:
        line = pattern.sub(stands, line)
    line = line.translate(BACK).replace("`", "")
    return " ".join(line.split())[:LONGEST_NORMAL].rstrip(" .,;:")
