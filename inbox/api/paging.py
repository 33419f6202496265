"""Cursor pages: `{"results": […], "next": url|null}`; rows that come meanwhile move nothing."""

from typing import Any

from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response


class Pages(CursorPagination):
    """Fifty rows a page, up to 200."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"
    ordering: Any = "-pk"

    def decode_cursor(self, request: Request) -> Any:
        """A cursor that we did not make is the client's mistake: 400, not 404."""
        try:
            return super().decode_cursor(request)
        except NotFound as error:
            raise ValidationError({"cursor": ["This is no cursor of ours."]}) from error

    def get_paginated_response(self, data: Any) -> Response:
        """The contract's shape."""
        return Response({"results": data, "next": self.get_next_link()})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The same for the OpenAPI description."""
        return {
            "type": "object",
            "required": ["results", "next"],
            "properties": {
                "results": schema,
                "next": {"type": "string", "format": "uri", "nullable": True},
            },
        }


class OldestFirst(Pages):
    """Messages and events, in the order in which they happened."""

    ordering = ("sent_at", "pk")


class ById(Pages):
    """Rows in the order of their ids."""

    ordering = "pk"
