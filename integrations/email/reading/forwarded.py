"""A forwarded mail inside a mail: who wrote it, what it says, and the words above it."""

import re
from dataclasses import dataclass

from integrations.email.reading.headers import addresses, clean

MARK = re.compile(
    r"(?im)^[ \t>]*(?:-{2,}[ \t]*(?:forwarded (?:message|by)|original message|weitergeleitete nachricht|urspr.{1,3}ngliche nachricht|message (?:transf[ée]r[ée]|original)|mensaje reenviado|mensagem encaminhada|messaggio inoltrato|doorgestuurd bericht|vidarebefordrat|przekazana wiadomo)[^\n]{0,60}"
    r"|begin forwarded message:?|anfang der weitergeleiteten.{0,30}|début du message.{0,30}|inizio messaggio inoltrato:?)[ \t]*$"
)
PREFIX = re.compile(r"(?i)^\s*(?:fwd?|wg|tr|rv|enc|i|doorst|vs|pd)\s*:")
FROM = re.compile(
    r"(?im)^[ \t>*_]*(?:from|von|de|da|van|från|fra|od|lähettäjä|от|差出人|发件人)[ \t*_]*[:：][ \t*_]*(.{3,300})$"
)
SUBJECT = re.compile(
    r"(?im)^[ \t>*_]*(?:subject|betreff|objet|asunto|assunto|oggetto|onderwerp|ämne|emne|temat|aihe|тема|件名|主题)[ \t*_]*[:：][ \t*_]*(.{0,300})$"
)
HEADER = re.compile(r"^[ \t>*_]*[^\s:：][^:：\n]{0,30}[:：]")


@dataclass(frozen=True, kw_only=True)
class Forwarded:
    """The mail that was passed on."""

    from_email: str
    from_name: str
    subject: str
    text: str
    above: str


def forwarded_in(subject: str, text: str) -> Forwarded | None:
    """The forwarded mail of a text; None when there is none that names its writer."""
    mark = MARK.search(text)
    if mark is None and not PREFIX.match(subject):
        return None
    begin = mark.end() if mark else 0
    sender = FROM.search(text, begin, begin + 3000)
    if sender is None:
        return None
    people = [pair for pair in addresses(sender[1].strip(" *_").encode()) if pair[1]]
    if not people:
        return None
    above = text[: mark.start()] if mark else text[: sender.start()]
    lines = text[sender.start() :].split("\n")
    end = next((n for n, line in enumerate(lines) if not HEADER.match(line)), len(lines))
    inner = SUBJECT.search("\n".join(lines[:end]))
    return Forwarded(
        from_email=people[0][1],
        from_name=people[0][0],
        subject=clean(inner[1].strip(" *_")) if inner else PREFIX.sub("", subject).strip(),
        text="\n".join(lines[end:]).strip(),
        above=above.strip(),
    )
