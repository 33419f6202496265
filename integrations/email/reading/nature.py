"""What kind of writer a mail has: a person, a list, an automatic reply, a bounce, a complaint.

RFC 3834 and RFC 3464 first, then what the world's mail servers really write.
"""

import re
from dataclasses import dataclass
from functools import cached_property

from integrations.email.reading.parts import Part

DAEMON = re.compile(
    r"(?i)^(?:mailer[-_.]?daemon|postmaster|mail[-_.]?daemon|mdaemon|bounces?|smtp[-_.]?(?:gateway|daemon)|maildelivery|mmdf"
    r"|undeliverable|failednotification|delivery[-_.]?(?:failure|status|notification)s?|mail[-_.]?delivery|mail[-_.]?system|non[-_.]?delivery|microsoftexchange[0-9a-f]{20,}"
    r"|mailerdaemon|no-?reply-?bounce|system[-_.]?administrator|mailscanner|mailmarshal|ndr|dsn|errors?[-_.]to|error[-_.]?handler)(?:[-+=._][^@]*)?@|^(?:mailer[-_.]?daemon|postmaster)$"
)
DAEMON_NAME = re.compile(
    r"(?i)mail(?:er)?[ -]?(?:deliver|daemon)|mail delivery (?:sub)?system|delivery subsystem|postmaster|system administrator|mail administrator|mail router"
    r"|returned mail|internet mail delivery|mail delivery service|mail system|postoffice|delivery reports?|non-?delivery|message center|smtp gateway|microsoft outlook$|microsoft exchange"
)
BOUNCE_SUBJECT = re.compile(
    r"(?i)undeliver|non[- ]?deliver|not (?:be )?deliver|delivery[- ](?:status|fail|report|notif|error|problem|has failed|delay|attempts? fail|incomplete|unsuccess|final)"
    r"|(?:fail|failed|failure|error|problem|unable|could not|cannot|can't).{0,30}(?:deliver|send|mail|message)|(?:mail|message|e-?mail).{0,40}(?:fail|could not be delivered|not delivered|return|reject|refused|undeliv|delayed|bounced|warning)"
    r"|returned (?:mail|to sender|message|e-?mail)|return(?:ed)? to sender|user unknown|unknown user|unknown (?:address|recipient)|bounce(?:d)? (?:mail|message|action|e-?mail)|mail system error"
    r"|warning: (?:could not|message|delayed|mail)|mail (?:delivery|status)|delivery (?:to|of) .{0,60}(?:fail|delay)|permanent (?:fail|error)|transient fail|mail could not|mailbox (?:full|unavailable|exceeded)|over quota"
    r"|unzustellbar|nicht zugestellt|zustell(?:ung|fehler)|unzustellbarkeit|(?:non remis|échec|echec|impossible de remettre|non distribu|retour.{0,20}exp)|remise|mancata consegna|non recapitat|notifica.{0,20}(?:consegna|stato)|no se pudo entregar|no entregad|devuelto|devolvido|n[ãa]o entregue"
    r"|onbestelbaar|niet bezorgd|kan ej levereras|ikke leveres|nie dostarczono|zwrot|недоставлен|не доставлен|возвра(?:щ|т)|配信|送信(?:できません|エラー|失敗)|配送|届け|退信|无法投递|未能投递|系統退信|配达|배달|반송"
)
AUTO_SUBJECT = re.compile(
    r"(?i)^\s*(?:\[?(?:re|aw|sv|antw|fw|fwd)\]?\s*:\s*)*(?:\[?auto(?:matic|mated)?[-_ ]?(?:reply|response|responder|antwort|svar|r[ée]ponse|resposta|respuesta|generated)|auto:|automatisch|automatische? antwort|automatiskt svar|automatisk svar|autom[aá]tic"
    r"|r[ée]ponse automatique|risposta automatica|respuesta autom[aá]tica|resposta autom[aá]tica|odpowied[źz] automatyczna|autoodpowied|automatick[aá] odpov|automaattinen vastaus|otomatik|автоответ|автоматический ответ|自動(?:返信|応答)|自动(?:回复|答复)|자동 ?(?:응답|회신)"
    r"|out[- ]of[- ](?:the[- ])?office|out of (?:the )?country|vacation|on (?:leave|holiday|vacation)|away from|i(?:'m| am) (?:away|out)|abwesen|urlaub|nicht im (?:b[üu]ro|haus)|absence|absent|afwezig|fuori (?:ufficio|sede)|assenza|fuera de (?:la )?oficina|ausente?|ausência|fora do escrit|frånvar|frav[æa]r|poissa|nieobecno|nepřítom|szabads|vacances|cong[ée]s|vacaciones|férias"
    r"|不在|休暇|外出|离开|不在办公室|отсутств|в отпуске)"
)
BOUNCE_TEXT = re.compile(
    r"(?i)\b55[0-4][ -]+(?:#?5\.\d\.\d|[a-z<])|\b5\.\d{1,2}\.\d{1,3}\b.{0,80}(?:unknown|user|mailbox|reject|denied|relay|address|recipient|quota|full|spam|block|exist)|(?:could not|couldn't|cannot|can ?not|was not|not) be delivered"
    r"|undeliver(?:able|ed)|permanent(?:ly)? (?:fatal )?(?:error|fail)|fatal errors|delivery (?:to the following|has failed|failed|attempts)|did not reach the following|following (?:address|recipient)s? (?:had|fail)|returned to (?:you|sender)|user unknown|unknown user|no such (?:user|mailbox|address|recipient)|mailbox (?:is )?(?:full|unavailable|not found|disabled|does not exist)|recipient (?:address )?rejected|unable to deliver"
    r"|your message.{0,60}(?:could not|wasn't|was not|did not|has not).{0,30}deliver|i wasn't able to deliver|(?:exceeded|over) (?:storage |disk )?quota|host (?:unknown|not found)|access denied|delivery (?:status )?notification|a message that you sent|this is the (?:mail system|postfix|qmail)|message (?:you sent )?(?:was|has been) (?:blocked|rejected)|not deliver(?:ed|able)"
)
STATUS_TYPES = {"message/delivery-status", "message/xdelivery-status"}
NOREPLY = re.compile(
    r"(?i)^(?:no|do|not?)[-_.]?(?:not[-_.]?)?(?:reply|respond|answer)[^@]*@|^(?:donotreply|noreply|nobody|nepasrepondre|keine-?antwort|no-?responder|robot|automailer|auto-?mailer)[^@]*@"
)

# A notice, not an answer to anybody: it may well open a ticket.
GENERATED = "Auto-Submitted says that a robot wrote it"


@dataclass(frozen=True, kw_only=True)
class Nature:
    """The class of a mail, why, and whether a robot wrote it."""

    name: str
    reason: str
    robot: bool = False


def nature_of(root: Part, *, subject: str, from_email: str, from_name: str, text: str) -> Nature:
    """Read a mail's class from its headers, its structure and, for bounces, its words."""
    signs = _Signs(root, subject, from_email, from_name, text)
    for name, reason in (
        ("feedback", signs.feedback()),
        ("auto_reply", signs.receipt()),
        ("bounce", signs.bounce()),
        ("auto_reply", signs.auto_reply()),
        ("list", signs.mailing_list()),
    ):
        if reason:
            return Nature(name=name, reason=reason, robot=name != "list" or bool(signs.robot()))
    robot = signs.robot()
    return Nature(name="normal", reason=robot or "written by a person", robot=bool(robot))


class _Signs:
    """What a mail shows of its writer."""

    def __init__(
        self, root: Part, subject: str, from_email: str, from_name: str, text: str
    ) -> None:
        self.root, self.subject, self.text = root, subject[:500], text[:8000]
        self.from_email, self.from_name = from_email, from_name
        self.types = {part.content_type for part in walk(root)}
        self.report = root.params.get("report-type", "").lower()

    def header(self, name: str) -> str:
        return self.root.get(name).decode("ascii", "replace").strip().lower()

    @cached_property
    def null_sender(self) -> bool:
        return any(v.strip() == b"<>" for v in self.root.all("return-path"))

    @cached_property
    def daemon(self) -> bool:
        sender = self.header("sender")
        found = DAEMON.search(self.from_email) or DAEMON.search(sender.strip("<>"))
        raw = self.header("from")
        bare = "@" not in raw and ("mailer-daemon" in raw or "postmaster" in raw)
        return bool(found or DAEMON_NAME.search(self.from_name) or "<>" in raw or bare)

    def feedback(self) -> str:
        if "feedback" in self.report or "message/feedback-report" in self.types:
            return "an abuse feedback report"
        if re.search(
            r"(?i)^complaint about message|^abuse (?:report|complaint)|abuse report\b|junk (?:mail|email) report|^spam (?:report|complaint)",
            self.subject,
        ) and (
            self.types & {"message/rfc822", "text/rfc822-headers"}
            or self.header("x-hmxmroriginalrecipient")
        ):
            return "an abuse complaint"
        if self.header("x-hmxmroriginalrecipient") or self.header("x-amzn-sns-feedback"):
            return "an abuse complaint"
        return ""

    def receipt(self) -> str:
        if "disposition-notification" in self.report:
            return "a reading receipt"
        return ""

    def bounce(self) -> str:
        if (self.report and "delivery-status" in self.report) or self.types & STATUS_TYPES:
            return "a delivery report"
        if self.header("x-failed-recipients") or self.header("x-failed-recipient"):
            return "it names failed recipients"
        worded = bool(BOUNCE_SUBJECT.search(self.subject))
        return self._worded_bounce(worded=worded)

    def _worded_bounce(self, *, worded: bool) -> str:
        suspect = self.daemon or self.null_sender
        if not (worded or suspect):
            return ""
        told = bool(BOUNCE_TEXT.search(self.text))
        if self.daemon and (worded or told or self.null_sender):
            return "" if self._vacation() else "a mail server says that it could not deliver"
        if self.null_sender and worded and told:
            return "an empty sender and a bounce's words"
        carries = self.types & {"message/rfc822", "text/rfc822-headers", "message/rfc822-headers"}
        if worded and told and (carries or "multipart/report" in self.types):
            return "it returns a mail with a bounce's words"
        if worded and told and self._robotic() and not self.header("in-reply-to"):
            return "a robot with a bounce's words"
        return ""

    def _vacation(self) -> bool:
        return bool(AUTO_SUBJECT.search(self.subject)) and not BOUNCE_SUBJECT.search(self.subject)

    def _robotic(self) -> bool:
        return self.header("auto-submitted") not in ("", "no") or bool(
            re.match(
                r"(?i)(?:admin|root|system|mail|email|smtp|notification|daemon|postoffice)",
                self.from_email,
            )
        )

    def auto_reply(self) -> str:
        submitted = self.header("auto-submitted").partition(";")[0].strip()
        if submitted.startswith(("auto-replied", "auto_replied", "vacation", "auto-reply")):
            return "Auto-Submitted says it is a reply by a robot"
        if submitted not in ("", "no"):
            return GENERATED
        for name in (
            "x-autoreply",
            "x-autorespond",
            "x-autoresponder",
            "x-auto-reply",
            "x-auto-responder",
            "x-autoreply-from",
            "x-mail-autoreply",
            "x-vacation",
            "x-apple-action",
        ):
            if self.header(name) not in ("", "no", "false"):
                return f"{name} is set"
        if self.header("precedence") in ("auto_reply", "auto-reply", "autoreply") or self.header(
            "x-precedence"
        ) in ("auto_reply", "auto-reply"):
            return "Precedence says it is a reply by a robot"
        if self.header("delivered-to").startswith("autoresponder"):
            return "it came through an autoresponder"
        return self._answered_by_robot(submitted)

    def _answered_by_robot(self, submitted: str) -> str:
        if AUTO_SUBJECT.search(self.subject):
            return "the subject is that of an automatic reply"
        answered = self.header("in-reply-to") or self.header("references")
        suppress = self.header("x-auto-response-suppress")
        if suppress and (self.null_sender or answered) and submitted not in ("", "no"):
            return "a robot answered"
        if (
            self.null_sender
            and answered
            and self.subject.lower().startswith(("re:", "aw:", "auto"))
        ):
            return "an empty sender and an answer"
        return ""

    def mailing_list(self) -> str:
        for name in (
            "list-id",
            "list-post",
            "mailing-list",
            "x-mailing-list",
            "x-google-group-id",
            "x-mailman-version",
            "x-beenthere",
        ):
            if self.header(name) not in ("", "no"):
                return f"{name} is set"
        if self.header("list-unsubscribe"):
            return "it can be unsubscribed"
        if self.header("precedence") in ("list", "bulk", "junk"):
            return f"Precedence: {self.header('precedence')}"
        return ""

    def robot(self) -> str:
        """A robot's mail that is no reply: notices, receipts, alerts."""
        if self.null_sender:
            return "its return path is empty"
        if NOREPLY.search(self.from_email) or self.daemon:
            return "its sender takes no answers"
        suppress = self.header("x-auto-response-suppress")
        if any(word in suppress for word in ("all", "autoreply", "oof", "dr")) and suppress:
            return "it asks for no automatic answers"
        if (
            self.header("feedback-id")
            or self.header("x-ses-outgoing")
            or self.header("x-mailgun-sid")
        ):
            return "it was sent by a mailing service"
        return ""


def walk(part: Part) -> list[Part]:
    """A part and everything below it."""
    found, todo = [], [part]
    while todo:
        now = todo.pop()
        found.append(now)
        todo.extend(reversed(now.children))
    return found
