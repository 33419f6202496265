"""Web, worker and scheduler in one process: the whole product without a server (`make run`)."""

import threading

import uvicorn
from celery import Celery, beat


def serve(app: Celery, application: object, *, host: str, port: int) -> None:
    """Run until Ctrl-C. The broker is `memory://`: a doorbell only, rows are the queue."""
    worker = app.Worker(
        pool="threads",
        concurrency=4,
        queues="intake,outbound,clocks,bulk",
        without_heartbeat=True,
        without_gossip=True,
        without_mingle=True,
        loglevel="WARNING",
        quiet=True,
    )
    # the in-memory scheduler: a schedule on disk would not survive a kill in one piece
    schedule = beat.Service(app, max_interval=1, scheduler_cls=beat.Scheduler)
    for name, run in (("worker", worker.start), ("scheduler", schedule.start)):
        threading.Thread(target=run, name=name, daemon=True).start()
    config = uvicorn.Config(
        application,  # type: ignore[arg-type]  # uvicorn's alias for ASGI callables is narrower than Django's
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=3,
        lifespan="off",
    )
    try:
        uvicorn.Server(config).run()
    finally:
        schedule.stop()
        worker.stop()
