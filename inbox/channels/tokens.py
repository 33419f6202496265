"""Access tokens that end after a while: one for all processes, renewed by one of them.

The current one is kept in the cache, encrypted. Who renews it holds a lock meanwhile, and the
others wait for what it brings.
"""

import json
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from hashlib import sha256

from django.core.cache import cache

from inbox.channels.errors import DeliveryError
from inbox.common.crypto import UnknownKey, decrypt, encrypt

EARLY_SECONDS = 60.0  # renewed before it ends
LOCK_SECONDS, WAIT_SECONDS, LOOK_SECONDS = 30, 12.0, 0.1


class Token:
    """The token that comes of these words: credentials, and the address that they are for."""

    def __init__(self, words: Iterable[str]) -> None:
        self.name = "token:" + sha256("\0".join(words).encode()).hexdigest()[:40]

    def kept(self) -> str:
        """The one that counts now; "" when there is none."""
        stored = cache.get(self.name)
        if isinstance(stored, str):
            # the field keys may have been changed meanwhile
            with suppress(UnknownKey, ValueError):
                found = json.loads(decrypt(stored))
                if found["until"] > time.time():
                    return str(found["token"])
        return ""

    def get(self, renew: Callable[[], tuple[str, float]], *, early: float = EARLY_SECONDS) -> str:
        """The one that counts now, else what `renew` gives: (token, seconds that it lasts).

        Raises `DeliveryError` when another process takes too long, and what `renew` raises.
        """
        end = time.monotonic() + WAIT_SECONDS
        while True:
            known = self.kept()
            if known:
                return known
            if cache.add(f"{self.name}:lock", 1, timeout=LOCK_SECONDS):
                try:
                    # whoever had the lock before may have brought one
                    return self.kept() or self._keep(*renew(), early)
                finally:
                    cache.delete(f"{self.name}:lock")
            if time.monotonic() >= end:
                raise DeliveryError("the access token is being renewed", retry_after_seconds=5)
            time.sleep(LOOK_SECONDS)

    def _keep(self, token: str, lasts: float, early: float) -> str:
        kept = encrypt(json.dumps({"token": token, "until": time.time() + lasts - early}))
        cache.set(self.name, kept, timeout=max(int(lasts), 1))
        return token

    def drop(self, token: str) -> None:
        """Forget this one; another that a process has brought meanwhile stays."""
        if self.kept() == token:
            self.forget()

    def forget(self) -> None:
        """Forget whichever there is."""
        cache.delete(self.name)
