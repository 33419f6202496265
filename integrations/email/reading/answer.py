"""What `inspect mail` prints of a Letter (contract.md)."""

from hashlib import sha256
from typing import Any

from integrations.email.reading.letter import Letter


def answer(letter: Letter, file: str) -> dict[str, Any]:
    """One JSON object per mail; `error` is null whenever the mail is kept."""
    return {
        "file": file,
        "subject": letter.subject,
        "from_email": letter.from_email,
        "from_name": letter.from_name,
        "to": list(letter.to),
        "cc": list(letter.cc),
        "body_text": letter.body_text,
        "reply": letter.reply,
        "attachments": [
            {
                "filename": file.filename,
                "size": len(file.content),
                "sha256": sha256(file.content).hexdigest(),
                "content_type": file.content_type,
            }
            for file in letter.attachments
        ],
        "message_id": letter.message_id,
        "in_reply_to": letter.in_reply_to[0] if letter.in_reply_to else "",
        "references": list(letter.references),
        "class": letter.mail_class,
        "notes": list(letter.notes),
        "error": None,
    }
