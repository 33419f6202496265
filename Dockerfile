# syntax=docker/dockerfile:1
# One image for web, worker and scheduler; docker-compose.yml gives each its command.

FROM python:3.12-slim-bookworm AS build
COPY --from=ghcr.io/astral-sh/uv:0.13.8 /uv /usr/local/bin/uv
COPY requirements.txt /tmp/requirements.txt
# bytecode now, not at the first start of every container
RUN python -m venv --without-pip /opt/venv \
    && uv pip install --python /opt/venv/bin/python --no-cache --compile-bytecode --require-hashes -r /tmp/requirements.txt

FROM python:3.12-slim-bookworm
RUN groupadd --gid 10001 desk \
    && useradd --uid 10001 --gid desk --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin desk \
    && install -d -o desk -g desk -m 700 /data
COPY --from=build /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=helpdesk.settings \
    DATA_DIR=/data
WORKDIR /app
COPY manage.py ./
COPY helpdesk ./helpdesk
COPY inbox ./inbox
COPY integrations ./integrations
COPY scripts ./scripts
COPY static ./static
COPY templates ./templates
RUN python -m compileall -q /app
VOLUME ["/data"]
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=40s --retries=3 \
    CMD ["python", "-m", "scripts.probe", "web"]
CMD ["uvicorn", "helpdesk.asgi:application", "--host", "0.0.0.0", "--port", "8000", "--timeout-graceful-shutdown", "3", "--no-access-log"]
