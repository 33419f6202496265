"""ASGI entry: `uvicorn helpdesk.asgi:application` is web only."""

import os

from django.core.asgi import get_asgi_application

from inbox.web.bodycap import capped

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")
application = capped(get_asgi_application())
