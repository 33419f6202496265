"""`rotate_keys`: what is stored under an older key of `FIELD_KEYS` goes under the newest one."""

from collections import Counter

from django.db import transaction

from inbox.channels import directory
from inbox.common.crypto import EncryptedBytesField, EncryptedJSONField
from inbox.privacy import keys


def rotate() -> dict[str, Counter[str]]:
    """Counts by column. Goes on where it was interrupted, for what is renewed is not found again.

    What older versions stored plain is encrypted (`sealed`). Secrets that no key opens are counted
    as `unreadable` and left alone.
    """
    with transaction.atomic():
        keys.keep_signing_key()
    done: dict[str, Counter[str]] = {}
    for model, column in keys.places():
        name = f"{model._meta.label_lower}.{column.name}"
        for counts in keys.rotate(model, column):
            done[name] = done.get(name, Counter()) + counts
        if isinstance(column, EncryptedBytesField | EncryptedJSONField):
            sealed = keys.seal(model, column)
            if sealed:
                done[name] = done.get(name, Counter()) + Counter(sealed=sealed)
    directory.forget()
    return done
