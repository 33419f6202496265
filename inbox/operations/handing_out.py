"""`person_export`: a folder or one archive with everything about a person."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from inbox.accounts.models import User
from inbox.audit import services as audit
from inbox.privacy import exporting
from inbox.privacy.person import whole

Say = Callable[[str], None]


def export(
    contact_id: int,
    target: Path,
    *,
    notes: bool = False,
    by: User | None = None,
    say: Say = lambda _: None,
) -> dict[str, int]:
    """Write the export; a target that ends in .zip is one archive. Nothing is ever overwritten.

    Raises `Contact.DoesNotExist` and `FileExistsError`.
    """
    person = whole(contact_id)
    if target.exists():
        raise FileExistsError(f"{target} is here already")
    with tempfile.TemporaryDirectory(dir=_parent(target)) as made:
        folder = Path(made) / f"person-{contact_id}"
        counts = exporting.write(person, folder, notes=notes, say=say)
        if target.suffix == ".zip":
            packed = shutil.make_archive(f"{made}/packed", "zip", made, folder.name)
            folder = Path(packed)
        folder.chmod(0o600 if folder.is_file() else 0o700)
        folder.rename(target)
    # written down once it is there: who took out what, never where to
    new = {**counts, "notes": notes}
    audit.record(by or audit.COMMAND, "person.exported", f"person {contact_id}", new=new)
    return counts


def _parent(target: Path) -> Path:
    """Beside the target, so that it appears there whole or not at all; for its owner alone."""
    target.parent.mkdir(parents=True, exist_ok=True)
    return target.parent
