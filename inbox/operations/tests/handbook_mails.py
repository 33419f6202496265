"""Fourteen mails of our own writing: one per rule and near-miss of the shipped handbook."""

from dataclasses import dataclass, field

HEAD = "From: {sender}\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <{key}@writers.example.org>\r\n"


@dataclass(frozen=True)
class Case:
    """A mail, and what must become of it; no category means no ticket."""

    key: str
    box: str
    sender: str
    subject: str
    text: str
    extra: str = ""
    category: str | None = "Question"
    status: str = "open"
    owner: str | None = "on duty"
    forwarded: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    tags: tuple[str, ...] = field(default=())

    @property
    def raw(self) -> bytes:
        """The mail's bytes."""
        to = f"{self.box}@example.com"
        head = HEAD.format(sender=self.sender, to=to, subject=self.subject, key=self.key)
        return f"{head}{self.extra}\r\n{self.text}\r\n".encode()


PDF = (
    "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=xx\r\n",
    "--xx\r\nContent-Type: text/plain\r\n\r\nPlease find it attached.\r\n--xx\r\n"
    "Content-Type: application/pdf; name=invoice-7.pdf\r\nContent-Disposition: attachment; filename=invoice-7.pdf\r\n"
    "Content-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjQK\r\n--xx--",
)
SOFT = ("first_response",)
CASES = (
    Case("security", "security", "Rowan <rowan@whitehat.example.org>", "XSS in the console", "Hello, I found something.",
         category="Security Issue", owner=None, metrics=("acknowledge", "update")),
    Case("invoice-cc", "billing", "AR <ar@host.example.com>", "Invoice 7", PDF[1], PDF[0] + "Cc: accounts-payable@example.com\r\n",
         category="Accounts Payable", status="closed", owner=None),
    Case("invoice", "billing", "AR <ar@host.example.com>", "Invoice 8", PDF[1], PDF[0],
         category="Accounts Payable", status="closed", owner=None, forwarded=("accounts-payable@example.com",)),
    Case("applicant", "jobs", "Nadia <nadia@writers.example.org>", "Application: advocate", "I would like to apply for the position.",
         category="Hiring", owner="ilse", metrics=SOFT),
    Case("wordpress", "support", "WordPress <wordpress@blog.example.com>", "[Blog] Some plugins were automatically updated",
         "Howdy! WordPress updated some plugins.", "Auto-Submitted: auto-generated\r\n", category="Transactional", status="closed", owner=None, tags=("wordpress",)),
    Case("domain", "support", "Registrar <no-reply@registrar.example.com>", "Nameservers of your domain were changed",
         "The nameservers were changed.", "Auto-Submitted: auto-generated\r\n", category="Transactional", status="closed", owner=None, tags=("domains",)),
    Case("netlify", "support", "Netlify <team@netlify.com>", "You have used 90% of your build minutes", "Netlify: 90% of the minutes are used.",
         "Auto-Submitted: auto-generated\r\n", category="Transactional", status="trashed", owner=None),
    Case("newsletter", "support", "Digest <news@digest.example.com>", "Digest 48", "News. Unsubscribe here.",
         "List-Unsubscribe: <https://digest.example.com/u>\r\nList-Id: <d.digest.example.com>\r\n", category="Marketing", owner="marek",
         tags=("suggest: trash it or keep it for marketing",)),
    Case("rfp", "support", "Ellen <ellen@bigcorp.example.com>", "RFP: data integration", "Please see our request for proposal.",
         category="Pre-sales", owner="tomas", metrics=SOFT),
    Case("question", "support", "Mira <mira@writers.example.org>", "How do I start?", "The invoice of last year aside: how do I start?", metrics=SOFT),
    Case("away", "support", "Otto <otto@writers.example.org>", "Out of office: back on Monday", "I am away.", "Auto-Submitted: auto-replied\r\n", category=None),
    Case("bounce", "support", "Mail Delivery Subsystem <MAILER-DAEMON@mx.example.org>", "Returned mail: see transcript",
         "550 5.1.1 user unknown. Your message could not be delivered.", "Return-Path: <>\r\n", category=None),
    Case("list", "support", "Juno <juno@writers.example.org>", "[users] State on S3", "Does anybody keep state on S3?",
         "List-Id: <users.lists.example.org>\r\nPrecedence: list\r\n", category="", owner=None),
    Case("reply", "support", "Mira <mira@writers.example.org>", "Re: How do I start?", "I use version 2.3.",
         "In-Reply-To: <question@writers.example.org>\r\n", metrics=SOFT),
)  # fmt: skip
