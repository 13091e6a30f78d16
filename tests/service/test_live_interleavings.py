"""Whatever happens in whatever order, a client's board equals the server's at the same fact."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from ncr.clock import utcnow
from ncr.exercise.tables import Exercise
from ncr.live.feed import publish, take_in
from ncr.live.hub import MOST_FRAMES, Frame, Hub, Subscriber, leave
from ncr.live.rows import Sight
from ncr.live.watch import Point, Watch
from ncr.scoring import conduct, interventions
from tests.service.live_site import EXERCISE, TEAMS, Client, adjust, close, make_site, plan, solve

SIGHTS = (Sight("public"), Sight("staff"), Sight("team", TEAMS[0]), Sight("team", TEAMS[1], board=False))


class Screen(Subscriber):
    """A client on a line that the machine lets run or stall; it is dropped with as many frames unread as others."""

    def __init__(self, sight: Sight) -> None:
        super().__init__()
        self.sight = sight
        self.client = Client()
        self.unread: list[Frame] = []
        self.connected = False

    def push(self, frame: Frame) -> bool:
        if len(self.unread) >= MOST_FRAMES:
            return False
        self.unread.append(frame)
        return True

    def stalls(self, now: float) -> bool:
        return False

    def end(self, last: Frame, code: int) -> None:
        self.connected = False
        self.unread = []

    def read(self, count: int) -> None:
        for frame in self.unread[:count]:
            self.client.take(frame.data)
        del self.unread[:count]


class Interleavings(RuleBasedStateMachine):
    """The real database, board, watch and hub; only the lines between are the machine's."""

    template: Path
    screens = Bundle("screens")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        shutil.copytree(self.template, self.folder, dirs_exist_ok=True)
        self.site = make_site(f"sqlite:///{self.folder / 'ncr.db'}", self.folder)
        self.hub = Hub(lambda slow: slow.end(Frame(b""), 4408))
        self.watch = Watch(self.site, EXERCISE)
        self.all: list[Screen] = []

    def teardown(self) -> None:
        self.settle()
        close(self.site)
        shutil.rmtree(self.folder)

    @rule(target=screens, sight=st.sampled_from(SIGHTS), news=st.booleans())
    def open(self, sight: Sight, news: bool) -> Screen:
        """Somebody comes, perhaps right after a fact that nobody has been told of yet."""
        if news:
            self.adjust(TEAMS[0], 5, 1)
        screen = Screen(sight)
        self.all.append(screen)
        self._connect(screen)
        return screen

    @rule(screen=screens, news=st.booleans())
    def come_back(self, screen: Screen, news: bool) -> None:
        if not screen.connected:
            if news:
                self.adjust(TEAMS[0], 5, 1)
            self._connect(screen)

    @rule(screen=screens)
    def drop(self, screen: Screen) -> None:
        """The line is cut: what was on its way is lost."""
        leave(screen)
        screen.end(Frame(b""), 1006)

    @rule(screen=screens, count=st.sampled_from((1, 2, 99)))
    def read(self, screen: Screen, count: int) -> None:
        screen.read(count)

    @rule(team=st.sampled_from(TEAMS), right=st.booleans())
    def submit(self, team: str, right: bool) -> None:
        solve(self.site, team, right)

    @rule(team=st.sampled_from(TEAMS), points=st.integers(-50, 50), times=st.sampled_from((1, 1, 2, 70)))
    def adjust(self, team: str, points: int, times: int) -> None:
        for _ in range(times):
            adjust(self.site, team, points)
            if times > MOST_FRAMES:
                self.look()

    @rule(team=st.sampled_from((None, *TEAMS)))
    def say(self, team: str | None) -> None:
        with self.site.sessions.begin() as session:
            interventions.say(session, EXERCISE, {"nb": "Hei", "en": "Hello"}, utcnow(), participant_id=team)

    @rule()
    def freeze_or_thaw(self) -> None:
        with self.site.sessions.begin() as session:
            frozen = session.get_one(Exercise, EXERCISE).freeze_seq is not None
            (conduct.unfreeze if frozen else conduct.freeze)(session, EXERCISE, utcnow())

    @rule()
    def pause_or_resume(self) -> None:
        with self.site.sessions.begin() as session:
            running = session.get_one(Exercise, EXERCISE).state == "running"
            (conduct.pause if running else conduct.resume)(session, EXERCISE, utcnow())

    @rule(epoch=st.sampled_from(("first", "second")))
    def restore(self, epoch: str) -> None:
        """The database is another one than the clients knew."""
        with self.site.sessions.begin() as session:
            session.get_one(Exercise, EXERCISE).epoch = epoch

    @rule()
    def look(self) -> None:
        publish(self.hub, EXERCISE, self.watch.refresh())

    @rule()
    def settle(self) -> None:
        """Everything is told and read: all stand where the server stands."""
        self.look()
        for screen in self.all:
            screen.read(len(screen.unread))
            if screen.connected:
                self._compare_with_now(screen)

    @invariant()
    def who_has_read_everything_shows_the_board_of_that_fact(self) -> None:
        for screen in self.all:
            if screen.connected and not screen.unread:
                self._compare(screen)

    def _connect(self, screen: Screen) -> None:
        screen.client.begin()
        screen.connected = True
        client = screen.client
        point = Point(client.seq, client.epoch, max(client.messages, default=0))
        take_in(self.hub, EXERCISE, screen.sight, self.watch.open(screen.sight, point), screen)

    def _compare(self, screen: Screen) -> None:
        client = screen.client
        _, _, frozen = str(client.epoch).partition(".")
        at = int(frozen) if frozen else client.seq
        self._require_equal(screen, self.site.boards.of(EXERCISE).snapshot(screen.sight.kind, at=at))
        seen = [fact["seq"] for fact in client.facts]
        assert seen == sorted(set(seen)), "a fact came twice or late"
        assert {fact["seq"] for fact in client.latest}.isdisjoint(seen)
        if frozen and screen.sight.kind != "staff":
            assert {fact["team"] for fact in client.facts if fact["seq"] > at} <= {screen.sight.participant}

    def _compare_with_now(self, screen: Screen) -> None:
        client, life = screen.client, self.watch.life
        board = self.site.boards.of(EXERCISE).snapshot(screen.sight.kind)
        self._require_equal(screen, board)
        assert (client.state, client.frozen) == (life.state, life.freeze_seq is not None)
        assert client.seq == board["seq"] or (client.frozen and screen.sight.kind == "team")

    def _require_equal(self, screen: Screen, board: dict[str, Any]) -> None:
        rows, tasks, sight = board["standings"], board["tasks"], screen.sight
        if not sight.board:
            rows = [{**row, "rank": None} for row in rows if row["team"] == sight.participant]
            tasks = {}
            shown = [*screen.client.facts, *screen.client.latest]
            assert {fact["team"] for fact in shown} <= {None, sight.participant}
        assert (screen.client.standings, screen.client.tasks) == (rows, tasks)


def test_any_interleaving_leaves_every_client_equal_to_the_server(sqlite_template: Path, tmp_path: Path) -> None:
    shutil.copy(sqlite_template, tmp_path / "ncr.db")
    site = make_site(f"sqlite:///{tmp_path / 'ncr.db'}", tmp_path)
    plan(site)
    close(site)
    Interleavings.template = tmp_path
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large]
    run_state_machine_as_test(
        Interleavings,
        settings=settings(max_examples=80, stateful_step_count=30, deadline=None, suppress_health_check=slow),
    )
