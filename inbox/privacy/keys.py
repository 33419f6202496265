"""Stored secrets under the newest key: found by what they look like, wherever they stand."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.db import connection, models, transaction

from inbox.common import crypto
from inbox.common.crypto import (
    EncryptedBytesField,
    EncryptedJSONField,
    EncryptedTextField,
    UnknownKey,
)
from inbox.common.models import SigningKey
from inbox.privacy.columns import tables, words_in

REPLY = "reply"
AT_ONCE = 100
MARK = ":gAAAA"  # behind a key's id: how a Fernet token begins
TOKEN = re.compile(r"[\w.-]+:gAAAA[\w=-]+")


def keep_signing_key() -> None:
    """What signs reply addresses is kept for itself, so that its field key can be taken away."""
    if not SigningKey.objects.exists():
        SigningKey.objects.create(name=REPLY, key=crypto.oldest_key().decode())
        crypto.sign_with(None)


def rotate(model: type[models.Model], column: "models.Field[Any, Any]") -> Iterator[Counter[str]]:
    """Encrypt a column anew, some rows at a time; each batch is written when it is yielded.

    A row that somebody else changes meanwhile is left to them: they write under the newest key.
    """
    after: Any = None
    while batch := _batch(model, column, after):
        done: Counter[str] = Counter()
        with transaction.atomic():
            for pk, stored in batch:
                done[_renew(model, column, pk, stored)] += 1
        after = batch[-1][0]
        yield done


def seal(model: type[models.Model], column: "models.Field[Any, Any]") -> int:
    """Encrypt what was stored plain before the column was encrypted; how many rows."""
    table, name = connection.ops.quote_name(model._meta.db_table), _as_text(column)
    pk = connection.ops.quote_name(str(model._meta.pk.column))
    is_sealed, values = _is_sealed(column)
    sql = f"SELECT {pk} FROM {table} WHERE {name} <> '' AND NOT {is_sealed} ORDER BY {pk}"  # noqa: S608 - names are the models' own
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        keys = [row[0] for row in cursor.fetchall()]
    return sum(_seal(model, column, key) for key in keys)


def _seal(model: type[models.Model], column: "models.Field[Any, Any]", key: Any) -> bool:
    with transaction.atomic():
        row = model._base_manager.select_for_update().filter(pk=key)
        value = row.values_list(column.attname, flat=True).first()
        return value is not None and bool(row.update(**{column.attname: value}))


def _is_sealed(column: "models.Field[Any, Any]") -> tuple[str, list[str]]:
    """A condition for what is encrypted: bytes that begin so, for a mail may quote a token."""
    text = _as_text(column)
    if isinstance(column, EncryptedJSONField):
        return f"({text} LIKE %s)", ['{"sealed":%']
    where = "strpos" if connection.vendor == "postgresql" else "instr"
    begins = f"{where}({text}, ':') = {where}({text}, '{MARK}')"
    return f"({text} LIKE %s AND {begins})", [f"%{MARK}%"]


def places() -> "list[tuple[type[models.Model], models.Field[Any, Any]]]":
    """Every column in which something encrypted may stand: by its type, or in JSON."""
    return [
        (model, column)
        for model in tables()
        for column in words_in(model)
        if isinstance(column, EncryptedTextField | EncryptedBytesField | models.JSONField)
    ]


def _batch(
    model: type[models.Model], column: "models.Field[Any, Any]", after: Any
) -> list[tuple[Any, str]]:
    """(key, what is stored) of the next rows that have something encrypted by an older key."""
    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)
    pk = quote(str(model._meta.pk.column))
    text = _as_text(column)
    has_one, values = f"{text} LIKE %s", [f"%{MARK}%"]
    if isinstance(column, EncryptedBytesField):
        has_one, values = _is_sealed(column)
    sql = f"SELECT {pk}, {text} FROM {table} WHERE {has_one} AND {text} NOT LIKE %s"  # noqa: S608 - names are the models' own
    values = [*values, f"{_newest()}{MARK}%"]
    if after is not None:
        sql, values = f"{sql} AND {pk} > %s", [*values, after]
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} ORDER BY {pk} LIMIT {AT_ONCE}", values)
        return list(cursor.fetchall())


def _as_text(column: "models.Field[Any, Any]") -> str:
    """The column as text: what is encrypted is plain letters, also where bytes are stored."""
    name = connection.ops.quote_name(str(column.column))
    if isinstance(column, models.BinaryField) and connection.vendor == "postgresql":
        return f"encode({name}, 'escape')"
    return f"CAST({name} AS text)"


def _newest() -> str:
    return next(iter(crypto.key_ring()))


def _renew(
    model: type[models.Model], column: "models.Field[Any, Any]", pk: Any, stored: str
) -> str:
    """Write one row's secret again. Returns what became of it."""
    try:
        fresh = _fresh(stored, column)
    except UnknownKey:
        return "unreadable"
    if not fresh:
        return "kept"
    quote = connection.ops.quote_name
    table, name = quote(model._meta.db_table), quote(str(column.column))
    key = quote(str(model._meta.pk.column))
    new = "CAST(%s AS jsonb)" if _is_jsonb(column) else "%s"
    sql = f"UPDATE {table} SET {name} = {new} WHERE {key} = %s AND {_as_text(column)} = %s"  # noqa: S608 - names are the models' own
    with connection.cursor() as cursor:
        cursor.execute(sql, [fresh, pk, stored])
        return "renewed" if cursor.rowcount else "kept"


def _is_jsonb(column: "models.Field[Any, Any]") -> bool:
    return isinstance(column, models.JSONField) and connection.vendor == "postgresql"


def _fresh(stored: str, column: "models.Field[Any, Any]") -> str | bytes:
    """What is to be stored; "" when nothing changes. Raises `UnknownKey`."""
    if isinstance(column, EncryptedTextField):
        return crypto.encrypt(crypto.decrypt(stored))
    if isinstance(column, EncryptedBytesField):
        if not EncryptedBytesField.SEALED.match(stored.encode()):
            return ""  # it only quotes a token
        fresh: bytes = column.get_prep_value(crypto.unsealed(stored.encode()))
        return fresh
    before = json.loads(stored)
    after = _walk(before)
    return json.dumps(after) if after != before else ""


def _walk(value: Any) -> Any:
    """JSON with every encrypted text in it encrypted anew; what only looks like one stays."""
    if isinstance(value, dict):
        return {name: _walk(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_walk(inner) for inner in value]
    if isinstance(value, str) and TOKEN.fullmatch(value) and not value.startswith(f"{_newest()}:"):
        try:
            return crypto.encrypt(crypto.decrypt(value))
        except UnknownKey:
            return value
    return value
