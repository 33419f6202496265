"""A rule as a form of rows: conditions and actions without JSON and without a script."""

from typing import Any

from django import forms

from inbox.admin import rows
from inbox.routing.conditions import FIELDS, OPERATORS, BadCondition
from inbox.routing.engine import ACTIONS, BadRule, RuleSpec, compile_rule
from inbox.routing.models import Rule
from inbox.routing.sentences import ACTION_WORDS

EXTRA = 3
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
            what = data.get(f"c{n}_what") or rows.CONDITION
            field = data.get(f"c{n}_field", "")
            if what == rows.CONDITION and not field:
                continue  # an empty line
            found.append(
                rows.Row(
                    level=int(data.get(f"c{n}_level") or 0),
                    what=what,
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
