"""The part of a mail that its writer wrote: without quote and signature. Line by line, linear.

On doubt nothing is cut: a line of quote too many is a nuisance, a lost line is a lost answer.
"""

import re

from integrations.email.reading.hypertext import to_text

MOST_LINES = 20_000
LONGEST_LINE = 1000

WROTE = r"wrote|writes|schrieb(?:en)?|a [ée]crit|escribi[óo]|escreveu|ha scritto|schreef|skrev|kirjoitti|napisa[łl]\(?a?\)?|napsal\(?a?\)?|pisze|написал\(?а?\)?|пишет|yazd[ıi]|írta|a scris|έγραψε|写道|のメール|さんは書きました|wrote the following"
ATTRIBUTION_START = re.compile(
    r"^[ \t*_]*(?:on|am|le|el|em|il|op|den|på|w dniu|dne|от|il giorno|mandag|tirsdag|onsdag|torsdag|fredag|lørdag|søndag|"
    r"ma|ti|ke|to|pe|la|su|pon|wt|śr|czw|pt|sob|niedz|\d{1,4}[./-]\d{1,2}[./-]\d{2,4}|\d{4}年|20\d\d-|at \d|from:? )\b",
    re.IGNORECASE,
)
ATTRIBUTION_END = re.compile(
    rf"(?:\b(?:{WROTE})|写道|書きました|のメール)[^\n]{{0,60}}[:：]?[ \t*_]*$", re.IGNORECASE
)
DATE_IN = re.compile(r"\d{1,2}[:.h]\d{2}|\b(?:19|20)\d{2}\b|\d{1,2}[./]\d{1,2}[./]\d{2,4}|年")
BANNER = re.compile(
    r"^[ \t>*]*[-_=*]{2,}[ \t]*(?:original (?:message|e-?mail|appointment)|forwarded (?:message|by)|reply message|urspr.{1,3}ngliche (?:nachricht|mail)|weitergeleitete nachricht|message (?:d'origine|original|transf[ée]r[ée])|courriel original|mensaje original|mensagem original|messaggio (?:originale|inoltrato)|oorspronkelijk(?:e)? bericht|originalmeddelande|ursprungligt meddelande|opprinnelig melding|oprindelig meddelelse|alkuperäinen viesti|wiadomo.{1,3} oryginalna|původní zpráva|исходное сообщение|пересылаемое сообщение|original besked|eredeti üzenet|原始邮件|原始郵件|元のメッセージ|원본 메[일시]지?)[^\n]{0,40}$"
    r"|^[ \t>]*begin forwarded message:?[ \t]*$",
    re.IGNORECASE,
)
RULE = re.compile(r"^[ \t]*(?:_{10,}|-{20,}|={20,}|\*{20,})[ \t]*$")
ABOVE = re.compile(
    r"(?:reply|respond|write|type|answer)\b.{0,30}\babove this line|above this line.{0,30}(?:reply|respond|write)|bitte (?:antworten|schreiben) sie (?:oberhalb|über) dieser|répondre au-dessus de cette ligne|responda acima desta linha|escriba (?:su respuesta )?por encima de esta",
    re.IGNORECASE,
)
FIELD = re.compile(
    r"^[ \t>*_]*(from|von|de|da|van|från|fra|od|lähettäjä|mittente|remitente|expéditeur|afzender|nadawca|от|от кого|差出人|发件人|發件人|寄件者|보낸 ?사람"
    r"|sent|gesendet|envoyé|enviado(?: el| em)?|inviato|verzonden|skickat|sendt|wysłano|lähetetty|odesláno|отправлено|送信日時|发送时间|寄件日期|보낸 날짜|date|datum|data|fecha|dato|päivämäärä|päiväys|дата|日付|日期|날짜"
    r"|to|an|à|para|a|aan|till|til|do|komu|vastaanottaja|destinataire|кому|宛先|收件人|받는 ?사람|cc|kopie|kopia|copie|copia|kopi|kopio|копия|抄送|참조|bcc"
    r"|subject|betreff|objet|asunto|assunto|oggetto|onderwerp|ämne|emne|temat|předmět|aihe|тема|件名|主题|主旨|제목|reply-to|antwort an|organization|importance|priority)[ \t*_]*[:：]",
    re.IGNORECASE,
)
SENDERS = frozenset(
    "from von de da van från fra od lähettäjä mittente remitente expéditeur afzender nadawca от 差出人 发件人 發件人 寄件者 보낸사람".split()
) | {"от кого", "보낸 사람"}
MOBILE = re.compile(
    r"^[ \t>*_-]*(?:(?:sent|envoyé|gesendet|enviado|inviato|verstuurd|verzonden|skickat|sendt|wysłane|lähetetty|odesláno|отправлено|von meinem|posted|delivered)\b.{0,20}\b(?:from|via|with|de(?:puis)?|mit|von|desde|do|da|dal|vanaf|van|från|fra|z|с|using|meinem|my|mon|mi|meu|mijn|min|mail(?:spring|bird)?)\b.{0,60}"
    r"|get outlook for .{0,40}|outlook for (?:ios|android).{0,40}|(?:von|from) (?:meinem|my) .{2,40} (?:gesendet|sent)|diese nachricht wurde von meinem .{0,60}|iphone(?:から|发).{0,20}|发自我的.{0,20}|(?:my )?sent from (?:my )?.{0,40})[ \t.*_>]*$",
    re.IGNORECASE,
)
SIGNATURE = re.compile(r"^[ \t]*(?:--|—|––|__|-{2,3}|—-)[ \t]*$|^--[ \t]{0,2}\n?$")
DASHED_NAME = re.compile(r"^(?:--|—)[ \t]?[A-Za-zÀ-ž][^\n]{0,60}$")
LEGAL = re.compile(
    r"^[ \t*]*(?:this (?:e-?mail|message|communication|transmission).{0,80}(?:confidential|intended|privileged)|confidentiality (?:notice|note)|disclaimer\b|diese e-?mail.{0,60}vertraulich|ce (?:message|courriel).{0,60}confidentiel|the information (?:contained )?in this (?:e-?mail|message).{0,80}(?:confidential|intended)|please consider the environment|privileged and confidential)",
    re.IGNORECASE,
)
UNSUBSCRIBE = re.compile(
    r"^[ \t>]*(?:to unsubscribe|you received this message because|you are receiving this (?:because|email)|reply to this email directly or view it on|manage your (?:email )?(?:preferences|subscription))",
    re.IGNORECASE,
)


def new_text(text: str, html: str, *, has_plain: bool) -> str:
    """What the writer added; the whole text when nothing would be left."""
    if not has_plain and html:
        before = to_text(html, until_quote=True)
        if before.strip():
            text = before
    found = cut(text)
    return found if found.strip() else text.strip()


def cut(text: str) -> str:
    """A text without its quote and signature."""
    lines = [line[:LONGEST_LINE] if len(line) > 100_000 else line for line in text.split("\n")]
    if len(lines) > MOST_LINES:
        return text
    end = _quote_start(lines)
    kept = lines[:end]
    tail = lines[end:]
    kept = _without_quoted_tail(kept)
    kept = _without_signature(kept)
    if not "".join(kept).strip():
        # Everything stands below the quote: the writer answers underneath.
        below = _below(tail)
        return "\n".join(_without_signature(below)).strip()
    return "\n".join(kept).strip()


def _quote_start(lines: list[str]) -> int:
    """The first line of what was quoted at the end; the number of lines when there is none."""
    for number, line in enumerate(lines):
        if len(line) > LONGEST_LINE:
            continue
        if BANNER.match(line) or ABOVE.search(line[:200]):
            return number
        if _attribution(lines, number) and _nothing_new_after(lines, number):
            return number
        if _is_header_block(lines, number):
            return number - 1 if number and RULE.match(lines[number - 1]) else number
        if UNSUBSCRIBE.match(line) and number:
            return number
    return len(lines)


def _attribution(lines: list[str], number: int) -> int:
    """How many lines an attribution ("On … wrote:") takes from here; 0 when it is none."""
    first = lines[number].strip(" \t>*_")
    if not first or not (
        ATTRIBUTION_START.match(first)
        or DATE_IN.search(first[:200])
        or "@" in first[:200]
        or ATTRIBUTION_END.search(first[-120:])
    ):
        return 0
    joined = ""
    for count in range(1, 5):
        if number + count > len(lines):
            break
        piece = lines[number + count - 1].strip(" \t>*_")
        if not piece:
            break
        joined = f"{joined} {piece}".strip()
        if len(joined) > 400:
            break
        if ATTRIBUTION_END.search(joined[-160:]) and _dated(joined):
            return count
    return 0


def _dated(text: str) -> bool:
    return bool(DATE_IN.search(text) or "@" in text or ATTRIBUTION_START.match(text))


def _nothing_new_after(lines: list[str], number: int) -> bool:
    """Whether what follows an attribution is only quote: else the answer stands between."""
    rest = lines[number + _attribution(lines, number) :]
    quoted = [line for line in rest if line.lstrip().startswith((">", "|"))]
    plain = [line for line in rest if line.strip() and not line.lstrip().startswith((">", "|"))]
    if not quoted:
        return True
    first_plain = next((n for n, line in enumerate(rest) if line in plain[:1]), len(rest))
    last_quote = max(n for n, line in enumerate(rest) if line.lstrip().startswith((">", "|")))
    interleaved = [
        line
        for n, line in enumerate(rest)
        if first_plain <= n < last_quote
        and line.strip()
        and not line.lstrip().startswith((">", "|"))
    ]
    return (
        not interleaved
        or (not any(line.strip() for line in lines[:number]) and False)
        or _is_wrapped(interleaved, quoted)
    )


def _is_wrapped(interleaved: list[str], quoted: list[str]) -> bool:
    """Short leftovers of long quoted lines that a mailer broke, not answers."""
    return len(interleaved) <= len(quoted) // 3 and all(
        len(line.split()) <= 3 for line in interleaved
    )


def _is_header_block(lines: list[str], number: int) -> bool:
    """`From:` with at least two more header lines right below, or a wrapped or bold form of it."""
    first = FIELD.match(lines[number])
    if first is None:
        return False
    block = 0
    names = set()
    for line in lines[number : number + 8]:
        field = FIELD.match(line)
        if field:
            block += 1
            names.add(field[1].lower())
        elif (line.strip() and block and len(line) > 200) or (not line.strip() and block >= 2):
            break
    return block >= 3 or (block >= 2 and bool(names & SENDERS) and first[1].lower() in SENDERS)


def _without_quoted_tail(lines: list[str]) -> list[str]:
    """Take `>` lines off the end, with the attribution above them."""
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    quoted = end
    while quoted and (lines[quoted - 1].lstrip().startswith(">") or not lines[quoted - 1].strip()):
        quoted -= 1
    if quoted == end:
        return lines[:end]
    for start in range(max(quoted - 4, 0), quoted):
        if _attribution(lines, start):
            return lines[:start]
    last = lines[quoted - 1].strip() if quoted else ""
    if last.endswith(":") and quoted and re.search(rf"\b(?:{WROTE})\b", last, re.IGNORECASE):
        quoted -= 1
    return lines[:quoted]


def _without_signature(lines: list[str]) -> list[str]:
    for number, line in enumerate(lines):
        rest = len(lines) - number
        if SIGNATURE.match(line) and rest <= 14 and number:
            return lines[:number]
        if number and rest <= 6 and DASHED_NAME.match(line) and not line.startswith("---"):
            return lines[:number]
        if MOBILE.match(line[:200]) and rest <= 8:
            return lines[:number]
        if number and LEGAL.match(line[:300]):
            return lines[:number]
    return lines


def _below(tail: list[str]) -> list[str]:
    """What stands unquoted behind a quote of `>` lines; nothing when no such quote is there."""
    last = max((n for n, line in enumerate(tail) if line.lstrip().startswith(">")), default=-1)
    return tail[last + 1 :] if last >= 0 else []
