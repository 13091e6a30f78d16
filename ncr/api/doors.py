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
    scenarios,
    submissions,
)

PREFIX = "/api/v1"
router = APIRouter(prefix=PREFIX)
# Routes are tried in this order: the busiest first.
for each in (submissions, health, auth, people, scenarios, play, messages, ledger, environments, entries, exercises):
    router.include_router(each.router)
