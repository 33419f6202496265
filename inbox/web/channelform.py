"""The settings of a connection as fields of a page, and what was filled in."""

from dataclasses import dataclass

from django.http import HttpRequest

from inbox.channels.contract import ChannelConfig, ChannelKind, SettingSpec

SHORT = {"api", "id", "imap", "smtp", "url"}


@dataclass(frozen=True)
class Setting:
    """One setting on the page: a secret shows only how it ends."""

    name: str
    label: str
    secret: bool
    required: bool
    help: str
    value: str
    ends: str


@dataclass(frozen=True)
class Group:
    """Settings that belong together."""

    key: str
    title: str
    settings: list[Setting]


def groups(kind: ChannelKind, config: ChannelConfig, request: HttpRequest) -> list[Group]:
    """Every setting, those first without which nothing works; groups without any are left out."""
    made: dict[str, list[Setting]] = {name: [] for name in TITLES}
    for spec in kind.all_settings:
        made[_group_of(spec, kind)].append(_setting(spec, config, request))
    return [Group(name, TITLES[name], rows) for name, rows in made.items() if rows]


TITLES = {
    "app": "The app that asks",
    "needed": "Needed",
    "secrets": "Credentials",
    "more": "Settings",
}


def _group_of(spec: SettingSpec, kind: ChannelKind) -> str:
    if kind.oauth is not None and spec.name in kind.oauth.needs:
        return "app"
    if spec.required:
        return "needed"
    return "secrets" if spec.secret else "more"


def given(request: HttpRequest, kind: ChannelKind) -> dict[str, str]:
    """What was filled in; an empty secret keeps the old one, chosen places are one setting."""
    data = request.POST
    found = {s.name: data.get(s.name, "").strip() for s in kind.all_settings if s.name in data}
    secrets = {spec.name for spec in kind.all_settings if spec.secret}
    if "places" in data and kind.places_setting:
        found[kind.places_setting] = ",".join(name for name in data.getlist("places") if name)
    return {name: value for name, value in found.items() if value or name not in secrets}


def _setting(spec: SettingSpec, config: ChannelConfig, request: HttpRequest) -> Setting:
    known = config.get(spec.name)
    typed = request.POST.get(spec.name, "") if not spec.secret else ""
    ends = known[-4:] if spec.secret and len(known) > 8 else ""
    value = "" if spec.secret else typed or known or spec.default
    return Setting(spec.name, _label(spec.name), spec.secret, spec.required, spec.help, value, ends)


def _label(name: str) -> str:
    """“imap_url” as a person says it: “IMAP URL”."""
    words = [word.upper() if word in SHORT else word for word in name.split("_")]
    return " ".join([words[0][:1].upper() + words[0][1:], *words[1:]])
