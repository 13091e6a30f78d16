"""The machine of a Docker engine: reached directly when it is this one, else through a throw-away container."""

import secrets
from collections.abc import Sequence
from pathlib import Path

from ncr.runtime.docker_client import Connection, calling, gone_is_fine
from ncr.runtime.docker_exec import Conversation
from ncr.runtime.docker_images import Images
from ncr.runtime.host import COMMAND_TIMEOUT_S, Host
from ncr.runtime.images import own_image


class DockerHost(Host):
    """The only container of ours that sees the host's network; it runs one command of our own image and is gone."""

    def __init__(self, connection: Connection, images: Images, labels: dict[str, str]) -> None:
        super().__init__(self._shares_this_machine, self._in_container)
        self._connection = connection
        self._images = images
        self._labels = labels

    def _shares_this_machine(self) -> bool:
        if not self._connection.is_local_socket:
            return False
        with calling("network bridge"):
            options = self._connection.api.inspect_network("bridge")["Options"]
        bridge = options.get("com.docker.network.bridge.name", "docker0")
        return (Path("/sys/class/net") / str(bridge)).exists()

    def _in_container(self, words: Sequence[str], stdin: bytes) -> tuple[int, bytes]:
        image = own_image("guard")
        self._images.ensure(image, lambda line: None)
        name = f"ncr-{self._labels['ncr.instance']}.guard-{secrets.token_hex(4)}"
        api = self._connection.api
        with calling(f"container {name}"):
            try:
                api.create_container_from_config(_body(image.reference, words, self._labels), name)
                stream = api.attach_socket(name, params={"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1})
                with Conversation(stream) as talk:
                    api.start(name)
                    talk.run(stdin, COMMAND_TIMEOUT_S)
                code = int(api.wait(name, timeout=COMMAND_TIMEOUT_S)["StatusCode"])
                return code, bytes(talk.out + talk.err)
            finally:
                with gone_is_fine(f"container {name}"):
                    api.remove_container(name, force=True)


def _body(image: str, words: Sequence[str], labels: dict[str, str]) -> dict[str, object]:
    return {
        "Image": image,
        "Entrypoint": list(words),
        "Labels": labels,
        "OpenStdin": True,
        "StdinOnce": True,
        "HostConfig": {
            "NetworkMode": "host",
            "CapDrop": ["ALL"],
            "CapAdd": ["NET_ADMIN", "NET_RAW"],
            "SecurityOpt": ["no-new-privileges"],
            "ReadonlyRootfs": True,
            "Tmpfs": {"/run": ""},
        },
    }
