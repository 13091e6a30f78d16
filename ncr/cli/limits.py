"""The site's maxima for a check, which must not wait for settings that nobody has made."""

import os
from pathlib import Path

from ncr.cli.lazy import imported
from ncr.scenario.maxima import Maxima


def site_maxima() -> Maxima:
    """What the site allows. Settings take a seventh of a check to read: they are read where there are any."""
    if not Path(".env").exists() and not any(name.upper().startswith("NCR_") for name in os.environ):
        return Maxima()
    return Maxima.of(imported("ncr.config").Settings())
