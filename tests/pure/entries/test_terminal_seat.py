"""A seat whose reader is behind: what is old news is not kept for it."""

import asyncio
from typing import Any

from ncr.entries.terminal_ring import Ring
from ncr.entries.terminal_seat import Seat


class Slow:
    """A connection that takes what is sent only when it is let."""

    def __init__(self) -> None:
        self.scope: dict[str, Any] = {}
        self.sent: list[str] = []
        self.takes = asyncio.Event()

    async def send_text(self, text: str) -> None:
        await self.takes.wait()
        self.sent.append(text)


def test_a_reader_that_is_behind_is_told_the_newest_size_alone() -> None:
    async def act() -> None:
        slow = Slow()
        seat = Seat(slow, "watch", "user", "name", "row")  # type: ignore[arg-type]
        seat.start(Ring(10))
        seat.say("first")
        for columns in range(2, 500):
            seat.sized(columns, 24)
            await asyncio.sleep(0)
        slow.takes.set()
        async with asyncio.timeout(5):
            while len(slow.sent) < 2:
                await asyncio.sleep(0.01)
        await seat.stop()
        assert slow.sent == ["first", '{"type":"size","columns":499,"rows":24}']

    asyncio.run(act())
