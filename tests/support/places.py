"""Where things are, for tests in any room."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INFRA = ROOT / "infra"
ITEMS = ROOT / "tests" / "rules" / "items"
"""A configuration item of each kind, by name."""
TYPESCRIPT = ROOT / "tests" / "pulumi" / "engine" / "typescript"
"""A TypeScript program with its packages, once `make node` has run."""
