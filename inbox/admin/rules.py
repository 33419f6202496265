"""Routing rules for people who do not write code."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from inbox.accounts.models import User
from inbox.admin import rows
from inbox.channels import registry
from inbox.common.versions import bump
from inbox.routing import backtest
from inbox.routing.conditions import FIELDS, OPERATORS, BadCondition
from inbox.routing.engine import ACTIONS, BadRule, RuleSpec, compile_rule
from inbox.routing.models import Rule
from inbox.routing.sentences import ACTION_WORDS, sentence
from inbox.tickets import queries
from inbox.tickets.models import Category

EXTRA = 4
LEVELS = [(str(n), "·" * n or "top") for n in range(5)]
WHATS = [(rows.CONDITION, "Condition"), *rows.GROUPS.items()]
FIELD_CHOICES = [("", "—"), *((name, words) for name, (_, words) in FIELDS.items())]
ACTION_CHOICES = [("", "—"), *((n, ACTION_WORDS[n].format(v="…")) for n in ACTIONS)]


class RuleForm(forms.ModelForm):
    """The plain fields; conditions and actions are rows of fields made on the fly."""

    class Meta:
        model = Rule
        fields = ["label", "key", "order", "trigger", "stop", "enabled"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = list(rows.rows_of(self.instance.condition)) if self.instance.pk else []
        self.lines = len(known) + EXTRA
        for n in range(self.lines):
            self._condition_row(n, known[n] if n < len(known) else None)
        done = rows.action_rows(self.instance.actions) if self.instance.pk else []
        self.action_lines = len(done) + EXTRA
        for n in range(self.action_lines):
            self._action_row(n, done[n] if n < len(done) else ("", ""))

    def _condition_row(self, n: int, row: rows.Row | None) -> None:
        shown = row or rows.Row()
        choices = (
            ("level", LEVELS, str(shown.level)),
            ("what", WHATS, shown.what),
            ("field", FIELD_CHOICES, shown.field),
            ("operator", list(OPERATORS.items()), shown.operator),
        )
        for name, options, initial in choices:
            self.fields[f"c{n}_{name}"] = forms.ChoiceField(
                choices=options, initial=initial, required=False, label=name
            )
        value = forms.CharField(initial=shown.value, required=False, label="value", strip=False)
        value.widget.attrs["size"] = 40
        self.fields[f"c{n}_value"] = value

    def _action_row(self, n: int, row: tuple[str, str]) -> None:
        self.fields[f"a{n}_name"] = forms.ChoiceField(
            choices=ACTION_CHOICES, initial=row[0], required=False, label="action"
        )
        text = forms.CharField(initial=row[1], required=False, label="value", widget=forms.Textarea)
        text.widget.attrs.update(rows=1, cols=40)
        self.fields[f"a{n}_value"] = text

    @property
    def condition_rows(self) -> list[list[Any]]:
        """The condition's fields, line by line, for the template."""
        names = ("level", "what", "field", "operator", "value")
        return [[self[f"c{n}_{name}"] for name in names] for n in range(self.lines)]

    @property
    def action_rows(self) -> list[list[Any]]:
        """The actions' fields, line by line, for the template."""
        return [[self[f"a{n}_name"], self[f"a{n}_value"]] for n in range(self.action_lines)]

    def clean(self) -> dict[str, Any]:
        """Rows become a rule; what cannot be is said in words."""
        data = super().clean() or {}
        try:
            self.instance.condition = rows.tree_of(self._conditions(data))
            self.instance.actions = rows.actions_of(self._actions(data))
            compile_rule(self._spec(data))
        except (rows.BadRow, BadRule, BadCondition) as error:
            raise forms.ValidationError(str(error)) from error
        return data

    def _spec(self, data: dict[str, Any]) -> RuleSpec:
        return RuleSpec(
            key=data.get("key") or "new",
            label=data.get("label") or "new",
            trigger=data.get("trigger") or "message",
            condition=self.instance.condition,
            actions=self.instance.actions,
        )

    def _conditions(self, data: dict[str, Any]) -> list[rows.Row]:
        found = []
        for n in range(self.lines):
            what, field = data.get(f"c{n}_what"), data.get(f"c{n}_field", "")
            if what == rows.CONDITION and not field:
                continue  # an empty line
            found.append(
                rows.Row(
                    level=int(data.get(f"c{n}_level") or 0),
                    what=what or rows.CONDITION,
                    field=field,
                    operator=data.get(f"c{n}_operator") or "is",
                    value=data.get(f"c{n}_value") or "",
                )
            )
        return found

    def _actions(self, data: dict[str, Any]) -> list[tuple[str, str]]:
        lines = (
            (data.get(f"a{n}_name"), data.get(f"a{n}_value")) for n in range(self.action_lines)
        )
        return [(name, value or "") for name, value in lines if name]


@admin.register(Rule)
class RuleAdmin(admin.ModelAdmin):
    """The rule book: order, sentence, on or off, hits; a form of rows; trying without harm."""

    form = RuleForm
    list_display = ("label", "order", "enabled", "said", "hits_30_days", "paused_reason")
    list_editable = ("order", "enabled")
    list_filter = ("enabled", "trigger")
    search_fields = ("label", "key")
    change_form_template = "admin/inbox/rule/change_form.html"
    prepopulated_fields = {"key": ("label",)}

    def get_fieldsets(self, request: HttpRequest, obj: Rule | None = None) -> Any:
        """The plain fields; the rows are drawn by the template."""
        return [(None, {"fields": ["label", "key", ("order", "enabled"), "trigger", "stop"]})]

    def get_form(
        self,
        request: HttpRequest,
        obj: Any | None = None,
        change: bool = False,  # noqa: FBT001, FBT002 - Django's signature
        **kwargs: Any,
    ) -> Any:
        """The form with its own fields: the admin must not cut them to the fieldsets."""
        kwargs["fields"] = RuleForm.Meta.fields
        return super().get_form(request, obj, change, **kwargs)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rule]:
        """Rules with their hits of the last 30 days."""
        since = timezone.now() - timedelta(days=30)
        rules: QuerySet[Rule] = super().get_queryset(request)
        return rules.annotate(n=Count("hits", filter=Q(hits__at__gt=since)))

    @admin.display(description="What it does")
    def said(self, rule: Rule) -> str:
        """The rule as a sentence."""
        return sentence(rule.trigger, rule.condition, rule.actions, stop=rule.stop)

    @admin.display(description="Hits in 30 days")
    def hits_30_days(self, rule: Any) -> int:
        """How often it matched."""
        return int(rule.n)

    def save_model(self, request: HttpRequest, obj: Rule, form: Any, change: Any) -> None:
        """Saving wakes a paused rule and tells every process."""
        obj.paused_reason = ""
        super().save_model(request, obj, form, change)
        names = [str(action["category"]) for action in obj.actions if "category" in action]
        Category.objects.bulk_create([Category(name=n) for n in names], ignore_conflicts=True)
        bump("rules")
        bump("categories")

    def delete_model(self, request: HttpRequest, obj: Rule) -> None:
        """Deleting tells every process too."""
        super().delete_model(request, obj)
        bump("rules")

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Rule]) -> None:
        """The same for several."""
        super().delete_queryset(request, queryset)
        bump("rules")

    def get_urls(self) -> list[URLPattern]:
        """Beside the admin's own pages: trying the rules."""
        own = [
            path("<int:pk>/try/", self.admin_site.admin_view(self.try_one), name="rule-try"),
            path("try/", self.admin_site.admin_view(self.try_all), name="rules-try"),
        ]
        return [*own, *super().get_urls()]

    def try_one(self, request: HttpRequest, pk: int) -> HttpResponse:
        """One rule on the last tickets and on a pasted message; nothing is changed."""
        return self._try(request, [get_object_or_404(Rule, pk=pk)])

    def try_all(self, request: HttpRequest) -> HttpResponse:
        """All rules that are on."""
        return self._try(request, list(Rule.objects.filter(enabled=True)))

    def _try(self, request: HttpRequest, chosen: list[Rule]) -> HttpResponse:
        user = request.user
        assert isinstance(user, User)  # noqa: S101 - admin_view let only staff in
        compiled = [compile_rule(rule.spec) for rule in chosen]
        last = queries.visible_to(user).select_related("channel", "owner", "team", "asker__contact")
        trials = backtest.on_last_tickets(
            compiled,
            list(last.order_by("-number")[: backtest.LAST]),
            ["opened", "message", "state"],
        )
        context = {
            **self.admin_site.each_context(request),
            "title": "Try the rules",
            "rules": chosen,
            "trials": trials,
            "hits": sum(bool(trial.decision.matched) for trial in trials),
            **_pasted(request, compiled),
        }
        return TemplateResponse(request, "admin/inbox/rule/try.html", context)


def _pasted(request: HttpRequest, compiled: list[Any]) -> dict[str, Any]:
    raw = request.POST.get("raw", "")
    mailbox = request.POST.get("mailbox", "support@example.com")
    shown: dict[str, Any] = {"raw": raw, "mailbox": mailbox}
    kinds = [name for name, kind in registry.all_kinds().items() if kind.inspect]
    if not raw.strip() or not kinds:
        return shown
    message, decision = backtest.on_pasted(compiled, raw.encode(), kind=kinds[0], mailbox=mailbox)
    return {**shown, "message": message, "decision": decision}
