"""The feed's own order of events, where a real server shows it only now and then."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from ncr.live.feed import Feed
from ncr.live.hub import Frame, Hub, Queue
from ncr.live.rows import Sight
from ncr.live.watch import Point
from ncr.site import Site
from tests.service.live_site import EXERCISE, close, make_site, plan, solve

PUBLIC = Sight("public")


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    made = make_site(database_url, tmp_path)
    plan(made)
    yield made
    close(made)


def test_who_comes_while_the_others_are_told_keeps_its_view(site: Site) -> None:
    """A round of telling that waits for a newcomer must not forget the newcomer's audience."""

    async def scene() -> None:
        hub = Hub(lambda slow: slow.end(Frame(b""), 4408))
        feed = Feed(site, hub)
        async with feed.watching(EXERCISE) as watched:
            queue = Queue(lambda: None)
            entering = asyncio.create_task(feed.enter(watched, PUBLIC, queue, Point()))
            await asyncio.sleep(0)
            telling = asyncio.create_task(feed._tell(watched))
            await asyncio.gather(entering, telling)
            assert PUBLIC in watched.watch.views
        await feed.stop()

    asyncio.run(scene())


def test_a_database_that_is_away_for_a_moment_does_not_end_the_telling(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ncr.live.feed.TROUBLE_S", 0.05)

    async def scene() -> None:
        hub = Hub(lambda slow: slow.end(Frame(b""), 4408))
        feed = Feed(site, hub)
        feed.start()
        async with feed.watching(EXERCISE) as watched:
            queue = Queue(lambda: None)
            await feed.enter(watched, PUBLIC, queue, Point())
            whole, broken = watched.watch.refresh, [ConnectionError("away")] * 2

            def refresh() -> list[tuple[Sight, Frame]]:
                if broken:
                    raise broken.pop()
                return whole()

            monkeypatch.setattr(watched.watch, "refresh", refresh)
            last = await asyncio.to_thread(solve, site, "ask")
            async with asyncio.timeout(10):
                async for frame in queue.frames():
                    if frame.number == last:
                        break
            assert broken == []
        await feed.stop()

    asyncio.run(scene())
