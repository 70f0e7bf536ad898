"""The extras of the installation: which packages each brings, so that a missing one is named instead of a traceback."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

EXTRAS: Mapping[str, tuple[str, ...]] = {
    "pulumi": ("pulumi", "pulumi_aws", "pulumi_policy", "grpc", "google"),
    "local": ("ministack", "hypercorn", "sqlglot"),
}
"""Extra to the modules that it brings; ``local`` brings those of ``pulumi`` too."""


class MissingExtraError(ImportError):
    """Something needs an extra that is not installed; the message names the extra, ``hint`` how to install it."""

    def __init__(self, extra: str, module: str) -> None:
        super().__init__(
            f'This needs the extra "{extra}" of Watchkeeper: the Python package {module} is not installed.'
        )
        self.hint = f"Install it with: pip install 'watchkeeper[{extra}]'"


def missing(error: ModuleNotFoundError) -> MissingExtraError | None:
    """The extra that brings the module which could not be imported; None where no extra does."""
    module = (error.name or "").partition(".")[0]
    extra = next((name for name, modules in EXTRAS.items() if module in modules), None)
    return MissingExtraError(extra, module) if extra else None


def need(extra: str) -> None:
    """Raises MissingExtraError where the extra is not installed."""
    for module in EXTRAS[extra]:
        if find_spec(module) is None:
            raise MissingExtraError(extra, module)
