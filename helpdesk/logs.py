"""Logs: one JSON object a line, with the request's or delivery's id, without secrets or bodies."""

import logging
import logging.config
import re
from collections.abc import MutableMapping
from typing import Any

import structlog

# Names whose values never belong in a log, whoever writes them.
SECRET_NAMES = re.compile(r"(?i)secret|passw|token|authorization|cookie|signature|body|api_key")
URL_PASSWORD = re.compile(r"(\w+://[^\s:/@]+:)[^\s@]+@")


def redact(_: Any, __: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace secret values; passwords inside URLs too."""
    for name, value in entry.items():
        if SECRET_NAMES.search(name):
            entry[name] = "[not logged]"
        elif isinstance(value, str):
            entry[name] = URL_PASSWORD.sub(r"\1[not logged]@", value)
    return entry


def configure(*, json_lines: bool, level: str) -> None:
    """Send structlog and the standard library's records through the same processors."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
    ]
    last = (
        structlog.processors.JSONRenderer()
        if json_lines
        # plain: the default shows local variables, and those hold tokens
        else structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": shared,
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
    }
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"lines": formatter},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
            "root": {"handlers": ["stderr"], "level": level},
            "loggers": {
                "uvicorn.access": {"level": "WARNING"},
                "celery.app.trace": {"level": "WARNING"},
                "celery.worker.strategy": {"level": "WARNING"},
                "celery.beat": {"level": "WARNING"},
                "py.warnings": {"level": "ERROR"},
            },
        }
    )
