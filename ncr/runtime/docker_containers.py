"""Containers on a Docker engine: made under the profile, given their files, started, frozen, ended."""

import io
import tarfile
import time
from collections.abc import Sequence
from typing import Any

from docker.errors import APIError, NotFound
from docker.utils.utils import version_gte

from ncr.errors import EngineError
from ncr.runtime.docker_client import Connection, calling, gone_is_fine, status
from ncr.runtime.docker_profile import create_body, endpoint, volumes_for_files
from ncr.runtime.objects import SPEC, ContainerSpec, FileSpec

# Since this version a container can be made on all its networks in one call.
MANY_NETWORKS_SINCE = "1.44"


class Containers:
    """Makes and runs containers below one parent in the control groups."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.cgroup_parent = ""

    def ensure(self, spec: ContainerSpec) -> None:
        """Make it with networks and files, or adopt one made from the same spec; another is replaced.

        One that never started is always replaced: whoever made it may have died before it was whole.
        """
        try:
            self._create(spec)
        except EngineError as error:
            if status(error) != 409:
                raise
            if self._is_adopted(spec):
                return
            self.remove(spec.name)
            self._create(spec)

    def start(self, name: str) -> None:
        """Start it; one that runs or is frozen stays as it is."""
        with calling(f"container {name}"):
            try:
                self._connection.api.start(name)
            except APIError:
                if self._status(name) not in ("running", "paused"):
                    raise

    def pause(self, name: str) -> None:
        """Freeze it; a frozen one stays so."""
        with calling(f"container {name}"):
            try:
                self._connection.api.pause(name)
            except APIError:
                if self._status(name) != "paused":
                    raise

    def unpause(self, name: str) -> None:
        """Let it go on; a running one stays as it is."""
        with calling(f"container {name}"):
            try:
                self._connection.api.unpause(name)
            except APIError:
                if self._status(name) != "running":
                    raise

    def stop(self, name: str, grace_s: float) -> None:
        """Ask it to end, then end it; what is gone has ended."""
        with gone_is_fine(f"container {name}"):
            api = self._connection.api
            if self._status(name) == "paused":
                # A frozen process hears no signal.
                api.unpause(name)
            api.stop(name, timeout=round(grace_s))

    def remove(self, name: str) -> None:
        """Delete it and its unnamed volumes, running or not; what is gone is success."""
        with gone_is_fine(f"container {name}"):
            try:
                self._connection.api.remove_container(name, force=True, v=True)
            except APIError as error:
                if error.status_code != 409:
                    raise
                # Somebody else's removal is already under way.
                self._wait_until_gone(name)

    def put_files(self, name: str, files: Sequence[FileSpec], volumes: Sequence[str] = ()) -> None:
        """Copy files into it; those below a directory of `volumes` go into the volume there."""
        for target in ("", *volumes):
            mine = [file for file in files if (file.path.rpartition("/")[0] if volumes else "") == target]
            if mine:
                with calling(f"files of container {name}"):
                    self._connection.api.put_archive(name, target or "/", _archive(mine, target))

    def _create(self, spec: ContainerSpec) -> None:
        api = self._connection.api
        body = create_body(spec, self.cgroup_parent)
        others = spec.attachments[1:]
        if version_gte(api.api_version, MANY_NETWORKS_SINCE):
            body["NetworkingConfig"]["EndpointsConfig"] |= {place.network: endpoint(place) for place in others}
            others = ()
        with calling(f"container {spec.name}"):
            api.create_container_from_config(body, spec.name)
            for place in others:
                api.connect_container_to_network(
                    spec.name, place.network, ipv4_address=place.ipv4, aliases=list(place.aliases)
                )
        if spec.files:
            self.put_files(spec.name, spec.files, volumes_for_files(spec))

    def _is_adopted(self, spec: ContainerSpec) -> bool:
        with gone_is_fine(f"container {spec.name}"):
            found = self._connection.api.inspect_container(spec.name)
            same = found["Config"]["Labels"].get(SPEC) == spec.labels.get(SPEC)
            return bool(same and found["State"]["Status"] not in ("created", "removing", "dead"))
        return False

    def _status(self, name: str) -> str:
        state: dict[str, Any] = self._connection.api.inspect_container(name)["State"]
        return str(state["Status"])

    def _wait_until_gone(self, name: str) -> None:
        for _ in range(100):
            try:
                self._connection.api.inspect_container(name)
            except NotFound:
                return
            time.sleep(0.1)
        raise EngineError(f"container {name}: its removal does not end")


def _archive(files: Sequence[FileSpec], below: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for file in files:
            entry = tarfile.TarInfo(file.path.removeprefix(below).lstrip("/"))
            entry.size, entry.mode, entry.uid, entry.gid = len(file.content), file.mode, file.uid, file.gid
            tar.addfile(entry, io.BytesIO(file.content))
    return buffer.getvalue()
