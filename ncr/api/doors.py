"""All routers of the API under one prefix."""

from fastapi import APIRouter

from ncr.api import (
    auth,
    entries,
    environments,
    exercises,
    health,
    ledger,
    messages,
    people,
    play,
    practice,
    rehearsals,
    scenarios,
    seats,
    submissions,
    timeline,
)

PREFIX = "/api/v1"
router = APIRouter(prefix=PREFIX)
# Routes are tried in this order: the busiest first.
ROUTERS = (
    submissions,
    health,
    auth,
    people,
    scenarios,
    rehearsals,
    play,
    messages,
    seats,
    ledger,
    environments,
    entries,
    practice,
    exercises,
    timeline,
)
for each in ROUTERS:
    router.include_router(each.router)
