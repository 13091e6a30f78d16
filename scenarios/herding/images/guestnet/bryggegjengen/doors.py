"""The server's twelve open doors: whether each still stands open, and what Bryggegjengen does once through it.

A knock changes nothing. It tells True for open, and raises Unsure when the service behind does not work: a door is not
closed by tearing the house down. In the order in which they are used: what stops the web site comes last.
"""

from collections.abc import Callable
from typing import NamedTuple

from bryggegjengen import other_doors as other
from bryggegjengen import web_doors as web


class Door(NamedTuple):
    """One weakness. `use` does harm that shows and can be mended, and says what it did."""

    id: str
    wave: int
    knock: Callable[[], bool]
    use: Callable[[], str]


DOORS = (
    Door("default-admin", 1, web.knock_default_admin, web.use_default_admin),
    Door("open-backup", 1, web.knock_open_backup, web.use_open_backup),
    Door("open-lights", 1, other.knock_open_lights, other.use_open_lights),
    Door("open-redis", 2, other.knock_open_redis, other.use_open_redis),
    Door("anonymous-drop", 2, other.knock_anonymous_drop, other.use_anonymous_drop),
    Door("path-traversal", 2, web.knock_path_traversal, web.use_path_traversal),
    Door("old-account", 2, other.knock_old_account, other.use_old_account),
    Door("command-injection", 3, web.knock_command_injection, web.use_command_injection),
    Door("forged-session", 3, web.knock_forged_session, web.use_forged_session),
    Door("readable-hashes", 3, other.knock_readable_hashes, other.use_readable_hashes),
    Door("writable-job", 3, other.knock_writable_job, other.use_writable_job),
    Door("root-login", 1, other.knock_root_login, other.use_root_login),
)
