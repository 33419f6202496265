"""Routing rules for people who do not write code: the book, its editor, trying without harm."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.text import slugify
from django.views.decorators.http import require_POST

from inbox.accounts.models import User
from inbox.admin import rulebook
from inbox.admin.audited import NOTED, Audited
from inbox.admin.ruleform import RuleForm
from inbox.audit import services as audit
from inbox.channels import registry
from inbox.common.versions import bump
from inbox.routing import backtest
from inbox.routing.models import Rule
from inbox.tickets.models import Category
from inbox.web.page import page

BOOK = "admin/inbox/rule/book.html"


@admin.register(Rule)
class RuleAdmin(Audited):
    """The rule book at the admin's own addresses, drawn like the desk."""

    def get_urls(self) -> list[URLPattern]:
        """Beside the admin's own pages: order and switch of a rule, and trying."""
        view = self.admin_site.admin_view
        own = [
            path("<int:pk>/set/", view(require_POST(self.set_rule)), name="rule-set"),
            path("try/", view(self.try_all), name="rules-try"),
        ]
        return [*own, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """All rules in their order, as sentences."""
        self._need(request)
        return self._book(request)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """A new rule."""
        self._need(request)
        return self._edit(request, Rule(order=rulebook.next_order()))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """One rule in the editor."""
        self._need(request)
        known = object_id if object_id.isdecimal() else "0"
        return self._edit(request, get_object_or_404(Rule, pk=known))

    def _need(self, request: HttpRequest) -> None:
        if not self.has_change_permission(request):
            raise PermissionDenied

    def _edit(self, request: HttpRequest, rule: Rule) -> HttpResponse:
        if request.method != "POST":
            return self._book(request, rule=rule, form=RuleForm(instance=rule))
        data = request.POST.copy()
        data["key"] = rule.key or slugify(data.get("label", ""))[:80]
        data["order"] = str(rule.order)
        form = RuleForm(data, instance=rule)
        if not form.is_valid():
            return self._book(request, rule=rule, form=form, status=422)
        if "_try" in data:
            return self._book(request, rule=rule, form=form, draft=form.instance)
        return self._save(request, rule, form)

    def _save(self, request: HttpRequest, rule: Rule, form: RuleForm) -> HttpResponse:
        new = rule.pk is None
        before = _state(Rule.objects.filter(pk=rule.pk).first())
        form.instance.paused_reason = ""  # saving wakes a rule that was put to rest
        saved = form.save()
        names = [str(action["category"]) for action in saved.actions if "category" in action]
        Category.objects.bulk_create([Category(name=n) for n in names], ignore_conflicts=True)
        for name in ("rules", "categories"):
            bump(name)
        setattr(request, NOTED, audit.differences(before, _state(saved)))
        log = self.log_addition if new else self.log_change
        log(request, saved, [{"added" if new else "changed": {}}])
        messages.success(request, f"“{saved.label}” is live.")
        return HttpResponseRedirect(reverse("admin:inbox_rule_change", args=[saved.pk]))

    def _book(
        self,
        request: HttpRequest,
        *,
        rule: Rule | None = None,
        form: RuleForm | None = None,
        draft: Rule | None = None,
        status: int = 200,
    ) -> HttpResponse:
        context: dict[str, Any] = {"lines": rulebook.lines(), "rule": rule, "form": form}
        context["draft"] = draft is not None
        tried = draft or (rule if rule is not None and rule.pk else None)
        if tried is not None and status == 200:
            context["dry"] = rulebook.dry_run(tried, _user(request))
        return page(request, BOOK, context, status=status)

    def set_rule(self, request: HttpRequest, pk: int) -> HttpResponse:
        """On, off, up, down, or before another rule."""
        self._need(request)
        rule = get_object_or_404(Rule, pk=pk)
        with transaction.atomic():
            said = rulebook.arrange(rule, request.POST)
        bump("rules")
        self.log_change(request, rule, said)
        return HttpResponseRedirect(f"{reverse('admin:inbox_rule_changelist')}#r-{pk}")

    def delete_model(self, request: HttpRequest, obj: Rule) -> None:
        """Deleting tells every process too."""
        super().delete_model(request, obj)
        bump("rules")

    def try_all(self, request: HttpRequest) -> HttpResponse:
        """Every rule that is on, asked about a pasted message; nothing is changed."""
        self._need(request)
        return page(request, "admin/inbox/rule/try.html", _pasted(request))


def _state(rule: Rule | None) -> dict[str, Any]:
    """What the audit log says of a rule before and after."""
    names = ("label", "trigger", "condition", "actions", "stop", "enabled")
    return {name: getattr(rule, name) for name in names} if rule else {}


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 - admin_view let only staff in
    return request.user


def _pasted(request: HttpRequest) -> dict[str, Any]:
    raw = request.POST.get("raw", "")
    mailbox = request.POST.get("mailbox", "support@example.com")
    shown: dict[str, Any] = {"raw": raw, "mailbox": mailbox}
    kinds = [name for name, kind in registry.all_kinds().items() if kind.inspect]
    if not raw.strip() or not kinds:
        return shown
    rules = rulebook.compiled(Rule.objects.filter(enabled=True))
    message, decision = backtest.on_pasted(rules, raw.encode(), kind="email", mailbox=mailbox)
    return {**shown, "message": message, "decision": decision}
