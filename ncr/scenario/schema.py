"""The JSON Schema of scenario.yml, for editors."""

from typing import Any

from ncr.scenario.model import Definition


def schema() -> dict[str, Any]:
    """JSON Schema, draft 2020-12, of scenario.yml as an author writes it."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Definition.model_json_schema(by_alias=True)}
