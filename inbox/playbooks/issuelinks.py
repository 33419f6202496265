"""The address of a tracker's page for a new issue, filled in; where no connection opens one (S83).

No Django in this module. https://docs.github.com/en/issues/tracking-your-work-with-issues/
using-issues/creating-an-issue#creating-an-issue-from-a-url-query ·
https://docs.gitlab.com/user/project/issues/create_issues/#using-a-url-with-prefilled-values
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

LONGEST_URL = 8000  # more is refused by common servers
CUT = "\n\n… The text was too long for an address; paste the rest."


@dataclass(frozen=True, kw_only=True)
class Form:
    """How a page for new issues calls what is filled in."""

    title: str
    text: str
    template: str
    labels: str = ""  # "": labels are written as a command at the end of the text
    suffix: str = ""  # what a template's file is called beyond its name there


# by the end of the page's address
FORMS = {
    "/-/issues/new": Form(
        title="issue[title]",
        text="issue[description]",
        template="issuable_template",
        suffix=".md",
    ),
    "/issues/new": Form(title="title", text="body", template="template", labels="labels"),
}


def prefilled_issue_url(
    page: str, *, title: str, text: str, labels: Sequence[str] = (), template: str = ""
) -> str:
    """`page` is the tracker's own address for a new issue, as the browser shows it.

    `https://github.com/<owner>/<name>/issues/new` or `https://<host>/<project>/-/issues/new`.
    A template without a text is named, so that the page shows it; with a text it is not needed.
    Raises `ValueError` for another address.
    """
    parts = urlsplit(page)
    form = next((form for end, form in FORMS.items() if parts.path.endswith(end)), None)
    if parts.scheme not in ("http", "https") or not parts.netloc or form is None:
        raise ValueError("An address that ends with /issues/new is needed.")
    base = f"{parts.scheme}://{parts.netloc}{parts.path}"
    kept, end = text, ""
    while len(url := _url(base, form, title, kept + end, labels, template)) > LONGEST_URL and kept:
        kept, end = kept[: len(kept) * 9 // 10].rstrip(), CUT
    return url


def _url(base: str, form: Form, title: str, text: str, labels: Sequence[str], template: str) -> str:
    said = text
    if labels and not form.labels:
        named = " ".join(f'~"{label}"' for label in labels)
        said = f"{text}\n\n/label {named}".strip()
    told = {form.title: title, form.text: said}
    if labels and form.labels:
        told[form.labels] = ",".join(labels)
    if template and not said:
        told[form.template] = template.removesuffix(form.suffix)
    return f"{base}?{urlencode({name: value for name, value in told.items() if value})}"
