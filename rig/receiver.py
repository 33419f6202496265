"""A receiver of outgoing webhooks that checks what Standard Webhooks prescribes, and can fail."""

import base64
import hmac
import json
import threading
from hashlib import sha256
from typing import Any

from rig.vendor import Answer, Call, FakeVendor

SKEW_SECONDS = 300


class Receiver(FakeVendor):
    """Keeps what was signed with its secret; anything else is refused with 401."""

    def __init__(self) -> None:
        super().__init__()
        self.secret = ""
        self.clock = 0.0  # its idea of now, seconds since 1970; 0: it does not look
        self.taken: list[dict[str, Any]] = []
        self.ids: list[str] = []
        self.gate = threading.Event()  # while it is not set, requests to /slow wait
        self.gate.set()

    @property
    def place(self) -> str:
        """Its host and port, as `OUTBOUND_ALLOW` wants them."""
        return self.url.removeprefix("http://")

    def answer(self, call: Call) -> Answer:
        """204 for what is genuine."""
        if call.path == "/slow":
            self.lock.release()  # others are served meanwhile
            try:
                self.gate.wait(20)
            finally:
                self.lock.acquire()
        if call.method != "POST" or not self.is_genuine(call):
            return Answer(401, {"error": "signature"})
        self.taken.append(json.loads(call.body))
        self.ids.append(call.headers["webhook-id"])
        return Answer(204)

    def is_genuine(self, call: Call) -> bool:
        """Whether one of the signatures is ours, and the time is near."""
        stamp = call.headers["webhook-timestamp"]
        if self.clock and abs(int(stamp) - self.clock) > SKEW_SECONDS:
            return False
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        signed = f"{call.headers['webhook-id']}.{stamp}.".encode() + call.body
        wanted = base64.b64encode(hmac.new(key, signed, sha256).digest()).decode()
        given = call.headers["webhook-signature"].split(" ")
        return any(hmac.compare_digest(one, f"v1,{wanted}") for one in given)
