"""Macros stand on the desk, where whoever uses them edits them; the admin leads there."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse

from inbox.admin.audited import Audited
from inbox.macros.models import Macro


@admin.register(Macro)
class MacroAdmin(Audited):
    """The desk's own pages, with their preview and their checks."""

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Every macro."""
        return HttpResponseRedirect(reverse("macros"))

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """A new one."""
        return HttpResponseRedirect(reverse("macro-new"))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """One in the editor."""
        macro = get_object_or_404(Macro, pk=object_id if object_id.isdecimal() else 0)
        return HttpResponseRedirect(reverse("macro-edit", args=[macro.key]))
