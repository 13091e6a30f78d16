"""The words of the pages that NCR itself shows on a lab's host; pure."""

from collections.abc import Mapping
from typing import NamedTuple


class Said(NamedTuple):
    """A status, and what is said with it in Norwegian and in English."""

    status: int
    title: tuple[str, str]
    text: tuple[str, str]


PAGES: Mapping[str, Said] = {
    "no-session": Said(
        401,
        ("Åpne denne siden fra lagets side", "Open this page from your team's page"),
        (
            "Her kommer du inn fra lagets egen side i NCR. Åpne inngangen derfra på nytt.",
            "You get in here from your team's own page in NCR. Open the entry again from there.",
        ),
    ),
    "signed-out": Said(
        403,
        ("Du har ikke lenger tilgang", "You no longer have access"),
        (
            "Du er logget ut, eller er ikke lenger med på laget. Logg inn og åpne inngangen på nytt.",
            "You are signed out, or no longer on the team. Sign in and open the entry again.",
        ),
    ),
    "bad-ticket": Said(
        403,
        ("Lenka er brukt eller for gammel", "This link has been used or is too old"),
        (
            "En slik lenke virker én gang og i et halvt minutt. Åpne inngangen på nytt fra lagets side.",
            "Such a link works once and for half a minute. Open the entry again from your team's page.",
        ),
    ),
    "foreign": Said(
        403,
        ("Dette kom fra en annen side", "This came from another page"),
        (
            "En side utenfor dette øvingsmiljøet prøvde å bruke det i ditt navn. Det er ikke sendt videre.",
            "A page outside this environment tried to use it in your name. It was not passed on.",
        ),
    ),
    "not-started": Said(
        409,
        ("Øvelsen har ikke begynt", "The exercise has not started"),
        ("Åpne inngangen på nytt når øvelsen er i gang.", "Open the entry again when the exercise runs."),
    ),
    "paused": Said(
        409,
        ("Øvelsen er på pause", "The exercise is paused"),
        ("Last siden på nytt når øvelsen går videre.", "Load the page again when the exercise goes on."),
    ),
    "finished": Said(
        409,
        ("Øvelsen er ferdig", "The exercise is over"),
        ("Øvingsmiljøet er stengt.", "The environment is closed."),
    ),
    "reset": Said(
        409,
        ("Øvingsmiljøet er tilbakestilt", "The environment was reset"),
        ("Åpne inngangen på nytt fra lagets side.", "Open the entry again from your team's page."),
    ),
    "failed": Said(
        503,
        ("Øvingsmiljøet kunne ikke bygges", "The environment could not be built"),
        ("Øvingsledelsen ser hva som er galt.", "Exercise control sees what is wrong."),
    ),
    "building": Said(
        503,
        ("Øvingsmiljøet bygges", "The environment is being built"),
        ("Last siden på nytt om litt.", "Load the page again in a moment."),
    ),
    "restart": Said(
        503,
        ("NCR starter på nytt", "NCR is restarting"),
        ("Last siden på nytt om litt.", "Load the page again in a moment."),
    ),
    "down": Said(
        502,
        ("Tjenesten i øvingsmiljøet svarer ikke", "The service in the environment does not answer"),
        (
            "Den kan være stoppet eller ennå ikke startet. Prøv igjen om litt.",
            "It may have ended or not begun yet. Try again in a moment.",
        ),
    ),
    "garbled": Said(
        502,
        (
            "Tjenesten i øvingsmiljøet svarte noe som ikke kan vises",
            "The service in the environment gave an answer that cannot be shown",
        ),
        (
            "Svaret fulgte ikke reglene for HTTP, eller var for stort.",
            "The answer did not follow the rules of HTTP, or was too large.",
        ),
    ),
    "slow": Said(
        504,
        ("Tjenesten i øvingsmiljøet svarte ikke i tide", "The service in the environment did not answer in time"),
        ("Prøv igjen om litt.", "Try again in a moment."),
    ),
    "engine": Said(
        503,
        ("Øvingsmiljøet kan ikke nås nå", "The environment cannot be reached now"),
        ("Prøv igjen om litt.", "Try again in a moment."),
    ),
    "busy": Said(
        429,
        ("For mange forbindelser på en gang", "Too many connections at once"),
        ("Lukk noen faner av denne siden og prøv igjen.", "Close some tabs of this page and try again."),
    ),
    "full": Said(
        503,
        ("Laget har for mange forbindelser på en gang", "The team has too many connections at once"),
        ("Prøv igjen om litt.", "Try again in a moment."),
    ),
    "too-large": Said(
        431,
        ("Forespørselen har for mye i hodet", "The request's headers are too large"),
        ("Slett informasjonskapslene til denne siden og prøv igjen.", "Delete this page's cookies and try again."),
    ),
    "too-slow": Said(
        408,
        ("Forespørselen kom ikke fram i tide", "The request did not arrive in time"),
        ("Prøv igjen.", "Try again."),
    ),
    "bad-request": Said(
        400,
        ("Forespørselen kan ikke leses", "The request cannot be read"),
        ("Adressen kan være feil.", "The address may be wrong."),
    ),
    "not-here": Said(
        421,
        ("Denne adressen er ikke her", "This address is not here"),
        ("Adressen kan være feil.", "The address may be wrong."),
    ),
    "no-page": Said(
        404,
        ("Siden finnes ikke", "There is no such page"),
        ("Adressen kan være feil.", "The address may be wrong."),
    ),
}
