"""Old import paths: each goes on working, and says once where what it named is now."""

from __future__ import annotations

import warnings


def warn(old: str, new: str) -> None:
    """Warn whoever imports ``old`` that it is ``new`` now."""
    # One level for this function, one for the old module; the import system's own frames don't count.
    warnings.warn(f"{old} has moved to {new}", DeprecationWarning, stacklevel=3)
