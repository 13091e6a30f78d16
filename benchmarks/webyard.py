"""What the benchmark of web entries stands on: the whole service with one real environment, and proxies beside it."""

import json
import multiprocessing
import os
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import docker
import httpx
import uvloop
from aiohttp import web

from ncr.cli.cast import hire
from ncr.cli.service import Service
from ncr.clock import utcnow
from ncr.config import Settings
from ncr.runtime.images import own_image

HOST = "127.0.0.1"
LARGE = 100 * 2**20
SERVER = f"""
import asyncio
PIECE = b"x" * 65536
SMALL = b"HTTP/1.1 200 OK\\r\\nContent-Length: 64\\r\\n\\r\\n" + b"y" * 64
class Answering(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.left, self.held = transport, 0, b""
    def data_received(self, data):
        self.held += data
        while b"\\r\\n\\r\\n" in self.held:
            head, _, self.held = self.held.partition(b"\\r\\n\\r\\n")
            if head.startswith(b"GET /large"):
                self.transport.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: {LARGE}\\r\\n\\r\\n")
                self.left = {LARGE}
                self.resume_writing()
            else:
                self.transport.write(SMALL)
    def pause_writing(self):
        self.is_full = True
    def resume_writing(self):
        self.is_full = False
        while self.left and not self.is_full:
            self.left -= len(PIECE)
            self.transport.write(PIECE)
async def main():
    loop = asyncio.get_running_loop()
    await loop.create_server(Answering, "0.0.0.0", 8080, backlog=1024)
    await asyncio.Event().wait()
asyncio.run(main())
"""
SCENARIO = """ncr: 1
id: web-bench
version: 1.0.0
title: B
summary: b
duration: 60m
entries:
  - {id: shop, web: "web:8080", title: B}
"""
COMPOSE = f"""services:
  web:
    image: {own_image("checker").reference}
    command: [python3, -u, /srv/server.py]
    volumes: ["./server.py:/srv/server.py:ro"]
    networks: [lan]
    cpus: 2
networks:
  lan: {{}}
"""
NGINX = """daemon off; pid /tmp/nginx.pid; worker_processes 1; error_log stderr crit;
events {{ worker_connections 1024; }}
http {{
  access_log off; proxy_buffering off; proxy_buffer_size 64k; proxy_buffers 8 64k; proxy_busy_buffers_size 128k;
  proxy_http_version 1.1; proxy_set_header Connection "";
  client_body_temp_path /tmp/b; proxy_temp_path /tmp/p; fastcgi_temp_path /tmp/f; uwsgi_temp_path /tmp/u;
  scgi_temp_path /tmp/s;
  upstream lab {{ server {target}; keepalive 32; }}
  server {{ listen {host}:{port}; location / {{ proxy_pass http://lab; }} }}
}}
"""


@dataclass(frozen=True)
class Way:
    """Where one of those that are compared is asked, and with which headers."""

    port: int
    headers: str


@contextmanager
def ways() -> Iterator[dict[str, Way]]:
    """The entry through the gate, the entry by a relay inside it, and two plain proxies, all before the same server."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        settings, token, exercise = stack.enter_context(_service(folder))
        engine = stack.enter_context(closing(docker.from_env()))
        target = _reached(engine, settings.instance)
        far = stack.enter_context(_far(settings))
        plain, nginx = free_port(), free_port()
        stack.enter_context(_process(_plain, plain, target))
        stack.enter_context(_nginx(nginx, target))
        for port in (plain, nginx):
            until(lambda port=port: _listens(port), "a proxy does not start")
        yield {
            "ours": _entered(settings.port, settings.port, token, exercise),
            "relay": _entered(settings.port, far, token, exercise),
            "plain": Way(plain, "Host: localhost\r\n"),
            "nginx": Way(nginx, "Host: localhost\r\n"),
        }


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.create_server((HOST, 0)) as found:
        port: int = found.getsockname()[1]
        return port


def until(holds: Callable[[], Any], otherwise: str, within_s: float = 120.0) -> Any:
    """What it comes to, when it comes to something."""
    end = time.monotonic() + within_s
    while not (found := holds()):
        if time.monotonic() > end:
            raise SystemExit(otherwise)
        time.sleep(0.1)
    return found


@contextmanager
def _service(folder: Path) -> Iterator[tuple[Settings, str, str]]:
    """The service, a member's token, and the exercise that runs."""
    place = folder / "scenarios" / "web-bench"
    place.mkdir(parents=True)
    for name, text in (("scenario.yml", SCENARIO), ("compose.yml", COMPOSE), ("server.py", SERVER)):
        (place / name).write_text(text)
    # The service's process reads where its scenarios are from here.
    os.environ["NCR_SCENARIOS"] = json.dumps([str(folder / "scenarios")])
    settings = Settings(_env_file=None, data=folder / "data", port=free_port(), instance=f"web-{free_port()}")
    cast = hire(settings)
    with Service(settings) as service, service.client(cast.instructor.token) as http:
        wanted = {
            "scenario": "web-bench",
            "title": "B",
            "teams": [cast.teams[0].id],
            "prepare_lead_s": 600,
            "override": "a bench",
        }
        made = http.post(
            "/api/v1/exercises", json={**wanted, "starts_at": (utcnow() + timedelta(seconds=2)).isoformat()}
        )
        if made.status_code != 201:
            raise SystemExit(made.text)
        exercise = made.json()["id"]
        path = f"/api/v1/exercises/{exercise}"
        until(lambda: http.get(path).json()["state"] == "running", "the exercise does not begin", 300)
        try:
            yield settings, cast.members[0].token, exercise
        finally:
            http.post(f"{path}/finish")
            until(lambda: _is_gone(settings.instance), "the environment is not torn down")


def _is_gone(instance: str) -> bool:
    with closing(docker.from_env()) as engine:
        return not engine.containers.list(all=True, filters={"label": f"ncr.instance={instance}"})


def _reached(engine: Any, instance: str) -> str:
    """The server's address on a network where this machine reaches it without the gate."""
    wanted = {"label": [f"ncr.instance={instance}", "ncr.service=web"]}
    (server,) = engine.containers.list(filters=wanted)
    engine.networks.get("bridge").connect(server)
    server.reload()
    return f"{server.attrs['NetworkSettings']['Networks']['bridge']['IPAddress']}:8080"


@contextmanager
def _far(settings: Settings) -> Iterator[int]:
    """The port of an entries process that reaches the engine by TCP, and so takes no gate to be near."""
    with socket.create_server((HOST, 0), backlog=128) as listening:
        threading.Thread(target=_forward, args=(listening,), daemon=True).start()
        far = settings.model_copy(
            update={"role": "entries", "port": free_port(), "docker_host": f"tcp://{HOST}:{listening.getsockname()[1]}"}
        )
        with Service(far):
            yield far.port


def _forward(listening: socket.socket) -> None:
    """Every connection goes on to the engine's own socket."""
    while True:
        try:
            one, _ = listening.accept()
        except OSError:
            return
        other = socket.socket(socket.AF_UNIX)
        other.connect("/var/run/docker.sock")
        for ends in ((one, other), (other, one)):
            threading.Thread(target=_pour, args=ends, daemon=True).start()


def _pour(source: socket.socket, sink: socket.socket) -> None:
    try:
        while chunk := source.recv(2**18):
            sink.sendall(chunk)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        return


def _entered(doors: int, port: int, token: str, exercise: str) -> Way:
    """The team's entry, with the cookie of a session at that process."""
    asked = f"http://localhost:{doors}/api/v1/exercises/{exercise}/entries/shop/tickets"
    reply = httpx.post(asked, json={}, headers={"Authorization": f"Bearer {token}"}, trust_env=False)
    url = reply.json()["url"]
    name = url.split("/")[2].partition(":")[0]
    with socket.create_connection((HOST, port)) as talk:
        target = "/" + url.split("/", 3)[3]
        talk.sendall(f"GET {target} HTTP/1.1\r\nHost: {name}:{port}\r\nConnection: close\r\n\r\n".encode())
        head = b"".join(iter(lambda: talk.recv(65536), b"")).decode()
    cookie = next(line for line in head.split("\r\n") if line.startswith("set-cookie: ")).split(" ")[1].rstrip(";")
    return Way(port, f"Host: {name}:{port}\r\nCookie: {cookie}\r\n")


def _listens(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return False
    return True


@contextmanager
def _process(work: Callable[..., None], *given: Any) -> Iterator[None]:
    process = multiprocessing.get_context("spawn").Process(target=work, args=given, daemon=True)
    process.start()
    try:
        yield
    finally:
        process.kill()
        process.join()


def _plain(port: int, target: str) -> None:
    """The barest reverse proxy of aiohttp's parts, streaming."""

    async def made() -> web.Application:
        session = aiohttp.ClientSession(auto_decompress=False, connector=aiohttp.TCPConnector(limit=0))

        async def pass_on(request: web.Request) -> web.StreamResponse:
            url = f"http://{target}{request.raw_path}"
            async with session.request(request.method, url, headers=request.headers, allow_redirects=False) as answer:
                response = web.StreamResponse(status=answer.status, headers=answer.headers)
                await response.prepare(request)
                async for chunk in answer.content.iter_any():
                    await response.write(chunk)
                await response.write_eof()
                return response

        app = web.Application()
        app.router.add_route("*", "/{path:.*}", pass_on)
        return app

    uvloop.install()
    web.run_app(made(), host=HOST, port=port, print=None, access_log=None)


@contextmanager
def _nginx(port: int, target: str) -> Iterator[None]:
    """A plain nginx, out of the gate's own image, on this machine's network."""
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        file.write(NGINX.format(host=HOST, port=port, target=target))
        file.flush()
        Path(file.name).chmod(0o644)
        name = f"ncr-bench-nginx-{port}"
        words = ["docker", "run", "--rm", "--name", name, "--network", "host", "--user", "gate", "--tmpfs", "/tmp"]
        words += ["-v", f"{file.name}:/etc/bench.conf:ro", "--entrypoint", "nginx", own_image("gate").reference]
        process = subprocess.Popen([*words, "-e", "stderr", "-c", "/etc/bench.conf"])
        try:
            yield
        finally:
            subprocess.run(["docker", "rm", "-f", name], stdout=subprocess.DEVNULL, check=False)
            process.wait()
