"""The guide and briefings of an SDL import: what people must know, and what no field of a scenario holds."""

from collections.abc import Iterator

from ncr.scenario.importers.loose import under
from ncr.scenario.importers.naming import as_text, span
from ncr.scenario.importers.sdl.making import Making
from ncr.scenario.importers.sdl.model import Entity, Evaluation, Inject, Sdl, entity_path
from ncr.scenario.importers.sdl.story import windows

_WORDS = {
    "en": {
        "lead": "for those who lead the exercise", "who": "Who takes part", "objectives": "Learning objectives",
        "passed": "passed with", "of": "of its points", "points": "points", "goals": "Goals", "timeline": "Timeline",
        "weak": "Weaknesses", "machines": "Machines", "mission": "Mission", "by": "set off by hand",
        "sum": "Metrics",
    },
    "nb": {
        "lead": "for dem som leder øvelsen", "who": "Hvem som er med", "objectives": "Læringsmål",
        "passed": "bestått med", "of": "av poengene", "points": "poeng", "goals": "Mål", "timeline": "Tidslinje",
        "weak": "Svakheter", "machines": "Maskiner", "mission": "Oppdrag", "by": "settes i gang for hånd",
        "sum": "Målinger",
    },
}  # fmt: skip


def make(making: Making) -> None:
    """Fill the guide and the briefing, in both languages; the source's own texts stand as they are."""
    sdl = making.source.sdl
    for language in ("nb", "en"):
        making.draft.files[f"GUIDE.{language}.md"] = ("\n".join(_guide(making, language)) + "\n").encode()
        making.draft.briefing[language] = as_text("\n".join(_briefing(making, language)) + "\n")
    making.report.carried("name", "title")
    if sdl.description is not None:
        making.report.carried("description", "summary")
    for place, entity in making.people().items():
        _tell(making, place, entity)
    for key, node in sdl.nodes.items():
        for part in ("description", "vulnerabilities"):
            if part in node.model_fields_set and key in sdl.infrastructure:
                making.report.mapped(
                    under("nodes", key, part), "GUIDE.en.md", "for those who lead the exercise to know"
                )


def _tell(making: Making, place: str, entity: Entity) -> None:
    path = entity_path(place)
    if entity.role == "Blue" and "." not in place:
        why = "those who play: NCR makes the environment once for every team that signs up"
        making.report.mapped(path, "briefing.en.md", why)
    else:
        making.report.mapped(path, "GUIDE.en.md", "who it is; people are signed up when the exercise is planned")
    if entity.mission and entity.role == "Blue":
        making.report.carried(f"{path}.mission", "briefing.en.md")
    if entity.events:
        making.report.mapped(
            f"{path}.events", "injects.*.to", "what only others than those who play are told goes to staff"
        )


def _briefing(making: Making, language: str) -> Iterator[str]:
    sdl, words = making.source.sdl, _WORDS[language]
    yield f"# {sdl.name}"
    yield ""
    if sdl.description:
        yield sdl.description
        yield ""
    for place, entity in making.people().items():
        if entity.role == "Blue" and entity.mission:
            yield f"**{words['mission']}** ({entity.name or place}): {entity.mission}"
            yield ""


def _guide(making: Making, language: str) -> Iterator[str]:
    words = _WORDS[language]
    yield f"# {making.source.sdl.name}: {words['lead']}"
    sections = (
        ("who", _people(making)), ("objectives", _objectives(making.source.sdl, words)),
        ("goals", _goals(making.source.sdl)), ("sum", _metrics(making.source.sdl, words)),
        ("timeline", _timeline(making.source.sdl, words)), ("machines", _machines(making)),
        ("weak", _weaknesses(making.source.sdl)),
    )  # fmt: skip
    for title, lines in sections:
        found = list(lines)
        if found:
            yield ""
            yield f"## {words[title]}"
            yield ""
            yield from found


def _people(making: Making) -> Iterator[str]:
    for place, entity in making.people().items():
        parts = [entity.description, entity.mission, ", ".join(entity.categories), ", ".join(entity.vulnerabilities),
                 ", ".join(entity.tlos), ", ".join(entity.events)]  # fmt: skip
        yield f"* **{entity.name or place}** ({entity.role or '-'}): {'; '.join(part for part in parts if part) or '-'}"


def _objectives(sdl: Sdl, words: dict[str, str]) -> Iterator[str]:
    for number, (key, tlo) in enumerate(sdl.tlos.items(), start=1):
        evaluation = sdl.evaluations[tlo.evaluation]
        name = evaluation.name or tlo.evaluation
        yield f"{number}. **{tlo.name or key}**: {name} ({words['passed']} {_least(sdl, evaluation, words)}). " + (
            " ".join(part for part in (tlo.description, evaluation.description) if part)
        )


def _least(sdl: Sdl, evaluation: Evaluation, words: dict[str, str]) -> str:
    whole = sum(sdl.metrics[name].max_score for name in evaluation.metrics)
    if evaluation.min_score.absolute is not None:
        return f"{evaluation.min_score.absolute} {words['of']} ({whole})"
    return f"{evaluation.min_score.percentage} % {words['of']} ({whole}): {', '.join(evaluation.metrics)}"


def _goals(sdl: Sdl) -> Iterator[str]:
    for key, goal in sdl.goals.items():
        yield f"* **{goal.name or key}**: {', '.join(goal.tlos)}. {goal.description or ''}".rstrip()


def _metrics(sdl: Sdl, words: dict[str, str]) -> Iterator[str]:
    for key, metric in sdl.metrics.items():
        asked = f" ({metric.condition})" if metric.condition else ""
        worth = f"{metric.max_score} {words['points']}"
        yield f"* **{metric.name or key}**{asked}: {worth}. {metric.description or ''}".rstrip()


def _timeline(sdl: Sdl, words: dict[str, str]) -> Iterator[str]:
    planned = windows(sdl)
    for key in sorted(sdl.events, key=lambda key: planned[key].start if key in planned else 10**9):
        event = sdl.events[key]
        when = f"T+{span(int(planned[key].start))}" if key in planned else words["by"]
        done = [_done(name, sdl.injects[name]) for name in event.injects]
        parts = [event.description, ", ".join(done), ", ".join(event.conditions)]
        yield f"* {when} **{event.name or key}**: {'; '.join(part for part in parts if part) or '-'}"


def _done(name: str, inject: Inject) -> str:
    people = f"{inject.from_entity} → {', '.join(inject.to_entities)}" if inject.from_entity else ""
    about = "; ".join(part for part in (inject.description, people, ", ".join(inject.tlos)) if part)
    return f"{inject.name or name} ({about})" if about else inject.name or name


def _machines(making: Making) -> Iterator[str]:
    sdl = making.source.sdl
    for key, there in sdl.infrastructure.items():
        node = sdl.nodes[key]
        parts = [there.name, node.description, there.description, ", ".join(node.vulnerabilities)]
        yield f"* **{key}**: {'; '.join(part for part in parts if part) or '-'}"


def _weaknesses(sdl: Sdl) -> Iterator[str]:
    for key, one in sdl.vulnerabilities.items():
        yield f"* **{one.name}** ({key}, {one.class_}): {one.description}"
