"""The one exception that a handler raises: an AWS error code with its message."""

from __future__ import annotations

from watchkeeper.aws.refusals import Refusal


class ConfigError(Exception):
    """What AWS Config answers instead of a reply. ``code`` is AWS's, ``status`` is HTTP's."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


def refuse(refusal: Refusal | None) -> None:
    """Raises what AWS Config answers, where there is something to refuse."""
    if refusal is not None:
        raise ConfigError(refusal.code, f"{refusal.reason[:1].upper()}{refusal.reason[1:]}.")


def invalid(message: str) -> ConfigError:
    """``InvalidParameterValueException``: the value has the right form and a wrong meaning."""
    return ConfigError("InvalidParameterValueException", message)


def unsupported(operation: str, why: str) -> ConfigError:
    """Never an empty success: an operation that the embedded AWS can't do says so, by name."""
    return ConfigError(
        "UnsupportedOperationException", f"The embedded AWS Config does not support {operation}: {why}", 501
    )
