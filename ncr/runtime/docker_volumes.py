"""Named volumes on a Docker engine."""

from docker.errors import NotFound

from ncr.runtime.docker_client import Connection, calling
from ncr.runtime.objects import SPEC, VolumeSpec


def ensure(connection: Connection, spec: VolumeSpec) -> None:
    """Make it, or adopt one made from the same spec; another of the same name is replaced."""
    api = connection.api
    with calling(f"volume {spec.name}"):
        try:
            there = api.inspect_volume(spec.name)
        except NotFound:
            there = None
        if there is not None:
            if (there["Labels"] or {}).get(SPEC) == spec.labels.get(SPEC):
                return
            api.remove_volume(spec.name, force=True)
        api.create_volume(spec.name, driver="local", labels=dict(spec.labels))
