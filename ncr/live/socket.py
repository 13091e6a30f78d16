"""The live interface's doors: a WebSocket, and server-sent events for networks that break WebSockets.

`Live(site)` has a `router` to mount, and `start()` and `await stop()` to call on the event loop. Served by uvicorn with
`UVICORN`'s options frames are written straight to the transports; by any other server they are awaited one by one.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Header, Path, Query, Request, WebSocket
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.websockets import WebSocketDisconnect

from ncr.errors import Invalid, NcrError, NotFound
from ncr.live import admission, frames
from ncr.live.admission import Pass
from ncr.live.feed import Feed, Watched
from ncr.live.frames import CLOSE_CODES, Farewell
from ncr.live.hub import Frame, Hub, Queue, Subscriber, leave
from ncr.live.rows import Sight
from ncr.live.transport import EXTENSION, Direct
from ncr.live.watch import Point
from ncr.site import Site

SUBPROTOCOL = "ncr.v1.json"
UVICORN: dict[str, Any] = {
    "ws": "ncr.live.transport:DirectProtocol",
    "ws_per_message_deflate": False,
    "ws_max_size": 4096,
}
BEAT_S = 15.0
SWEEP_S = 1.0
REAUTHORISE_S = 60.0
NOT_HERE = 1008

ExerciseId = Annotated[str, Path(max_length=32)]
Number = Annotated[int | None, Query(ge=0, le=2**31 - 1)]
Epoch = Annotated[str | None, Query(max_length=64)]

log = structlog.get_logger()


class Seat:
    """One connection: whose it is, what it sees, and when (event-loop time) that was last decided."""

    __slots__ = ("checked_at", "shown", "sight", "subscriber", "watched")

    def __init__(self, watched: Watched, shown: Pass, sight: Sight, subscriber: Subscriber, now: float) -> None:
        self.watched = watched
        self.shown = shown
        self.sight = sight
        self.subscriber = subscriber
        self.checked_at = now

    def leave(self, reason: Farewell) -> None:
        """Off the channel, with a word."""
        leave(self.subscriber)
        self.subscriber.end(frames.bye(reason), CLOSE_CODES[reason])


class Live:
    """Everybody who watches, in this process."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._hub = Hub(lambda slow: slow.end(frames.bye("slow"), CLOSE_CODES["slow"]))
        self._feed = Feed(site, self._hub)
        self._seats: set[Seat] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self.router = APIRouter(prefix="/api/v1/exercises/{exercise}", tags=["live"])
        self.router.add_api_websocket_route("/live", self._live)
        self.router.add_api_route("/live.sse", self._events, response_class=StreamingResponse, summary="Live events")

    def __len__(self) -> int:
        """How many watch now."""
        return len(self._seats)

    def start(self) -> None:
        """Begin to tell."""
        self._feed.start()
        rounds = ((BEAT_S, self._beat), (SWEEP_S, self._sweep), (REAUTHORISE_S / 12, self._reauthorise))
        self._tasks = [asyncio.create_task(_every(seconds, work)) for seconds, work in rounds]

    async def stop(self) -> None:
        """Ask everybody to come back in a moment, and stop."""
        for seat in tuple(self._seats):
            seat.leave("restart")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._feed.stop()

    async def _live(
        self, socket: WebSocket, exercise: ExerciseId, after: Number = None, epoch: Epoch = None, message: Number = None
    ) -> None:
        try:
            offered = _require_subprotocol(socket)
            shown = admission.pass_of(socket, self._site)
            sight = await self._feed.run(admission.sight, self._site, shown, exercise)
        except NcrError as refusal:
            await _refuse(socket, refusal)
            return
        await socket.accept(SUBPROTOCOL if offered else None)
        point = Point(after, epoch, message or 0)
        protocol = socket.scope.get("extensions", {}).get(EXTENSION)
        if protocol is not None:
            async with self._seat(exercise, shown, sight, Direct(protocol), point):
                await _until_it_closes(socket)
            return
        queue = Queue(_this_task().cancel)
        pump = asyncio.create_task(_pump(queue, socket))
        try:
            async with self._seat(exercise, shown, sight, queue, point):
                await _until_it_closes(socket)
        finally:
            pump.cancel()

    async def _events(
        self,
        request: Request,
        exercise: ExerciseId,
        after: Number = None,
        epoch: Epoch = None,
        message: Number = None,
        last: Annotated[int | None, Header(alias="Last-Event-ID", ge=0, le=2**31 - 1)] = None,
    ) -> StreamingResponse:
        """The WebSocket's frames as server-sent events; each `id` is the number to resume after."""
        shown = admission.pass_of(request, self._site)
        sight = await self._feed.run(admission.sight, self._site, shown, exercise)
        point = Point(after if last is None else last, epoch, message or 0)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        stream = self._stream(exercise, shown, sight, point)
        return StreamingResponse(stream, headers=headers, media_type="text/event-stream")

    async def _stream(self, exercise: str, shown: Pass, sight: Sight, point: Point) -> AsyncIterator[bytes]:
        queue = Queue(_this_task().cancel)
        async with self._seat(exercise, shown, sight, queue, point):
            async for frame in queue.frames():
                yield _event(frame)

    @asynccontextmanager
    async def _seat(
        self, exercise: str, shown: Pass, sight: Sight, subscriber: Subscriber, point: Point
    ) -> AsyncIterator[None]:
        async with self._feed.watching(exercise) as watched:
            seat = Seat(watched, shown, sight, subscriber, asyncio.get_running_loop().time())
            self._seats.add(seat)
            try:
                await self._enter(seat, point)
                yield
            finally:
                self._seats.discard(seat)
                leave(subscriber)

    async def _enter(self, seat: Seat, point: Point) -> None:
        try:
            await self._feed.enter(seat.watched, seat.sight, seat.subscriber, point)
        except NotFound:
            seat.leave("finished")
        except Exception:
            log.exception("live.enter", exercise=seat.watched.watch.exercise)
            seat.leave("restart")

    async def _beat(self) -> None:
        self._feed.beat()

    async def _sweep(self) -> None:
        self._hub.sweep(asyncio.get_running_loop().time())

    async def _reauthorise(self) -> None:
        """Ask again, for everybody whose answer is old, who they are and what they may see."""
        now = asyncio.get_running_loop().time()
        old = [seat for seat in self._seats if now - seat.checked_at > REAUTHORISE_S * 10 / 12]
        asked = {(seat.shown, seat.watched.watch.exercise) for seat in old}
        found = await self._feed.run(admission.sights, self._site, asked) if asked else {}
        for seat in old:
            sight = found[seat.shown, seat.watched.watch.exercise]
            seat.checked_at = now
            if sight is None or (sight.kind == "public" and seat.sight.kind != "public"):
                seat.leave("signed-out")
            elif sight != seat.sight:
                seat.leave("restart")


async def _every(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await work()
        except Exception:
            log.exception("live.round")


def _require_subprotocol(socket: WebSocket) -> bool:
    """Whether ours was offered; Invalid when only others were."""
    offered: list[str] = socket.scope.get("subprotocols", [])
    if offered and SUBPROTOCOL not in offered:
        raise Invalid(f"Only the subprotocol {SUBPROTOCOL} is spoken here.")
    return bool(offered)


async def _refuse(socket: WebSocket, refusal: NcrError) -> None:
    title = (type(refusal).__doc__ or "").strip().rstrip(".")
    if "websocket.http.response" not in socket.scope.get("extensions", {}):
        await socket.close(NOT_HERE)
        return
    body = {"type": f"urn:ncr:problem:{refusal.slug}", "title": title, "status": refusal.status}
    answer = JSONResponse({**body, "detail": refusal.detail}, refusal.status, media_type="application/problem+json")
    await socket.send_denial_response(answer)


async def _until_it_closes(socket: WebSocket) -> None:
    """Wait for the close; anything said before it is refused."""
    message = await socket.receive()
    if message["type"] != "websocket.disconnect":
        with suppress(WebSocketDisconnect, RuntimeError):
            await socket.close(NOT_HERE, "nothing is read here")


async def _pump(queue: Queue, socket: WebSocket) -> None:
    with suppress(WebSocketDisconnect, RuntimeError):
        async for frame in queue.frames():
            await socket.send_text(frame.data.decode())
        await socket.close(queue.code or 1000)


def _this_task() -> asyncio.Task[Any]:
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - a coroutine that runs is run by a task
    return task


def _event(frame: Frame) -> bytes:
    number = b"" if frame.number is None else b"id: %d\n" % frame.number
    return number + b"data: " + frame.data + b"\n\n"
