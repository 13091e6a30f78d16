"""Containers on the machines of a topology, as services beside them."""

from typing import Any

from ncr.scenario.importers import sources
from ncr.scenario.importers.kypo.making import Making
from ncr.scenario.importers.loose import under
from ncr.scenario.importers.placeholders import dockerfile


def make(making: Making) -> None:
    """Containers on hosts become services beside them, on the same networks."""
    given, report = making.found.containers, making.report
    for number, row in enumerate(given.container_mappings):
        container = next(one for one in given.containers if one.name == row.container)
        name = making.services.new(f"{row.container} {row.host}")
        host = making.compose["services"][making.services.of(row.host)]
        networks = list(host.get("networks", []))
        service: dict[str, Any] = {"networks": networks} if networks else {"network_mode": "none"}
        folder = making.found.folder / (container.dockerfile or "")
        if container.image is not None:
            service["image"] = container.image
        elif container.dockerfile and ".." not in container.dockerfile and (folder / "Dockerfile").is_file():
            service["build"] = f"images/{name}"
            for file in sources.survey(folder).files:
                making.draft.files[f"images/{name}/{file}"] = folder / file
        else:
            service["build"] = f"images/{name}"
            text = dockerfile(None, f"the container {container.name} ({container.dockerfile})")
            making.draft.files[f"images/{name}/Dockerfile"] = text
            why = f"`{container.dockerfile}` is not beside the topology: a placeholder at images/{name}"
            making.warn("placeholder", "containers", under("container_mappings", number), why)
        making.compose["services"][name] = service
        why = f"a service of its own beside {row.host}; its port {row.port or '-'} was sshd's, and terminals need none"
        report.mapped(making.path("containers", "container_mappings", number), f"services.{name}", why)
    for number, _ in enumerate(given.containers):
        report.mapped(making.path("containers", "containers", number), "services", "one for each mapping")
    if "hide_all" in given.model_fields_set:
        report.left(making.path("containers", "hide_all"), "NCR draws no map of an environment")
