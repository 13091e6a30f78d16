"""Shared containers in a team's blueprint: where they come to, at which addresses, and what its services are called."""

from dataclasses import replace

from ncr.runtime.identity import Identity
from ncr.scenario.topology import Membership, Network, Scenario, Topology
from tests.pure.runtime.scenes import made, scene, service


def shared_scene() -> Scenario:
    own = scene(service("web", replicas=2), service("hmi"))
    mail = service("mail", networks={"plant": Membership(("post",)), "deep": Membership()})
    bots = service("bots", networks={"plant": Membership()}, replicas=2)
    services = {"mail": mail, "bots": bots, "deep": service("deep", networks={"deep": Membership()})}
    return replace(own, shared=Topology(services, {"plant": Network("plant"), "deep": Network("deep")}))


def test_guests_come_to_the_networks_that_both_have_under_their_own_names() -> None:
    plan = made(shared_scene(), Identity("t", "ex", "a", nickname="t1"))
    assert [(guest.container, guest.place.network, guest.place.aliases) for guest in plan.guests] == [
        ("ncr-t-ex-shared-mail", "ncr-t-ex-a-plant", ("mail", "post")),
        ("ncr-t-ex-shared-bots-1", "ncr-t-ex-a-plant", ("bots", "bots-1")),
        ("ncr-t-ex-shared-bots-2", "ncr-t-ex-a-plant", ("bots", "bots-2")),
    ]


def test_guests_have_addresses_of_their_own_that_stay_the_same_in_every_making() -> None:
    first, again = (made(shared_scene(), Identity("t", "ex", "a", generation=n, nickname="t1")) for n in (1, 2))
    given = [place.ipv4 for spec in first.everything for place in spec.attachments]
    given += [guest.place.ipv4 for guest in first.guests]
    assert len(given) == len(set(given))
    assert first.guests == again.guests


def test_a_teams_services_answer_to_its_number_where_something_is_shared() -> None:
    plan = made(shared_scene(), Identity("t", "ex", "a", nickname="t7"))
    assert [spec.attachments[0].aliases for spec in plan.containers] == [
        ("web", "web-1", "web.t7"), ("web", "web-2", "web.t7"), ("hmi", "hmi.t7"),
    ]  # fmt: skip
    [alone, *_] = made(scene(service("web")), Identity("t", "ex", "a")).containers
    assert alone.attachments[0].aliases == ("web",)


def test_a_service_asks_its_own_name_servers_where_there_is_internet_and_nobody_elsewhere() -> None:
    asking = service("web", dns=("9.9.9.9",), runtime="runsc")
    [online] = made(scene(asking, environment={"internet": True})).containers
    [sealed] = made(scene(asking)).containers
    assert (online.dns, sealed.dns, online.runtime) == (("9.9.9.9",), ("127.0.0.1",), "runsc")
