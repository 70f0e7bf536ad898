"""A user at a shell: runs commands in a folder, reads what they print, and asks the embedded AWS with boto3."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import boto3
from jsonschema import Draft202012Validator

from watchkeeper.local import server

WITHIN = 900.0
"""Seconds after which a command hangs, whatever else the machine does."""
SCHEMAS = files("watchkeeper") / "schemas"


@dataclass(frozen=True)
class Ran:
    """A command that ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)

    def rows(self) -> list[list[str]]:
        """A piped table's cells, without its header."""
        return [line.split("\t") for line in self.out.splitlines()[1:]]


@dataclass(frozen=True)
class User:
    """In a folder, with an environment of their own."""

    home: Path
    environment: Mapping[str, str]

    def __call__(self, *command: str, within: float = WITHIN, **more: str) -> Ran:
        """Run ``watchkeeper``, as a program whose output is piped."""
        done = subprocess.run(
            [sys.executable, "-m", "watchkeeper", *command],
            cwd=self.home,
            env={**self.environment, **more},
            capture_output=True,
            text=True,
            timeout=within,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def begin(self, *command: str) -> subprocess.Popen[str]:
        """Run it without waiting."""
        return subprocess.Popen(
            [sys.executable, "-m", "watchkeeper", *command],
            cwd=self.home,
            env=dict(self.environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )

    def client(self, service: str) -> Any:
        """A boto3 client of the project's embedded AWS, which has to run."""
        folder = self.home / "infra" / ".watchkeeper" / "aws"
        running = server.find(folder)
        assert running is not None, f"nothing runs in {folder}"
        return boto3.client(service, **running.boto())


@contextmanager
def user_in(home: Path) -> Iterator[User]:
    """A user in an empty folder; what they leave running is stopped."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PULUMI_", "WATCHKEEPER_"))
    }
    user = User(home, {**kept, "COLUMNS": "80", "AWS_EC2_METADATA_DISABLED": "true"})
    try:
        yield user
    finally:
        for folder in (home, home / "infra"):
            server.stop(folder / ".watchkeeper" / "aws")


def schemas() -> dict[str, dict[str, Any]]:
    """Every schema of the package by its name."""
    found = (file for file in SCHEMAS.iterdir() if file.name.endswith(".schema.json"))
    return {file.name.removesuffix(".schema.json"): json.loads(file.read_text("utf-8")) for file in found}


def conforms(document: Any, which: str) -> Any:
    """The document, found to be what the schema of that name describes."""
    # A plain validator: each schema stands alone.
    validator = Draft202012Validator(schemas()[which], format_checker=Draft202012Validator.FORMAT_CHECKER)
    problems = [f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(document)]
    assert not problems, problems
    return document
