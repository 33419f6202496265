"""Reading the public job board: all roles in one answer, without a key.

https://developers.greenhouse.io/job-board.html#list-jobs
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

from inbox.channels.contract import ChannelConfig, DeliveryError
from inbox.channels.jsontext import moment
from inbox.channels.ports import Role
from inbox.channels.wire import Headers, Line, Row, VendorError

API_URL = "https://boards-api.greenhouse.io"


def roles(config: ChannelConfig) -> list[Role]:
    """Every role that is open. Raises `DeliveryError`, whatever went wrong."""
    answer = _get(config, "/jobs", {"content": "true"})
    rows = answer.get("jobs")
    if not isinstance(rows, list):
        raise LINE.unreadable()
    total = (answer.get("meta") or {}).get("total")
    if isinstance(total, int) and total > len(rows):
        raise DeliveryError("Greenhouse's list of roles is not whole")
    found = [_role(row, config.get("generic_role")) for row in rows if isinstance(row, dict)]
    return [role for role in found if role is not None]


def check(config: ChannelConfig) -> str:
    """What a live check says."""
    try:
        found = roles(config)
    except DeliveryError as error:
        return error.text
    generic = sum(role.is_generic for role in found)
    said = f"ok: {len(found) - generic} roles are open"
    return f"{said}, {generic} more for everybody" if generic else said


def _role(row: Mapping[str, Any], generic: str) -> Role | None:
    """One role; None when it has no number or no title.

    A post without an internal job is for prospects: it takes everybody's application.
    """
    number, title = row.get("id"), " ".join(str(row.get("title") or "").split())
    if number is None or not title:
        return None
    prospects = "internal_job_id" in row and row["internal_job_id"] is None
    named = generic.strip().casefold() in (str(number), title.casefold())
    return Role(
        external_id=str(number),
        title=title,
        url=_address(row.get("absolute_url")),
        location=_name(row.get("location")),
        department=", ".join(filter(None, map(_name, _list(row.get("departments"))))),
        updated_at=moment(row.get("updated_at")),
        is_generic=prospects or named,
    )


def _name(value: Any) -> str:
    return str(value.get("name") or "")[:200] if isinstance(value, dict) else ""


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def _address(value: Any) -> str:
    """It is written into answers: only what a browser opens, and no blanks."""
    url = str(value or "")
    parts = urlsplit(url)
    good = parts.scheme in ("http", "https") and parts.netloc and not set(url) & set(' "<>()')
    return url if good else ""


def _get(config: ChannelConfig, path: str, params: Mapping[str, str]) -> Row:
    board = quote(config.get("board"), safe="")
    url = f"{config.get('api_url', API_URL).rstrip('/')}/v1/boards/{board}{path}"
    answer = LINE.ask("GET", url, params=params, writes=False)
    return LINE.read_object(answer, writes=False)


def _refused(status: int, _: Row, __: Headers) -> VendorError:
    if status == 404:
        return VendorError("Greenhouse knows no job board of this name", permanent=True)
    return VendorError(f"Greenhouse answered {status}")


LINE = Line(name="Greenhouse", error=VendorError, refused=_refused)
