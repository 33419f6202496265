"""A bare Django with Celery: what the web process and the worker are measured against."""
