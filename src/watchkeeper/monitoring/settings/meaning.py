"""What each setting means: the text under its field, read from the source when somebody asks.

Pydantic can do the same while it makes the classes (``use_attribute_docstrings``): whoever reads the settings would
wait for it, and hardly anybody asks.
"""

from __future__ import annotations

import ast
import functools
import inspect
from collections.abc import Mapping
from itertools import pairwise

from watchkeeper.monitoring.settings.groups import Part


@functools.cache
def meanings(group: type[Part]) -> Mapping[str, str]:
    """Field name to its meaning, without those that have none; empty where Python runs without its sources."""
    above = [base for base in group.__bases__ if issubclass(base, Part) and base is not Part]
    return {name: text for each in (*above, group) for name, text in _own(each).items()}


def _own(group: type[Part]) -> Mapping[str, str]:
    try:
        source = inspect.getsource(group)
    except OSError:
        return {}
    (definition,) = ast.parse(source).body
    assert isinstance(definition, ast.ClassDef)
    return {
        field.target.id: inspect.cleandoc(text.value.value)
        for field, text in pairwise(definition.body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }
