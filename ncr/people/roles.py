"""The roles an account can have."""

from enum import StrEnum


class Role(StrEnum):
    """What an account is for; membership of a team comes beside it."""

    PARTICIPANT = "participant"
    STUDENT = "student"
    OBSERVER = "observer"
    INSTRUCTOR = "instructor"
    ADMIN = "admin"
