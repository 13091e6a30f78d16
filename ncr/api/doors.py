"""All routers of the API under one prefix."""

from fastapi import APIRouter

from ncr.api import auth, environments, exercises, health, ledger, people, play, scenarios

router = APIRouter(prefix="/api/v1")
for each in (health, auth, people, scenarios, play, ledger, environments, exercises):
    router.include_router(each.router)
