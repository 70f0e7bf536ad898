"""Rules over configuration items, wherever those come from: one item (``item``), AWS Config's files (``files``), an
account without a recorder (``scan``); ``selection`` says which rules, ``results`` what they said, ``whatif`` what other
rules would say.
"""

from __future__ import annotations

from watchkeeper.evaluation.item import ConfiguredRule, configured, evaluate

__all__ = ["ConfiguredRule", "configured", "evaluate"]
