"""Issue templates (Markdown with front matter) and issue forms (YAML) as text to start from; pure.

https://docs.github.com/en/communities/using-templates-to-encourage-useful-issues-and-pull-requests/syntax-for-githubs-form-schema
"""

import re
from collections.abc import Mapping
from typing import Any

import yaml

from inbox.channels.tracker import IssueTemplate

FRONT = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)^---[ \t]*\r?$\n?(.*)\Z", re.DOTALL | re.MULTILINE)
CHOOSER = ("config.yml", "config.yaml")  # how the page with the choice looks; no form
LONGEST = 65_000


def is_template(name: str) -> bool:
    """Whether a file of the templates' folder offers a form."""
    return name.lower().endswith((".md", ".yml", ".yaml")) and name.lower() not in CHOOSER


def template_of(name: str, text: str) -> IssueTemplate | None:
    """A file as a template; None when it cannot be read as one."""
    found = FRONT.match(text)
    is_form = not name.lower().endswith(".md")
    try:
        about = yaml.safe_load(text if is_form else found[1] if found else "") or {}
    except yaml.YAMLError:
        return None
    if not isinstance(about, dict):
        return None
    body = _headings(about.get("body")) if is_form else found[2] if found else text
    return IssueTemplate(
        key=name,
        name=str(about.get("name") or name.rpartition(".")[0]),
        title=str(about.get("title") or ""),
        text=body.strip()[:LONGEST],
        labels=_labels(about.get("labels")),
    )


def _labels(given: Any) -> tuple[str, ...]:
    """A list, or words with commas."""
    labels = given if isinstance(given, list) else str(given or "").split(",")
    return tuple(str(label).strip() for label in labels if str(label).strip())


def _headings(fields: Any) -> str:
    """A heading for each field, as GitHub itself writes the answers down."""
    rows = fields if isinstance(fields, list) else []
    return "\n\n".join(_field(row) for row in rows if _is_asked(row))


def _is_asked(row: Any) -> bool:
    return isinstance(row, dict) and row.get("type") != "markdown"


def _field(row: Mapping[str, Any]) -> str:
    given = row.get("attributes")
    about: Mapping[str, Any] = given if isinstance(given, dict) else {}
    options = about.get("options")
    choices = [_option(option) for option in options] if isinstance(options, list) else []
    if row.get("type") == "checkboxes":
        answer = "\n".join(f"- [ ] {choice}" for choice in choices)
    elif choices:
        answer = f"<!-- {' · '.join(choices)} -->"
    else:
        answer = str(about.get("value") or "").strip()
    hint = str(about.get("description") or "").strip().replace("--", "–")
    parts = [f"### {about.get('label') or row.get('id') or ''}", f"<!-- {hint} -->" if hint else ""]
    return "\n\n".join(part for part in [*parts, answer] if part)


def _option(option: Any) -> str:
    return str(option.get("label") or "") if isinstance(option, dict) else str(option)
