"""JSON bodies, strictly: an object, no NaN, no key twice, at most 10 MB."""

import json
from typing import IO, Any

from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser

MOST_BYTES = 10 * 1024 * 1024


class TooLarge(APIException):
    """413."""

    status_code = 413
    default_detail = "The body is larger than 10 MB."
    default_code = "too_large"


class StrictJSONParser(BaseParser):
    """`application/json` and nothing else."""

    media_type = "application/json"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None
    ) -> dict[str, Any]:
        """The object. Raises `ParseError` (400) or `TooLarge` (413)."""
        body = stream.read(MOST_BYTES + 1)
        if len(body) > MOST_BYTES:
            raise TooLarge
        if not body.strip():
            return {}
        try:
            data = json.loads(body, parse_constant=_refuse, object_pairs_hook=_once)
        except (ValueError, RecursionError) as error:
            raise ParseError("The body is not valid JSON.") from error
        if not isinstance(data, dict):
            raise ParseError("The body must be a JSON object.")
        return data


def _refuse(name: str) -> None:
    raise ValueError(name)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found
