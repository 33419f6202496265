"""Sending by SMTP, and looking in the Sent folder for what may have been sent."""

import smtplib
import time

from inbox.channels.contract import (
    ChannelConfig,
    ChannelError,
    DeliveryError,
    OutboundMessage,
    SendReceipt,
)
from inbox.common.crash import point
from integrations.email import client
from integrations.email.composing import clean, compose

RETRY_SECONDS = 60.0


def new_external_id(config: ChannelConfig, marker: str) -> str:
    """The Message-ID of a mail that is queued: fixed from then on, and nobody can guess it."""
    domain = config.get("address").rpartition("@")[2] or "localhost"
    return f"<desk.{marker}@{domain}>"


def send(message: OutboundMessage, config: ChannelConfig) -> SendReceipt:
    """Hand a mail to the SMTP server. Raises `DeliveryError` with what is known of the outcome."""
    if not config.get("smtp_url"):
        raise DeliveryError("this mailbox has no SMTP server yet", retry_after_seconds=300)
    raw, sender, recipients = compose(message, config)
    refused = _submit(config, raw, sender, recipients)
    point("out_after_response")
    _keep_copy(config, raw)
    return SendReceipt(external_id=message.external_id, data={"refused": refused})


def _submit(
    config: ChannelConfig, raw: bytes, sender: str, recipients: list[str]
) -> dict[str, str]:
    sent_bytes = False
    try:
        with client.smtp(config.get("smtp_url")) as server:
            refused = _envelope(server, sender, recipients)
            code, text = server.docmd("DATA")
            if code != 354:
                raise smtplib.SMTPDataError(code, text)
            sent_bytes = True
            server.send(_dotted(raw))
            point("out_after_bytes_sent")
            code, text = server.getreply()
            if code != 250:
                sent_bytes = False
                raise smtplib.SMTPDataError(code, text)
            return refused
    except smtplib.SMTPResponseException as error:
        raise _answered(error.smtp_code, error.smtp_error) from error
    except (OSError, smtplib.SMTPException) as error:
        if sent_bytes:
            raise DeliveryError(
                "the connection was lost after the mail was handed over", uncertain=True
            ) from error
        raise DeliveryError("the mail server cannot be reached") from error


def _envelope(server: smtplib.SMTP, sender: str, recipients: list[str]) -> dict[str, str]:
    """MAIL and RCPT; what was refused, when at least one recipient was taken."""
    code, text = server.mail(sender)
    if code != 250:
        raise smtplib.SMTPResponseException(code, text)
    refused: dict[str, tuple[int, bytes]] = {}
    for recipient in recipients:
        code, text = server.rcpt(recipient)
        if code not in (250, 251):
            refused[recipient] = (code, text)
    if len(refused) == len(recipients):
        code, text = next(iter(refused.values()))
        raise smtplib.SMTPResponseException(code, text)
    return {
        to: f"{code} {clean(text.decode('utf-8', 'replace'))}"
        for to, (code, text) in refused.items()
    }


def _dotted(raw: bytes) -> bytes:
    body = smtplib._quote_periods(raw)  # type: ignore[attr-defined]  # RFC 5321 4.5.2
    return bytes(body if body.endswith(b"\r\n") else body + b"\r\n") + b".\r\n"


def _answered(code: int, text: bytes | str) -> DeliveryError:
    """4yz is tried again, 5yz is final."""
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    words = f"the mail server said {code}: {clean(said)}"
    if 500 <= code < 600:
        return DeliveryError(words, permanent=True)
    return DeliveryError(words, retry_after_seconds=RETRY_SECONDS)


# ------------------------------------------------------------------ Sent folder


def _keep_copy(config: ChannelConfig, raw: bytes) -> None:
    """Put a copy into the Sent folder, where it is looked for; a failure changes nothing."""
    folder = config.get("sent_folder")
    if not folder or not config.get("imap_url"):
        return
    try:
        with client.mailbox(config.get("imap_url")) as box:
            box.append(raw, folder, flag_set=(r"\Seen",))
    except (ChannelError, OSError):
        return


def find_sent(message: OutboundMessage, config: ChannelConfig) -> SendReceipt | None:
    """Look for the Message-ID in the Sent folder.

    SMTP itself cannot be asked: without a folder that the server fills, or when it is not there,
    the outcome stays uncertain. Raises `DeliveryError`.
    """
    folder = config.get("sent_folder")
    if not folder or not config.get("imap_url"):
        raise DeliveryError("a mail server cannot be asked what it sent", uncertain=True)
    try:
        with client.mailbox(config.get("imap_url")) as box:
            box.folder.set(folder)
            wanted = message.external_id.strip("<>").replace('"', "")
            found = box.uids(f'HEADER "Message-ID" "{wanted}"')
    except ChannelError as error:
        raise DeliveryError(str(error)) from error
    if any(found):
        return SendReceipt(external_id=message.external_id, data={"found_at": int(time.time())})
    # We put the copy there ourselves after the answer: its absence proves nothing.
    raise DeliveryError("the Sent folder does not hold it", uncertain=True)
