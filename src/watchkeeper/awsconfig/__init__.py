"""AWS Config, embedded: its API, what it records, evaluates, announces and delivers.

:class:`ConfigService` is the whole of it to others. Inside, :mod:`.registry` has one row for each operation of the API,
:mod:`.store` says what is kept and why nothing acknowledged is lost, :mod:`.recording` and :mod:`.evaluating` are what
Config is about, and :mod:`.work` does what follows from a change.
"""

from __future__ import annotations

from watchkeeper.awsconfig.errors import ConfigError
from watchkeeper.awsconfig.service import ConfigService, utcnow

__all__ = ["ConfigError", "ConfigService", "utcnow"]
