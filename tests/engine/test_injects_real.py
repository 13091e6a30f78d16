"""One inject of every kind on the real engine, in two teams: what it does can be seen from inside, and ends in time."""

import docker

from ncr.runtime.objects import SeenContainer
from ncr.scenario import loader
from ncr.scoring import interventions
from tests.stage import MANGE, TEAMS, Stage

STEP_S = 10


class Play:
    """An exercise of two teams, and what is to be seen in it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.exercise = stage.opened(scenario=loader.load(MANGE), teams=TEAMS[:2])

    def until(self, t_s: float) -> None:
        opened = self.stage.exercise(self.exercise).starts_at
        assert opened is not None
        self.stage.run(t_s - (self.stage.clock() - opened).total_seconds(), STEP_S)
        self.stage.step()

    def boxes(self, service: str) -> list[SeenContainer]:
        labels = {"ncr.exercise": self.exercise, "ncr.service": service}
        found = self.stage.engine.observe(labels).containers
        return [found[name] for name in sorted(found)]

    def say(self, service: str, *command: str) -> set[str]:
        """What a command comes to in both teams, when that is the same."""
        results = [self.stage.engine.exec(box.name, command) for box in self.boxes(service)]
        return {
            result.stdout.decode().split()[0] if result.stdout else f"code {result.exit_code}" for result in results
        }

    def judged(self, check: str, t_s: int) -> set[str]:
        """What a check said at a tick, in both teams."""
        facts = [fact for fact in self.stage.facts(self.exercise) if fact.key == f"checked:{STEP_S}:{t_s // STEP_S}"]
        return {result[check] for fact in facts for result in fact.payload["results"].values()}

    def states(self, ref: str) -> list[str | None]:
        return [one.get("state") for one in self.stage.outcome(self.exercise, ref)]


def test_every_kind_happens_once_in_both_teams(stage: Stage, docker_client: docker.DockerClient):
    play = Play(stage)
    where = [box.addresses for box in play.boxes("web")]
    play.until(30)
    assert play.say("web", "cat", "/tmp/told") == {"once"}
    assert play.judged("web-up", 30) == play.judged("desk-up", 30) == {"up"}
    play.until(60)
    assert [box.addresses for box in play.boxes("web")] == [{}, {}]
    assert play.say("desk", "getent", "hosts", "shop") == {"code 2"}
    assert play.judged("web-up", 60) == play.judged("desk-up", 60) == {"down"}
    stage.solve(play.exercise, 0, "find-web", "NCR{8080}")
    play.until(110)
    assert [box.addresses for box in play.boxes("web")] == where
    assert play.say("desk", "getent", "hosts", "shop") <= {address for one in where for address in one.values()}
    assert play.judged("web-up", 110) == play.judged("desk-up", 110) == {"up"}
    play.until(140)
    assert [box.state for box in play.boxes("web")] == ["exited", "exited"]
    assert play.judged("web-up", 140) == {"down"}
    play.until(200)
    assert play.judged("web-up", 200) == {"up"}
    begun = [docker_client.containers.get(box.name).attrs["State"]["StartedAt"] for box in play.boxes("web")]
    play.until(240)
    after = [docker_client.containers.get(box.name).attrs["State"]["StartedAt"] for box in play.boxes("web")]
    assert [old < new for old, new in zip(begun, after, strict=True)] == [True, True]
    assert play.say("desk", "cat", "/tmp/helped") == {"once"}
    with stage.sessions.begin() as session:
        interventions.fire(session, play.exercise, "by-hand", stage.clock())
    play.until(270)
    assert [box.addresses for box in play.boxes("desk")] == [{}, {}]
    for ref in ("run", "cut", "kill", "revive", "again", "helped", "noticed", "by-hand"):
        assert play.states(ref) == ["done", "done"], ref
    assert play.states("solved") == ["done", None]
    said = {message.inject: message.to for message in stage.messages(play.exercise)}
    assert said == {"warning": ["technical"], "secret": ["staff"], "solved": ["teams"], "noticed": ["teams"]}
    stage.run(400, 50)
    stage.run(20, 5)
    assert stage.state(play.exercise) == "finished"
    assert (stage.left(), stage.subnets()) == ([], [])
