"""What a deployment can end with, whichever way it went."""

from __future__ import annotations


class DeploymentError(Exception):
    """It could not be deployed: what was wrong, and what to do about it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint
