"""Images of a simulated engine: there is nothing in them, and their archives say so."""

import io
import json
import tarfile

from ncr.errors import EngineError


def archive(reference: str, is_there: bool) -> bytes:
    """An image without layers. Raises EngineError when there is no such image."""
    if not is_there:
        raise EngineError(f"image {reference}: there is no such image")
    content = json.dumps([{"Config": "", "RepoTags": [reference], "Layers": []}]).encode()
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as made:
        member = tarfile.TarInfo("manifest.json")
        member.size = len(content)
        made.addfile(member, io.BytesIO(content))
    return written.getvalue()
