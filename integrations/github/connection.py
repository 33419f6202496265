"""What a connection reaches: its repositories, its webhook, and whether both work."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from inbox.channels.contract import ChannelConfig
from integrations.github import client
from integrations.github.client import GitHubError

Row = dict[str, Any]
PAGE = 100


def is_app(config: ChannelConfig) -> bool:
    """Connected as an installation of an App, not by a person's token."""
    names = ("app_id", "private_key", "installation_id")
    return not config.get("token") and all(config.get(name) for name in names)


def named(config: ChannelConfig) -> list[str]:
    """The repositories that the settings name."""
    return [name.strip() for name in config.get("repos").split(",") if name.strip()]


def repositories(config: ChannelConfig) -> list[str]:
    """Full names: those of the settings, else what the App was given. Raises `GitHubError`."""
    return named(config) or [str(row["full_name"]) for row in _installed(config)]


def _installed(config: ChannelConfig) -> Iterator[Row]:
    """https://docs.github.com/en/rest/apps/installations#list-repositories-accessible-to-the-app-installation."""
    if not is_app(config):
        return
    page = 1
    while True:
        query = {"per_page": PAGE, "page": page}
        found, _ = client.call(config, "GET", "/installation/repositories", query=query)
        rows = found.get("repositories") or []
        yield from rows
        if len(rows) < PAGE:
            return
        page += 1


def places(config: ChannelConfig) -> list[tuple[str, str]]:
    """Repositories that can be watched, by name. Raises `GitHubError`."""
    if is_app(config):
        rows = list(_installed(config))
    else:
        query = {"per_page": PAGE, "sort": "full_name"}
        rows = client.pages(config, "/user/repos", query)
    names = sorted((str(row["full_name"]), bool(row.get("archived"))) for row in rows)
    return [(name, name + (" (archived)" if archived else "")) for name, archived in names]


# ------------------------------------------------------------------ who we are


def discover(config: ChannelConfig) -> Mapping[str, str]:
    """The id of the token's owner, by which our own words are known; Apps are known as bots.

    Empty when nobody says: an installation's token has no owner.
    https://docs.github.com/en/rest/users/users#get-the-authenticated-user
    """
    found: Row | None = None
    if config.get("token"):
        with suppress(GitHubError):
            found, _ = client.call(config, "GET", "/user")
    return {"user_id": str((found or {}).get("id") or "")}


# ------------------------------------------------------------------ the webhook


def as_app(config: ChannelConfig) -> ChannelConfig:
    """The connection speaking as the App itself, not as its installation. Raises `GitHubError`."""
    return replace(config, secrets={**config.secrets, "token": client.app_jwt(config)})


def hook_of(config: ChannelConfig, name: str) -> Row | None:
    """The repository's webhook that posts to us. Raises `GitHubError`.

    https://docs.github.com/en/rest/repos/webhooks#list-repository-webhooks
    """
    for row in client.pages(config, f"/repos/{name}/hooks", {"per_page": PAGE}):
        if (row.get("config") or {}).get("url") == config.webhook_url:
            return row
    return None


# ------------------------------------------------------------------ the live check


def check(config: ChannelConfig) -> str:
    """Begins with "ok" when everything answers, else says what does not. Never raises."""
    try:
        found, _ = client.call(config, "GET", "/rate_limit")
        names = repositories(config)
        # an App is told which repositories it may see; names that people wrote are tried
        wrong = [text for name in named(config) if (text := _unreadable(config, name))]
        hooks, broken = _hooks(config, names)
    except GitHubError as error:
        return error.text
    if wrong or broken:
        return "; ".join([*wrong, *broken])
    left = ((found or {}).get("resources") or {}).get("core", {}).get("remaining")
    parts = [f"{left} requests left this hour"]
    if names:
        parts.append(f"{len(names)} repositor{'y' if len(names) == 1 else 'ies'} can be read")
    return "ok: " + ", ".join([*parts, *hooks])


def _unreadable(config: ChannelConfig, name: str) -> str:
    try:
        client.call(config, "GET", f"/repos/{name}")
    except GitHubError as error:
        if not error.permanent:
            raise
        return f"{name}: {error.text}"
    return ""


def _hooks(config: ChannelConfig, names: list[str]) -> tuple[list[str], list[str]]:
    """(what is well, what is wrong) with the webhook. Raises `GitHubError`."""
    try:
        if is_app(config):
            return _app_hook(as_app(config))
        found = {name: hook_of(config, name) for name in names}
    except GitHubError as error:
        if error.status in (403, 404) and error.permanent:
            return ["the webhook cannot be looked at with these rights"], []
        raise
    wrong = [
        f"{name} has no webhook to {config.webhook_url} (unless its organization has one)"
        for name, row in found.items()
        if not row
    ]
    wrong += [text for name, row in found.items() if row and (text := _last(row, name))]
    return (["the webhook arrives"] if found and not wrong else []), wrong


def _last(row: Row, name: str) -> str:
    """What is wrong with a repository's webhook, or ""."""
    if not row.get("active", True):
        return f"the webhook of {name} is switched off"
    last = row.get("last_response") or {}
    if int(last.get("code") or 200) < 300:
        return ""
    return (
        f"the webhook of {name} was last answered with {last['code']} {last.get('message') or ''}"
    )


def _app_hook(config: ChannelConfig) -> tuple[list[str], list[str]]:
    """https://docs.github.com/en/rest/apps/webhooks."""
    hook, _ = client.call(config, "GET", "/app/hook/config")
    if (hook or {}).get("url") != config.webhook_url:
        return [], [f"the App posts to {(hook or {}).get('url')}, not to {config.webhook_url}"]
    rows, _ = client.call(config, "GET", "/app/hook/deliveries", query={"per_page": 1})
    if rows and rows[0].get("status") != "OK":
        return [], [f"the App's last delivery was answered with {rows[0].get('status_code')}"]
    return ["the webhook arrives"], []
