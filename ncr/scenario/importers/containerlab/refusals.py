"""What a containerlab file may ask of the machine and never gets; each refuses the import where it stands."""

from ncr.scenario.importers.containerlab.layers import Layer
from ncr.scenario.tree import Findings, Node, find

KINDS = {
    "host": "is the machine itself",
    "ext-container": "is a container outside the lab",
    "k8s-kind": "is a whole cluster beside the lab",
}


def refuse(layer: Layer, findings: Findings) -> None:
    """Findings for privileged, devices, the machine's namespaces, binds of its files and commands on it."""
    keys, node = layer.node.mapping, layer.node
    if "privileged" in keys and keys["privileged"].value is not False:
        findings.add(node.keys["privileged"], "`privileged` is refused: it is root on the machine; remove it")
    if "devices" in keys and keys["devices"].value not in (None, []):
        findings.add(node.keys["devices"], "`devices` is refused: it gives the machine's devices; remove it")
    for key in ("network-mode", "pid-mode"):
        if key in keys and keys[key].value not in (None, ""):
            findings.add(node.keys[key], f"`{key}: {keys[key].raw[:40]}` is refused: it shares what is not the node's")
    if "kind" in keys and keys["kind"].text in KINDS:
        findings.add(
            node.keys["kind"], f"the kind `{keys['kind'].text}` is refused: it {KINDS[str(keys['kind'].text)]}"
        )
    for bind in find(node, "binds.*"):
        _refuse_bind(bind, findings)
    for pattern in ("stages.*.exec.*", "stages.*.exec.*.*", "stages.*.exec.*.*.target"):
        for command in find(node, pattern):
            if command.text == "host" or ("target" in command.mapping and command.mapping["target"].text == "host"):
                findings.add(command.mark, "a command on the machine itself is refused; remove it")


def _refuse_bind(bind: Node, findings: Findings) -> None:
    source = bind.raw.partition(":")[0]
    if source.startswith(("/", "~", "__", "$")) or ".." in source.split("/"):
        findings.add(
            bind.mark, f"`{source[:60]}` is refused: it is a path of the machine's; keep files beside this one"
        )
