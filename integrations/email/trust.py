"""How sure a sender is: what our own mail server says in Authentication-Results (RFC 8601)."""

import re

RESULT = re.compile(r"\b(dmarc|dkim|spf)\s*=\s*([a-z]+)", re.IGNORECASE)
DOMAIN = re.compile(r"header\.(?:d|i|from)\s*=\s*@?([A-Za-z0-9.-]+)", re.IGNORECASE)


def sender_trust(results: tuple[str, ...], *, authserv_id: str, from_email: str) -> str:
    """verified, forged or unverified.

    Only the topmost header of the configured server counts; anybody can write the others.
    """
    if not authserv_id or not from_email:
        return "unverified"
    ours = next((r for r in results if _server(r) == authserv_id.lower()), None)
    if ours is None or results.index(ours) != 0:
        return "unverified"
    found = {method.lower(): verdict.lower() for method, verdict in RESULT.findall(ours)}
    if found.get("dmarc") == "pass":
        return "verified"
    if found.get("dmarc") in ("fail", "permerror"):
        return "forged"
    if found.get("dkim") == "pass" and _aligned(ours, from_email):
        return "verified"
    return "forged" if found.get("dkim") == "fail" else "unverified"


def _server(result: str) -> str:
    return result.partition(";")[0].split()[0].lower() if result.partition(";")[0].split() else ""


def _aligned(result: str, from_email: str) -> bool:
    domain = from_email.rpartition("@")[2].lower()
    return any(
        found.lower() == domain or domain.endswith("." + found.lower())
        for found in DOMAIN.findall(result)
    )
