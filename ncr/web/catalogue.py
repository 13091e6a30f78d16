"""The words: bokmål stands in the templates, other languages in one catalogue file each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po

FOLDER = Path(__file__).parent / "translations"
SOURCE = "nb"


@dataclass(frozen=True, slots=True)
class Words:
    """One language: call it with the bokmål text and its values to get the text in this language."""

    language: str
    texts: Mapping[str, str]

    def __call__(self, text: str, **values: Any) -> str:
        told = self.texts.get(text) or text
        return told % values if values else told


def languages() -> list[str]:
    """Every language there is a catalogue for, bokmål first."""
    return [SOURCE, *sorted(path.parent.parent.name for path in FOLDER.glob("*/LC_MESSAGES/ncr.po"))]


@cache
def words(language: str) -> Words:
    """The words of `language`; an unknown one gets bokmål."""
    path = FOLDER / language / "LC_MESSAGES" / "ncr.po"
    if language == SOURCE or language not in languages():
        return Words(SOURCE, {})
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language)
    return Words(language, {str(message.id): str(message.string) for message in catalogue if message.id})


def prefer(wanted: str | None, accepted: str, fallback: str) -> str:
    """The language to answer in: the one chosen, else the browser's first that we have, else the site's."""
    known = languages()
    ranked = sorted(_accepted(accepted), key=lambda pair: -pair[1])
    first = next((code for code, _ in ranked if code in known), fallback)
    return wanted if wanted in known else first


def _accepted(header: str) -> list[tuple[str, float]]:
    pairs = []
    for part in header[:500].split(","):
        code, _, weight = part.strip().partition(";q=")
        code = code.split("-")[0].lower()
        pairs.append(("nb" if code in ("no", "nn") else code, _weight(weight)))
    return pairs


def _weight(text: str) -> float:
    return float(text) if text.replace(".", "", 1).isdigit() else 1.0


_: Callable[[str], str] = str  # marks a text for the catalogue where no language is known yet

STATES: Mapping[str, str] = {
    "draft": _("kladd"),
    "scheduled": _("planlagt"),
    "preparing": _("klargjøres"),
    "ready": _("klar"),
    "running": _("pågår"),
    "paused": _("på pause"),
    "finished": _("ferdig"),
    "archived": _("arkivert"),
    "cancelled": _("avlyst"),
    "failed": _("feilet"),
    "absent": _("ikke bygd"),
    "building": _("bygges"),
    "open": _("åpent"),
    "closed": _("lukket"),
    "removed": _("fjernet"),
    "degraded": _("ustabil"),
    "up": _("oppe"),
    "down": _("nede"),
    "recovering": _("henter seg inn"),
    "error": _("sjekken feilet"),
    "unknown": _("ukjent"),
    "starting": _("starter"),
    "healthy": _("frisk"),
    "unhealthy": _("syk"),
    "exited": _("stanset"),
    "missing": _("mangler"),
    "waiting": _("venter"),
    "claimed": _("i gang"),
    "done": _("utført"),
    "skipped": _("hoppet over"),
    "met": _("skal skje"),
    "begun": _("i gang"),
    "missed": _("ikke rukket"),
    "full": _("disken er full"),
    "@gate": _("sluse"),
}

ROOMS: Mapping[str, str] = {
    "teams": _("lagene"),
    "staff": _("spillstaben"),
    "management": _("ledelsesrommet"),
    "technical": _("det tekniske rommet"),
    "communication": _("kommunikasjonsrommet"),
}

# The usual ones; a scenario's own categories are shown as they are written.
CATEGORIES: Mapping[str, str] = {
    "recon": _("Rekognosering"),
    "access": _("Tilgang"),
    "web": _("Nett"),
    "privacy": _("Personvern"),
    "passwords": _("Passordknekking"),
    "exploitation": _("Utnyttelse"),
    "privilege": _("Rettigheter"),
    "defence": _("Forsvar"),
    "crypto": _("Krypto"),
    "forensics": _("Sporsikring"),
}

EVENTS: Mapping[str, str] = {
    "planned": _("planlagt"),
    "changed": _("endret"),
    "overridden": _("holdes uten bestått generalprøve"),
    "launched": _("satt i gang av øvingsleder"),
    "extended": _("forlenget"),
    "frozen": _("poengtavla fryst"),
    "unfrozen": _("poengtavla åpnet igjen"),
    "reset": _("miljøet tilbakestilt"),
    "restart": _("tjeneste startes på nytt"),
    "seated": _("rom endret"),
    "fired": _("innspill utløst"),
    "skipped": _("innspill hoppet over"),
    "injected": _("innspill levert"),
    "jumped": _("klokka hoppet"),
    "torn-down": _("alt er ryddet bort"),
    "left-out": _("øvelser som ikke ble holdt"),
    "failed": _("mislyktes"),
}
