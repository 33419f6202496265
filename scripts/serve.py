"""`make run`: prepare the installation where that has not been done, then serve until Ctrl-C.

The first time: tables, the handbook, the sample community (`SAMPLE=0` leaves it out) and one
administrator, whose password is made up here and kept, mode 600, in the data folder until it is
changed. Every further time: new migrations only.
"""

import logging
import os
import secrets
import socket
import sys
import threading
import time
import warnings
from io import StringIO
from pathlib import Path

import django
import environ
from celery.platforms import SecurityWarning  # type: ignore[attr-defined]  # not in its stubs
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command

ROOT = Path(__file__).resolve().parent.parent
HANDBOOK = ROOT / "inbox" / "handbook" / "presets" / "devrel.yaml"
HOST = "127.0.0.1"
NEXT_STEP = (
    "Next: open the queue, answer a ticket; then give it a mailbox of yours with\n"
    "  .venv/bin/python manage.py connect email support address=… imap_url=… smtp_url=…\n"
    "README.md goes on from there. Ctrl-C stops everything."
)


def main() -> int:
    """Return the exit code."""
    port = int(os.environ.get("PORT") or 8000)
    if is_taken(port):
        print(f"Port {port} is in use. Choose another: make run PORT={port + 1}", file=sys.stderr)
        return 1
    try:
        serve(port)
    except KeyboardInterrupt:
        print("\nStopped.")
    return 0


def serve(port: int) -> None:
    """Prepare, then serve; returns when told to stop."""
    start_django(port)
    prepare(with_sample=os.environ.get("SAMPLE", "1") != "0")
    welcome = f"\n{sign_in_line(port)}\n{NEXT_STEP}\n"
    threading.Thread(target=announce, args=(port, welcome), daemon=True).start()
    call_command("run", host=HOST, port=port)


def start_django(port: int) -> None:
    """Load the settings; links lead to the port we serve on, unless `.env` knows better."""
    environ.Env.read_env(ROOT / ".env")
    os.environ.setdefault("BASE_URL", f"http://{HOST}:{port}")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")
    django.setup()
    hush()


def hush() -> None:
    """Leave out what is true and of no use to somebody who tries the product for the first time."""
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)  # else whitenoise misses it
    warnings.filterwarnings("ignore", category=SecurityWarning)  # a worker of root: so is make
    logging.getLogger("kombu.connection").setLevel(logging.ERROR)  # memory:// has no host


def prepare(*, with_sample: bool) -> None:
    """Bring the database up to date; fill it the first time. Safe to repeat after a crash."""
    print("Preparing the database", flush=True)
    call_command("migrate", verbosity=0, interactive=False)
    done = settings.DATA_DIR / "prepared"
    if done.exists():
        return
    print("Loading the handbook", flush=True)
    call_command("load_handbook", str(HANDBOOK), stdout=StringIO())  # it lists every row
    make_administrator()
    if with_sample:
        print("Making the sample community", flush=True)
        call_command("sample_data")
    done.touch()


def make_administrator() -> None:
    """Make the account `admin`, unless somebody can sign in already."""
    users = get_user_model().objects
    if any(user.has_usable_password() for user in users.filter(is_active=True)):
        return
    password = secrets.token_urlsafe(12)
    user, _ = users.get_or_create(username="admin", defaults={"email": "admin@example.com"})
    user.role, user.is_staff, user.is_superuser = "admin", True, True
    user.set_password(password)
    user.save()
    file = password_file()
    file.touch(mode=0o600)
    file.write_text(f"{user.get_username()}\n{password}\n", "utf-8")


def sign_in_line(port: int) -> str:
    """Say how to sign in; the password only as long as it is the one we made."""
    address = f"Sign in at http://{HOST}:{port}/"
    if not password_file().exists():
        return address
    name, password = password_file().read_text("utf-8").splitlines()
    user = get_user_model().objects.filter(username=name, is_active=True).first()
    if user is None or not user.check_password(password):
        password_file().unlink()
        return address
    return f"{address} as {name} with password {password}"


def password_file() -> Path:
    """Where the first password is kept."""
    return Path(settings.DATA_DIR) / "first-sign-in"


def announce(port: int, text: str) -> None:
    """Print the text once the server accepts connections: what it says is then true."""
    while not is_taken(port):
        time.sleep(0.05)
    print(text, flush=True)


def is_taken(port: int) -> bool:
    """Tell whether somebody listens on the port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


if __name__ == "__main__":
    sys.exit(main())
