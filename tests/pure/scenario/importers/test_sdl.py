"""Open Cyber Range SDL: every section comes in, every field is told of, every rule and trap has its message."""

import subprocess
from fractions import Fraction
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ncr.cli.scenario import app
from ncr.errors import ScenarioInvalid
from ncr.scenario.importers import formats
from ncr.scenario.importers.frame import Draft, write
from ncr.scenario.importers.imagetable import NO_TABLE, ImageTable, read_table
from ncr.scenario.importers.report import UNKNOWN, Report
from ncr.scenario.importers.sdl import format as sdl
from ncr.scenario.importers.sdl.values import parse_ram, parse_span
from ncr.scenario.topology import Scenario

WATERWORKS = """\
name: Vannverket på Øya
description: A waterworks loses sight of its pumps.
nodes:
  office: {type: switch, description: where people sit}
  plant: {type: switch}
  historian:
    type: vm
    description: keeps the readings
    source: {name: historian-image, version: 2.1.0}
    resources: {ram: 1 gib, cpu: 2}
    roles:
      operator: {username: drift, entities: [shift.lead]}
      admin: root
      spy: {username: mons, entities: [intruders]}
    features: {dashboard: admin}
    conditions: {readings-come: admin, disk-is-whole: admin}
    injects: {wipe: admin}
    vulnerabilities: [open-share]
  pump: {type: vm, source: pump-image, resources: {ram: 64 MiB, cpu: 1}, roles: {admin: root}}
  spare: {type: vm, source: pump-image, resources: {ram: 64 MiB, cpu: 1}}
infrastructure:
  office: null
  plant: 1
  historian: {count: 1, links: [office, plant], dependencies: [pump], name: hist, description: in the cellar}
  pump: {count: 3, links: [plant]}
features:
  runtime: {type: configuration, source: python-runtime}
  dashboard:
    type: service
    source: {name: dashboard, version: ^1.0}
    dependencies: [runtime]
    destination: /srv/dashboard
    environment: [LANG=nb_NO.UTF-8]
    vulnerabilities: [open-share]
conditions:
  readings-come: {command: "/opt/check --fresh", interval: 20, environment: [PORT=9000], name: Readings come}
  disk-is-whole: {source: {name: disk-check, version: "*"}}
vulnerabilities:
  open-share: {name: Open share, description: anybody may write, class: CWE-732, technical: true}
metrics:
  sight: {type: conditional, condition: readings-come, max-score: 60}
  whole: {type: conditional, condition: disk-is-whole, max-score: 30}
  log: {type: manual, artifact: true, max-score: 10, name: The shift's log}
evaluations:
  in-control: {metrics: [sight, whole, log], min-score: 70}
tlos:
  keep-sight: {name: Keep sight of the process, evaluation: in-control}
goals:
  safe-water: {tlos: [keep-sight], description: nobody drinks what is not clean}
entities:
  shift:
    role: Blue
    mission: Keep the water running
    tlos: [keep-sight]
    events: [odd-noise]
    categories: [water]
    entities:
      lead: {name: Shift leader}
  intruders: {role: Red, vulnerabilities: [open-share]}
  control: {role: White, events: [staff-note]}
injects:
  wipe: {source: wiper, from-entity: intruders, to-entities: [shift], tlos: [keep-sight], environment: [DEPTH=2]}
events:
  odd-noise: {description: The pumps sound odd., source: noise-page}
  staff-note: {description: Watch the historian.}
  wiping: {injects: [wipe]}
  both-fine: {conditions: [readings-come, disk-is-whole], description: All is well.}
  still-fine: {conditions: [readings-come], description: Still well.}
scripts:
  night:
    start-time: 0
    end-time: 4 hours
    speed: 2
    events: {odd-noise: 20 min, staff-note: 1h 1_5min, wiping: 3h}
  dawn: {start-time: 1h, end-time: 2h, speed: 1, events: {both-fine: 1h, still-fine: 90min}}
stories:
  whole-night: {speed: 2, scripts: [night]}
  morning: {scripts: [dawn]}
"""


def imported(folder: Path, text: str = WATERWORKS, table: ImageTable = NO_TABLE) -> tuple[Draft, Report]:
    folder.mkdir(exist_ok=True)
    (folder / "range.yml").write_text(text)
    return sdl.read(folder / "range.yml", table)


def scenario_of(folder: Path, text: str = WATERWORKS, table: ImageTable = NO_TABLE) -> Scenario:
    draft, report = imported(folder, text, table)
    return write(draft, report, folder / "into")


def problems(folder: Path, text: str, table: ImageTable = NO_TABLE) -> str:
    with pytest.raises(ScenarioInvalid) as error:
        imported(folder, text, table)
    return "\n".join(map(str, error.value.problems))


def changed(old: str, new: str) -> str:
    assert old in WATERWORKS
    return WATERWORKS.replace(old, new)


def test_a_file_with_every_section_comes_in_whole(tmp_path: Path) -> None:
    scenario = scenario_of(tmp_path)
    definition, topology = scenario.definition, scenario.topology
    assert (definition.id, definition.title.get("nb")) == ("vannverket-pa-oya", "Vannverket på Øya")
    assert set(topology.networks) == {"office", "plant"}
    assert set(topology.services) == {"historian", "pump"}
    historian = topology.services["historian"]
    assert (historian.memory_mib, historian.cpus, set(historian.networks)) == (1024, 2.0, {"office", "plant"})
    assert historian.depends_on == {"pump": "started"}
    assert historian.environment == {"LANG": "nb_NO.UTF-8"}
    assert topology.services["pump"].replicas == 3
    assert [(entry.terminal, entry.user) for entry in definition.entries] == [("historian", "drift")]
    assert [text.get("en") for text in definition.objectives] == ["Keep sight of the process"]
    assert {"Keep the water running" in text for text in scenario.briefing.values()} == {True}
    guide = (scenario.path / "GUIDE.en.md").read_text()
    for word in ("Open share", "CWE-732", "70 %", "safe-water", "Shift leader", "intruders → shift", "in the cellar"):
        assert word in guide


def test_every_field_is_told_of_and_none_as_unknown(tmp_path: Path) -> None:
    _, report = imported(tmp_path)
    assert not [entry for entry in report.entries if entry.why == UNKNOWN]
    left = {entry.source for entry in report.entries if entry.outcome == "left"}
    assert left == {"nodes.spare", "events.odd-noise.source"}


def test_events_fall_when_they_would_there(tmp_path: Path) -> None:
    # Offset ÷ (story's speed x script's speed), from the start of it all.
    scenario = scenario_of(tmp_path)
    injects = {inject.id: inject for inject in scenario.definition.injects}
    at = {name: inject.at.seconds for name, inject in injects.items() if inject.at}
    assert at == {"odd-noise": 20 * 60 // 4, "staff-note": 75 * 60 // 4, "wiping": 3 * 3600 // 4}
    assert scenario.definition.duration == 2 * 3600
    assert injects["odd-noise"].to == ("teams",)
    assert injects["staff-note"].to == ("staff",)
    wiping = injects["wiping"].exec
    assert wiping is not None
    assert wiping.command == ("env", "DEPTH=2", "/opt/ncr/injects/wipe")
    assert (wiping.service, wiping.user) == ("historian", "root")


def test_conditional_events_wait_for_a_check_that_is_up_when_all_their_conditions_are(tmp_path: Path) -> None:
    scenario = scenario_of(tmp_path)
    injects = {inject.id: inject for inject in scenario.definition.injects}
    checks = {check.id: check for check in scenario.definition.checks}
    still, both = injects["still-fine"].when, injects["both-fine"].when
    assert still is not None
    assert (still.check, still.is_, still.for_) == ("readings-come", "up", 90 * 60)
    assert both is not None
    assert (both.check, both.is_, both.for_) == ("both-fine-conditions", "up", 3600)
    assert checks["both-fine-conditions"].points == 0


def test_checks_give_the_metrics_points_when_up_all_the_time(tmp_path: Path) -> None:
    scenario = scenario_of(tmp_path)
    definition = scenario.definition
    worth = {
        check.id: check.points
        * Fraction(definition.duration, check.every)
        * Fraction(definition.scoring.weights.checks)
        for check in definition.checks
        if check.points
    }
    assert {name: round(float(points), 6) for name, points in worth.items()} == {
        "readings-come": 60,
        "disk-is-whole": 30,
    }
    assert [(task.id, task.points, task.graded is not None) for task in definition.tasks] == [("log", 10, True)]
    assert definition.tasks[0].objectives == (1,)
    asked = definition.checks[0].probe.exec
    assert asked is not None
    assert asked[:2] == ("env", "PORT=9000")
    assert asked[-1] == "/opt/check --fresh"


@pytest.mark.parametrize(
    ("value", "ends"), [("1", 0), ("1.0", 0), ("0.5", 1), ("0", 1), ("2", 1), ("oops", 1), ("", 1)]
)
def test_a_condition_is_met_by_exactly_one(tmp_path: Path, value: str, ends: int) -> None:
    probe = (
        scenario_of(tmp_path, changed("/opt/check --fresh", f"printf 'log line\\\\n{value}\\\\n'"))
        .definition.checks[0]
        .probe
    )
    assert probe.exec is not None
    assert subprocess.run(probe.exec, check=False, capture_output=True).returncode == ends


def test_unmapped_packages_become_placeholders_that_say_what_to_fill_in(tmp_path: Path) -> None:
    draft, report = imported(tmp_path)
    recipe = draft.files["images/historian/Dockerfile"]
    assert isinstance(recipe, bytes)
    text = recipe.decode()
    assert "FILL IN: this stands for package historian-image 2.1.0" in text
    assert "FROM ncr/base:bookworm" in text
    assert text.index("python-runtime") < text.index("package dashboard ^1.0), as root to /srv/dashboard")
    assert "useradd --badname --create-home --shell /bin/bash drift" in text
    assert "COPY injects/wipe /opt/ncr/injects/wipe\nRUN chmod 0755 /opt/ncr/injects/wipe\n" in text
    assert {"nodes.historian.source", "features.dashboard.source", "injects.wipe.source"} <= {
        warned.where for warned in report.warnings if warned.trap == "placeholder"
    }


TABLE = """\
historian-image@^2.0: registry.invalid/historian:2
pump-image: registry.invalid/pump:1
python-runtime: {image: registry.invalid/python:3}
dashboard@^1.0: {image: registry.invalid/dashboard:1}
disk-check: {command: [/usr/bin/disk-check]}
wiper: {image: registry.invalid/wiper:1, command: [/usr/bin/wipe, --all]}
"""


def table_of(folder: Path, text: str) -> ImageTable:
    (folder / "images.yml").write_text(text)
    return read_table(folder / "images.yml")


def test_a_table_says_which_images_stand_for_packages(tmp_path: Path) -> None:
    scenario = scenario_of(tmp_path, table=table_of(tmp_path, TABLE))
    assert scenario.topology.services["pump"].image == "registry.invalid/pump:1"
    recipe = (scenario.path / "images/historian/Dockerfile").read_text()
    assert "FROM registry.invalid/historian:2" in recipe
    assert recipe.index("registry.invalid/python:3") < recipe.index("COPY --from=registry.invalid/dashboard:1")
    assert 'COPY --from=registry.invalid/dashboard:1 ["/", "/srv/dashboard"]' in recipe
    wiping = next(inject.exec for inject in scenario.definition.injects if inject.id == "wiping")
    assert wiping is not None
    assert wiping.command == ("env", "DEPTH=2", "/usr/bin/wipe", "--all")
    check = next(check for check in scenario.definition.checks if check.id == "disk-is-whole")
    assert check.probe.exec is not None
    assert check.probe.exec[-1] == "/usr/bin/disk-check"


def test_what_a_given_table_does_not_name_is_refused(tmp_path: Path) -> None:
    told = problems(tmp_path, WATERWORKS, table_of(tmp_path, TABLE.replace("^2.0", "^3.0").replace("wiper:", "viper:")))
    assert "range.yml:9:13: the package `historian-image@2.1.0` is not in the table of images; add" in told
    assert "range.yml:62:18: the package `wiper@*` is not in the table of images" in told


def test_a_table_may_say_placeholder(tmp_path: Path) -> None:
    table = table_of(tmp_path, TABLE.replace("registry.invalid/pump:1", "placeholder"))
    assert scenario_of(tmp_path, table=table).topology.services["pump"].build is not None


@pytest.mark.parametrize(
    ("wanted", "version", "fits"),
    [
        ("*", "1.2.3", True), ("1.2.3", "1.2.3", True), ("1.2.3", "1.2.4", False), ("1.2", "1.2.9", True),
        ("^1.2", "1.9.0", True), ("^1.2", "2.0.0", False), ("^0.2.1", "0.2.9", True), ("^0.2.1", "0.3.0", False),
        ("~1.2.3", "1.2.9", True), ("~1.2.3", "1.3.0", False), (">=1, <2", "1.5.0", True), (">=1, <2", "2.0.0", False),
        ("^1.2", "*", True), ("^1.2", "^1.2", True),
    ],
)  # fmt: skip
def test_ranges_of_versions(tmp_path: Path, wanted: str, version: str, fits: bool) -> None:
    table = table_of(tmp_path, f'"box@{wanted}": an/image:1\n')
    assert (table.find("box", version) is not None) == fits


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("box@^x: an/image:1\n", "images.yml:1:1: `^x` is not a range of versions"),
        ("box: '; rm'\n", "images.yml:1:6: `image: ; rm` does not fit"),
        ("box: {imag: a}\n", "images.yml:1:7: `imag` is not a key here"),
        ("- box\n", "images.yml:1:1:"),
    ],
)
def test_a_wrong_table_says_where(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ScenarioInvalid) as error:
        table_of(tmp_path, text)
    assert told in "\n".join(map(str, error.value.problems))


REFUSED = [
    # (what is replaced, by what, the problem that must be told)
    ("name: Vannverket på Øya\n", "", "1:1: `name` is missing; add it"),
    ("type: vm\n    description", "type: router\n    description", "7:11: `type: router` is not one of"),
    ("source: pump-image, resources: {ram: 64 MiB, cpu: 1}, roles", "roles", "19:9: the vm `pump` has no `source`"),
    ("{type: switch}", "{type: switch, roles: {a: b}}", "a switch has no `roles`"),
    ("ram: 1 gib", "ram: much", "10:22: `ram: much` is not an amount of memory; write for instance 2 gib"),
    ("admin: root\n      spy", "admin: drift\n      spy", "the user `drift` has two roles here"),
    ("[shift.lead]", "[shift.boss]", "12:46: the entity `shift.boss` does not exist; did you mean `shift`?"),
    ("{dashboard: admin}", "{dashbord: admin}", "the feature `dashbord` does not exist; did you mean `dashboard`?"),
    ("{dashboard: admin}", "{dashboard: admim}", "15:27: the role `admim` does not exist; did you mean `admin`?"),
    ("links: [office, plant]", "links: [office, pump]", "the switch `pump` does not exist"),
    ("plant: 1", "plant: 2", "23:10: a switch has count 1, not 2; correct it"),
    ("{count: 1, links", "{count: 2, links", "has conditions or injects, so its count must be 1, not 2"),
    ("{count: 3, links: [plant]}", "{links: [plant], dependencies: [historian]}", "depend on each other: "),
    ("source: python-runtime}", "source: p, dependencies: [dashboard]}", "27:12: depend on each other: "),
    (", interval: 20", "", "36:18: `command` and `interval` go together"),
    ("interval: 20", "interval: 20, source: x", "must have exactly one of `command` (with `interval`) and `source`"),
    ("CWE-732", "many", "`many` names no weakness; write CWE-79"),
    ("condition: disk-is-whole", "condition: readings-come", "is in the metric `sight` already; use one"),
    ("condition: disk-is-whole, ", "", "a conditional metric, and no other, has a `condition`"),
    ("{type: manual, artifact: true, max-score: 10", "{type: manual, max-score: 0", "is `0`; write more than 0"),
    ("min-score: 70", "min-score: 170", "`percentage` is `170`; write at most 100"),
    ("min-score: 70", "min-score: {absolute: 101}", "is 101, more than all metrics give together (100); write less"),
    ("min-score: 70", "min-score: {}", "must have one of absolute and percentage; keep one"),
    ("tlos: [keep-sight], description", "tlos: [], description", "`tlos` has too few items"),
    ("role: Blue", "role: blue", "`role: blue` is not one of 'White', 'Green', 'Red' or 'Blue'"),
    (", to-entities: [shift]", "", "`from-entity` and `to-entities` go together"),
    ("end-time: 4 hours", "end-time: 30 min", "is outside the script's start-time and end-time"),
    ("end-time: 4 hours", "end-time: 4 fortnights", "has the unit `fortnights`, which is none"),
    ("end-time: 4 hours", "end-time: 4", "`end-time: 4` is not a duration"),
    ("whole-night: {speed: 2", "whole-night: {speed: 0.5", "`speed` is `0.5`; write at least 1"),
    ("  pump: {type: vm", f"  {'p' * 36}: {{type: vm", "has 36 characters; write at most 35"),
    ("name: Vannverket", "name: [", "range.yml:2:"),
    # The traps that are refused, each by its name.
    ("speed: 2\n", "speed: 0\n", "73:12: speed-zero: time divided by 0"),
    ("  morning: {scripts: [dawn]}\n", "", "75:9: script-in-no-story: Ranger cannot deploy it"),
    ("events: {both-fine: 1h", "events: {wiping: 1h, both-fine: 1h", "event-in-two-scripts: it is in 2 scripts"),
    ("morning: {scripts: [dawn]}", "morning: {scripts: [dawn, night]}", "script-in-two-stories: it is in 2 stories"),
    ("{readings-come: admin, disk", "{disk", "condition-on-no-node: no deployed node asks `readings-come`"),
    ("injects: {wipe: admin}", "injects: {wipe: boss}", "inject-role: the role `boss` does not exist"),
    ("injects: {wipe: admin}", "injects: {}", "inject-on-no-node: no deployed node lists `wipe`"),
]


@pytest.mark.parametrize(("old", "new", "told"), REFUSED)
def test_what_is_wrong_is_refused_with_its_place(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert told in problems(tmp_path, changed(old, new))


def test_an_event_whose_injects_are_not_all_on_every_node_is_refused(tmp_path: Path) -> None:
    text = changed("wiping: {injects: [wipe]}", "wiping: {injects: [wipe, hum]}")
    told = problems(tmp_path, text.replace("injects:\n  wipe", "injects:\n  hum: {source: hummer}\n  wipe"))
    assert "inject-not-on-every-node: `historian` has others of its injects but not `hum`" in told


WARNED = [
    ("wiping: 3h}", "}", "event-in-no-script", "range.yml:66:11 (events.wiping)"),
    ("scripts: [dawn]", "scripts: [dawn]", "condition-in-two-events", "(conditions.readings-come)"),
    ("min-score: 70", "min-score: {absolute: 70}", "absolute-min-score", "(evaluations.in-control.min-score.absolute)"),
    ("start-time: 1h, end-time: 2h, speed: 1, events: {both-fine: 1h",
     "start-time: 0, end-time: 2h, speed: 1, events: {both-fine: 0",
     "conditional-event-at-zero", "(scripts.dawn.events.both-fine)"),
    ("mission: Keep", "mision: Keep", "unknown-key", "(entities.shift.mision)"),
    ("features:\n  runtime", "feeatures: {}\nfeatures:\n  runtime", "unknown-key", "(feeatures)"),
    ("office: null", "office: null", "no-addresses", "range.yml:22:3 (infrastructure)"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "trap", "where"), WARNED)
def test_what_would_go_wrong_there_is_warned_about_by_name(
    tmp_path: Path, old: str, new: str, trap: str, where: str
) -> None:
    draft, report = imported(tmp_path, changed(old, new))
    assert where in "\n".join(warned.where for warned in report.warnings if warned.trap == trap)
    write(draft, report, tmp_path / "into")


def test_unknown_keys_are_in_the_report(tmp_path: Path) -> None:
    _, report = imported(tmp_path, changed("mission: Keep", "mision: Keep"))
    assert [entry.outcome for entry in report.entries if entry.source == "entities.shift.mision"] == ["left"]


def test_keys_may_be_lower_case_capitalised_or_upper_but_not_mixed(tmp_path: Path) -> None:
    text = (
        changed("nodes:\n", "NODES:\n").replace("description: A w", "Description: A w").replace("type: vm", "Type: VM")
    )
    assert (
        scenario_of(tmp_path, text.replace("max-score", "Max-Score")).definition.summary.get("en").startswith("A water")
    )
    odd = changed("tlos:\n", "TLOs:\n").replace("type: vm, source: pump", "type: vM, source: pump")
    assert scenario_of(
        tmp_path / "odd", odd.replace("entities: [shift.lead]", "Entity: [shift.lead]")
    ).definition.entries
    _, report = imported(tmp_path, changed("goals:", "gOals:"))
    assert "write `goals`" in "\n".join(one.message for one in report.warnings if one.trap == "unknown-key")


def test_a_file_that_deploys_nothing_still_makes_a_scenario(tmp_path: Path) -> None:
    draft, report = imported(tmp_path, "name: Table talk\nentities: {a: {role: Blue}}\nstories: {}\n")
    assert write(draft, report, tmp_path / "into").topology.services.keys() == {"nothing"}
    assert "nothing-deployed" in {warned.trap for warned in report.warnings}


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("0", 0),
        (0, 0),
        ("1h 30min", 5400),
        ("1_000 s", 1000),
        ("2 days", 172800),
        ("1.5h", 5400),
        ("500ms", Fraction(1, 2)),
    ],
)
def test_durations(written: object, seconds: Fraction | int) -> None:
    assert parse_span(written) == seconds


@pytest.mark.parametrize(("written", "mib"), [("2 gib", 2048), ("512 MiB", 512), ("1 GB", 954), ("1.5 GiB", 1536)])
def test_memory_is_in_binary_units(written: str, mib: int) -> None:
    assert parse_ram(written) == mib


def test_machines_larger_than_containers_may_be_get_the_most_there_is(tmp_path: Path) -> None:
    draft, report = imported(tmp_path, changed("ram: 1 gib", "ram: 64 gib"))
    assert write(draft, report, tmp_path / "into").topology.services["historian"].memory_mib == 4096
    assert "at most 4096" in next(one.why for one in report.entries if one.source == "nodes.historian.resources.ram")


def test_a_range_that_nobody_could_run_is_refused_and_thousands_of_problems_are_told(tmp_path: Path) -> None:
    placed = "".join(f"  n{at}: {{links: [x{at}]}}\n" for at in range(1000))
    told = problems(tmp_path, f"name: a\ninfrastructure:\n{placed}")
    assert "range.yml:3:3: deploys over 500 nodes; make it smaller" in told
    assert "the switch `x999` does not exist; correct the name" in told


def test_only_sdl_is_taken_for_sdl(tmp_path: Path) -> None:
    for name, text in (
        ("compose.yml", "services: {}\n"),
        ("clab.yml", "name: a\ntopology: {nodes: {}}\n"),
        ("x.yml", "["),
    ):
        (tmp_path / name).write_text(text)
        assert not sdl.recognises(tmp_path / name)
    (tmp_path / "range.yml").write_text(WATERWORKS)
    draft, report = formats.read(tmp_path / "range.yml")
    assert (draft.id, report.format) == ("vannverket-pa-oya", sdl.NAME)


def test_the_command_imports_with_a_table_and_writes_nothing_when_it_refuses(tmp_path: Path) -> None:
    (tmp_path / "range.yml").write_text(WATERWORKS)
    (tmp_path / "images.yml").write_text(TABLE)
    command = ["import", str(tmp_path / "range.yml"), "--into", str(tmp_path / "into"), "--images"]
    assert CliRunner().invoke(app, [*command, str(tmp_path / "images.yml")]).exit_code == 0
    assert (tmp_path / "into/vannverket-pa-oya.import-report.md").is_file()
    (tmp_path / "images.yml").write_text("other: image:1\n")
    refused = CliRunner().invoke(app, [*command, str(tmp_path / "images.yml"), "--id", "again"])
    assert refused.exit_code == 1
    assert "range.yml:9:13" in refused.output
    assert sorted(one.name for one in (tmp_path / "into").iterdir()) == [
        "vannverket-pa-oya", "vannverket-pa-oya.import-report.json", "vannverket-pa-oya.import-report.md",
    ]  # fmt: skip
