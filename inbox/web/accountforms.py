"""The forms of one's own account, and of the team's."""

import zoneinfo
from typing import Any

from django import forms

from inbox.accounts.models import Role, Team, User
from inbox.notify import choices

THEMES = [("", "As the system"), ("light", "Light"), ("dark", "Dark")]
DENSITIES = [("", "Roomy"), ("compact", "Compact")]


class LooksForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """Name, zone, looks and keys."""

    theme = forms.ChoiceField(choices=THEMES, required=False)
    density = forms.ChoiceField(choices=DENSITIES, required=False)

    class Meta:
        model = User
        fields = ["first_name", "last_name", "timezone", "theme", "density", "single_keys"]

    def clean_timezone(self) -> str:
        """A zone that exists, or none for the desk's."""
        name: str = self.cleaned_data["timezone"].strip()
        if name and name not in zones():
            raise forms.ValidationError("There is no such time zone; try “Europe/Lisbon”.")
        return name


def zones() -> set[str]:
    """Every zone that one may live in."""
    return zoneinfo.available_timezones()


class ToldForm(forms.Form):
    """A list of media per event, and a night."""

    quiet_from = forms.TimeField()
    quiet_until = forms.TimeField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for event in choices.EVENTS:
            options = list(choices.MEDIA.items())
            self.fields[event.key] = forms.MultipleChoiceField(choices=options, required=False)

    def told(self) -> dict[str, list[str]]:
        """Event → media, every event named: what is shipped may change later."""
        return {event.key: self.cleaned_data[event.key] for event in choices.EVENTS}

    def quiet(self) -> list[str]:
        """The night as it is kept."""
        names = ("quiet_from", "quiet_until")
        return [self.cleaned_data[name].strftime("%H:%M") for name in names]


class InviteForm(forms.Form):
    """Whom to invite, as what."""

    email = forms.EmailField(max_length=250)
    role = forms.ChoiceField(choices=Role.choices)
    teams = forms.ModelMultipleChoiceField(Team.objects.all(), required=False)


class MemberForm(forms.Form):
    """A member's role and teams."""

    role = forms.ChoiceField(choices=Role.choices)
    teams = forms.ModelMultipleChoiceField(Team.objects.all(), required=False)


class AcceptForm(forms.Form):
    """Who somebody is, and their password."""

    name = forms.CharField(max_length=150, error_messages={"required": "Say who you are."})
    password = forms.CharField(
        max_length=1000, strip=False, error_messages={"required": "Choose a password."}
    )
