"""The command line: arguments, progress, tables, exit codes; nothing else."""

from __future__ import annotations

from watchkeeper.cli.app import main

__all__ = ["main"]
