"""What a Docker engine's lists say, in our words; pure."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, cast

from ncr.runtime.objects import SeenContainer, SeenNetwork, SeenVolume

State = Literal["created", "running", "paused", "exited", "dead"]
Health = Literal["none", "starting", "healthy", "unhealthy"]
STATES: Mapping[str, State] = {
    "created": "created", "running": "running", "paused": "paused", "exited": "exited", "restarting": "exited",
}  # fmt: skip
_HEALTH = re.compile(r"\((?:health: )?(starting|healthy|unhealthy)\)")
_EXIT = re.compile(r"^Exited \((\d+)\)")


def seen_container(row: Mapping[str, Any]) -> SeenContainer:
    """A row of the container list; health and exit code stand in its status text only."""
    status = str(row["Status"])
    health, ended = _HEALTH.search(status), _EXIT.search(status)
    return SeenContainer(
        name=str(row["Names"][0]).lstrip("/"),
        state=STATES.get(row["State"], "dead"),
        labels=row["Labels"] or {},
        health=cast(Health, health[1]) if health else "none",
        exit_code=int(ended[1]) if ended else None,
        addresses=_addresses(row),
        created_at=float(row["Created"]),
    )


def seen_network(row: Mapping[str, Any]) -> SeenNetwork:
    """A row of the network list."""
    config = (row.get("IPAM") or {}).get("Config") or [{}]
    return SeenNetwork(row["Name"], row["Labels"] or {}, config[0].get("Subnet"), _epoch(row["Created"]))


def seen_volume(row: Mapping[str, Any]) -> SeenVolume:
    """A row of the volume list."""
    return SeenVolume(row["Name"], row["Labels"] or {}, _epoch(row["CreatedAt"]))


def label_filter(labels: Mapping[str, str]) -> dict[str, list[str]]:
    """What the engine's lists are asked for."""
    return {"label": [f"{key}={value}" for key, value in labels.items()]}


def _addresses(row: Mapping[str, Any]) -> dict[str, str]:
    places = (row.get("NetworkSettings") or {}).get("Networks") or {}
    return {name: place["IPAddress"] for name, place in places.items() if place.get("IPAddress")}


def _epoch(text: str) -> float:
    # Nanoseconds are more than Python reads.
    return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text)).timestamp()
