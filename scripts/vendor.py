"""`make vendor`: fetch the vendored front-end files again and compare them with the record.

`static/vendor/VENDOR.json` names package, version, licence and SHA-256 of each file. A file that
the released package does not hold with that very hash is refused, and nothing is written.
Needs npm; the product itself never does.
"""

import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import TypedDict

VENDOR = Path(__file__).resolve().parent.parent / "static" / "vendor"


class Entry(TypedDict):
    """One vendored file."""

    file: str
    name: str
    version: str
    licence: str
    sha256: str


class NotTheRelease(RuntimeError):
    """The package holds no such file with that hash."""


def main() -> int:
    """Return the exit code."""
    entries: list[Entry] = json.loads((VENDOR / "VENDOR.json").read_text("utf-8"))
    try:
        found = {entry["file"]: fetch(entry) for entry in entries}
    except (NotTheRelease, subprocess.CalledProcessError, FileNotFoundError) as error:
        print(error, file=sys.stderr)
        return 1
    for name, content in found.items():
        (VENDOR / name).write_bytes(content)
        print(f"{name}: as released")
    return 0


def fetch(entry: Entry) -> bytes:
    """Return the file's bytes from the released package. Raises NotTheRelease."""
    with tempfile.TemporaryDirectory() as folder:
        package = f"{entry['name']}@{entry['version']}"
        command = ["npm", "pack", "--silent", "--pack-destination", folder, package]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        (archive,) = Path(folder).glob("*.tgz")
        return pick(archive, entry)


def pick(archive: Path, entry: Entry) -> bytes:
    """Return the file of that name and hash out of a package. Raises NotTheRelease."""
    with tarfile.open(archive) as package:
        for member in package:
            if not member.isfile() or Path(member.name).name != entry["file"]:
                continue
            stream = package.extractfile(member)
            content = stream.read() if stream else b""
            if hashlib.sha256(content).hexdigest() == entry["sha256"]:
                return content
    raise NotTheRelease(f"{entry['name']} {entry['version']} has no {entry['file']} with that hash")


if __name__ == "__main__":
    sys.exit(main())
