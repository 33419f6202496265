"""The joined scripts hold every module once, each after what it imports."""

import re

from django.test import Client

from inbox.web import deskscript

ALONE = {"passkeys"}  # for pages at the door, which have no use for the desk's
MODULES = {path.stem for path in (deskscript.FOLDER / "js").glob("*.js")}
LEFT = re.compile(r"^(import|export)\b", re.MULTILINE)


def test_every_module_is_in_one_bundle() -> None:
    bundled = [name for names in deskscript.BUNDLES.values() for name in names]
    assert sorted(bundled) == sorted(MODULES - ALONE)


def test_a_module_stands_after_what_it_imports() -> None:
    for names in deskscript.BUNDLES.values():
        for n, name in enumerate(names):
            text = (deskscript.FOLDER / "js" / f"{name}.js").read_text()
            wanted = {found[2] for found in deskscript.IMPORT.finditer(text)}
            assert wanted <= set(names[:n]), name
            assert text.count("import {") == len(wanted), name


def test_nothing_is_left_to_import_and_browsers_keep_it() -> None:
    for name in ("vendor", *deskscript.BUNDLES):
        answer = Client().get(deskscript.address(name), headers={"host": "127.0.0.1"})
        assert answer.status_code == 200
        assert answer["Cache-Control"] == "public, max-age=31536000"
        if name != "vendor":
            assert not LEFT.search(answer.content.decode()), name
    assert Client().get("/script/none.js", headers={"host": "127.0.0.1"}).status_code == 404


def test_style_sheets_are_one_address_in_the_order_of_their_layers() -> None:
    answer = Client().get(deskscript.style_address(), headers={"host": "127.0.0.1"})
    assert answer["Content-Type"] == "text/css; charset=utf-8"
    assert answer["Cache-Control"] == "public, max-age=31536000"
    assert answer.content.startswith((deskscript.FOLDER / "css/tokens.css").read_bytes())
    assert answer.content.endswith((deskscript.FOLDER / "css/desk.css").read_bytes())
