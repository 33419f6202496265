"""As little Django as a webhook and a task need."""

import os
from urllib.parse import urlsplit

SECRET_KEY = "bench"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "bench.bare.urls"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth"]
_at = urlsplit(os.environ["DATABASE_URL"])
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": _at.hostname,
        "PORT": _at.port,
        "USER": _at.username,
        "PASSWORD": _at.password or "",
        "NAME": _at.path.lstrip("/"),
        "CONN_MAX_AGE": 600,
    }
}
USE_TZ = True
