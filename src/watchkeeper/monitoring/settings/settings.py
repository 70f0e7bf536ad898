"""The settings of a stack, each right alone and all of them together."""

from __future__ import annotations

from typing import Final

from pydantic import ValidationInfo, model_validator

from watchkeeper.monitoring.settings.combinations import combination_problems
from watchkeeper.monitoring.settings.fields import Fields

LENIENT: Final = {"combinations": "apart"}


class Settings(Fields):
    """All settings of a stack: :class:`Fields` that fit together."""

    @model_validator(mode="after")
    def _fits_together(self, info: ValidationInfo) -> Settings:
        """Whoever constructs it in code gets the same answers; `from_pulumi_config` asks for them itself."""
        if info.context is not LENIENT:
            problems = combination_problems(self)
            if problems:
                raise ValueError("; ".join(str(problem) for problem in problems))
        return self
