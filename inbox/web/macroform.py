"""A macro as a form: words, actions as lines, who finds it and where."""

from typing import Any

from django import forms

from inbox.accounts.models import Team, User
from inbox.accounts.permissions import Right, can
from inbox.channels import registry
from inbox.macros.actions import ACTIONS, FLAG, WORDS, in_order, words
from inbox.macros.models import Macro, SeenBy
from inbox.macros.services import check
from inbox.macros.wording import BadMacro

EXTRA = 3
CHOICES = [
    ("", "Nothing"),
    *(
        (name, said.replace(" {v}", " …").replace("{v}", "…"))
        for name, (_, said) in ACTIONS.items()
    ),
]


class MacroForm(forms.Form):
    """One macro. Everybody's are made by admins, a team's by its members."""

    name = forms.CharField(max_length=120, error_messages={"required": "Every macro has one."})
    text = forms.CharField(required=False, strip=False)
    seen_by = forms.ChoiceField(choices=[])
    channels = forms.MultipleChoiceField(required=False, choices=[])
    categories = forms.CharField(required=False, max_length=1000)
    order = forms.IntegerField(min_value=0, max_value=10_000, initial=100)
    enabled = forms.BooleanField(required=False)

    def __init__(self, data: Any, *, macro: Macro, user: User) -> None:
        self.macro, self.user = macro, user
        known = in_order(macro.actions)
        self.lines = len(known) + EXTRA
        super().__init__(data, initial=self._now(macro, known))
        shares = self._shares()
        self.fields["seen_by"].choices = shares  # type: ignore[attr-defined]  # a ChoiceField
        kinds = [(name, kind.label) for name, kind in registry.all_kinds().items()]
        self.fields["channels"].choices = kinds  # type: ignore[attr-defined]  # a ChoiceField
        for n in range(self.lines):
            self.fields[f"a{n}_name"] = forms.ChoiceField(choices=CHOICES, required=False)
            self.fields[f"a{n}_value"] = forms.CharField(required=False, max_length=500)

    @staticmethod
    def _now(macro: Macro, known: list[tuple[str, Any]]) -> dict[str, Any]:
        shared = f"team:{macro.team.key}" if macro.team else macro.seen_by
        lines = {f"a{n}_name": name for n, (name, _) in enumerate(known)}
        lines |= {
            f"a{n}_value": "" if ACTIONS[name][0] == FLAG else ", ".join(words(value))
            for n, (name, value) in enumerate(known)
        }
        return {
            "name": macro.name,
            "text": macro.text,
            "seen_by": shared,
            "channels": macro.channels,
            "categories": ", ".join(macro.categories),
            "order": macro.order,
            "enabled": macro.enabled,
            **lines,
        }

    def _shares(self) -> list[tuple[str, str]]:
        admin = can(self.user, Right.MANAGE)
        teams = Team.objects.all() if admin else self.user.teams.all()
        found: list[tuple[str, str]] = [(SeenBy.EVERYBODY, "Everybody")] if admin else []
        found += [(f"team:{team.key}", team.name) for team in teams.order_by("name")]
        return [*found, (SeenBy.OWNER, "Only me")]

    @property
    def action_rows(self) -> list[tuple[Any, Any]]:
        """The lines of actions for the template."""
        return [(self[f"a{n}_name"], self[f"a{n}_value"]) for n in range(self.lines)]

    def clean(self) -> dict[str, Any]:
        """The macro with what was written; what cannot be is said in words."""
        data = super().clean() or {}
        if self.errors:
            return data
        self._take(data)
        try:
            check(self.macro.text, self.macro.actions, self.macro.channels)
        except BadMacro as error:
            raise forms.ValidationError(str(error)) from error
        return data

    def _take(self, data: dict[str, Any]) -> None:
        macro, shared = self.macro, data["seen_by"]
        macro.name, macro.order, macro.enabled = data["name"], data["order"], data["enabled"]
        macro.text = data["text"].replace("\r\n", "\n").strip()
        macro.actions = [
            {data[f"a{n}_name"]: self._value(data[f"a{n}_name"], data[f"a{n}_value"])}
            for n in range(self.lines)
            if data[f"a{n}_name"]
        ]
        macro.channels = data["channels"]
        macro.categories = _parts(data["categories"])
        key = shared.removeprefix("team:") if shared.startswith("team:") else ""
        macro.team = Team.objects.get(key=key) if key else None
        macro.seen_by = SeenBy.TEAM if key else shared
        macro.owner = self.user if shared == SeenBy.OWNER else None

    @staticmethod
    def _value(name: str, text: str) -> Any:
        if ACTIONS[name][0] == FLAG:
            return True
        return _parts(text) if ACTIONS[name][0] == WORDS and "," in text else text.strip()


def _parts(text: str) -> list[str]:
    return list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
