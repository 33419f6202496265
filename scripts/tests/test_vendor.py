"""Only what was released, byte for byte, gets into the vendored folder."""

import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from scripts import vendor

GOOD = b"export default 1;\n"


def _package(folder: Path) -> Path:
    path = folder / "package.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for name, content in (("package/a.js", b"old"), ("package/dist/a.js", GOOD)):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def _entry(file: str, content: bytes) -> vendor.Entry:
    digest = hashlib.sha256(content).hexdigest()
    return {"file": file, "name": "a", "version": "1", "licence": "MIT", "sha256": digest}


def test_file_is_found_by_name_and_hash(tmp_path: Path) -> None:
    assert vendor.pick(_package(tmp_path), _entry("a.js", GOOD)) == GOOD


@pytest.mark.parametrize(("file", "content"), [("a.js", b"changed"), ("b.js", GOOD)])
def test_other_bytes_and_other_names_are_refused(tmp_path: Path, file: str, content: bytes) -> None:
    with pytest.raises(vendor.NotTheRelease, match=f"a 1 has no {file} with that hash"):
        vendor.pick(_package(tmp_path), _entry(file, content))
