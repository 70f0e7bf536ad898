"""The old path of :mod:`watchkeeper.preflight.run.policy_pack`."""

from watchkeeper.moved import warn
from watchkeeper.preflight.run.policy_pack import pack

__all__ = ["pack"]

warn(__name__, "watchkeeper.preflight.run.policy_pack")
