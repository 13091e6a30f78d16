"""`ncr serve`: the service, all of it in one process or one role of it."""

import logging
import signal
import threading
from typing import Annotated

import structlog
import typer
import uvicorn

from ncr import app as composition
from ncr import migrations
from ncr.access import cookie_name
from ncr.config import Role, Settings
from ncr.entries.front import front
from ncr.live.socket import UVICORN

app = typer.Typer()
log = structlog.get_logger()


@app.command()
def serve(
    role: Annotated[Role | None, typer.Option(help="all, web, director or entries; NCR_ROLE when left out.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on.")] = None,
) -> None:
    """Run the service until it is told to stop."""
    given = {name: value for name, value in (("role", role), ("host", host), ("port", port)) if value is not None}
    settings = Settings(**given)  # type: ignore[arg-type]
    _prepare_log()
    settings.data.mkdir(parents=True, exist_ok=True)
    if settings.url.startswith("sqlite"):
        # A database of one process; a shared one is upgraded on purpose, by `ncr db upgrade`.
        migrations.upgrade(settings.url)
    if settings.role == "director":
        _direct(settings)
    else:
        _serve(settings)


def _serve(settings: Settings) -> None:
    if cookie_name(settings) == "ncr":
        log.warning(
            "plain HTTP: cookies are not bound to this host; put the service behind TLS", origin=settings.origin
        )
    config = uvicorn.Config(
        composition.create(settings),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies or None,
        timeout_graceful_shutdown=10,
        http=front(settings),
        **UVICORN,
    )
    uvicorn.Server(config).run()


def _direct(settings: Settings) -> None:
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    at = composition.site(settings)
    composition.director(at, composition.engine(settings)).run(stopped)


def _prepare_log() -> None:
    # A tick that finds the last one still at work is left out on purpose; that is no news.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _short,
            structlog.processors.JSONRenderer(),
        ]
    )


def _short(_logger: object, _name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    # One line of a log is never longer than 2 KiB, whatever somebody managed to put into it.
    return {name: value if len(str(value)) <= 1000 else f"{str(value)[:1000]}…" for name, value in event.items()}
