"""The terminal's door: a WebSocket whose first frame shows a ticket, or the secret of a session to come back to."""

from typing import Annotated

from fastapi import APIRouter, Path, WebSocket

from ncr.entries.means import Means

SUBPROTOCOL = "ncr.terminal.v1"
ExerciseId = Annotated[str, Path(max_length=32)]


class Socket:
    """The terminals of this process."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self.router = APIRouter(prefix="/api/v1/exercises/{exercise}", tags=["entries"])
        self.router.add_api_websocket_route("/terminal", self._terminal)

    def start(self) -> None:
        """Begin to serve."""

    async def stop(self) -> None:
        """End every terminal of this process."""

    async def _terminal(self, socket: WebSocket, exercise: ExerciseId) -> None:
        await socket.accept(SUBPROTOCOL)
        await socket.close()
