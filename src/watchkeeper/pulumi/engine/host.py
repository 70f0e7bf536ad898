"""Runs a program in its language's own process against our servers, and says how it ended."""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from watchkeeper.pulumi.engine.program import MissingValue, ProgramError, Project, ProjectError

RUNNER: Final = Path(__file__).with_name("runner.py")
LOG_LINES: Final = 5000
KILL_GRACE: Final = 2.0
"""Seconds between asking a process to end and ending it."""
NODE_RUN: Final = Path("node_modules/@pulumi/pulumi/cmd/run")
CONTROL: Final = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f]")
READABLE_STACKS: Final = Path(__file__).with_name("readable_stacks.cjs")
MISSING_CONFIG: Final = Path(__file__).with_name("missing_config.cjs")
SDK_FRAME: Final = re.compile(r"node_modules|node:internal|internal/")
NODE_FRAME: Final = re.compile(r"\(?(?P<file>(?:file://)?/[^():]+):(?P<line>\d+):\d+\)?")
NODE_ERROR: Final = re.compile(
    r"^\s*(?:Unhandled exception: )?(?P<kind>(?:[A-Z]\w*)?(?:Error|Exception)): (?P<message>.*)$", re.M
)
TYPESCRIPT_ERROR: Final = re.compile(
    r"(?P<file>[^\s(]+\.tsx?)[(:](?P<line>\d+)[,:]\d+\)?:? *-? *error (?P<kind>TS\d+): (?P<message>.*)"
)
NODE_NAMES: Final = (
    re.compile(r"(?P<owner>[\w.]+)\.(?P<name>\w+) is not a (?:constructor|function)"),
    re.compile(r"reading '(?P<name>\w+)'"),
    re.compile(r"(?P<name>\w+) is not defined"),
    re.compile(r"Missing required property '(?P<name>\w+)'"),
    re.compile(r"Cannot find module '(?P<name>[^']+)'"),
    re.compile(r"'(?P<name>\w+)' does not exist (?:in|on) type '(?P<owner>[\w.]+)'"),
)
NODE_IMPORT: Final = (
    r"""(?:import\s+\*\s+as\s+{alias}\s+from\s+|const\s+{alias}\s*=\s*require\()["'](?P<package>[^"']+)["']"""
)
NODE_PACKAGE: Final = re.compile(r"@?\w[\w.-]*(?:/\w[\w.-]*)*")
NODE_EXPORT: Final = re.compile(r"^export declare (?:const|class|function) (\w+)", re.M)


@dataclass(frozen=True)
class Ending:
    """How a program ended: no error, or the one that stopped it, and what it printed."""

    error: ProgramError | None
    log: tuple[str, ...]
    missing: tuple[MissingValue, ...] = ()


class Program:
    """A program's process. Started at once; it waits for :meth:`run` to tell it where the engine is."""

    def __init__(
        self, project: Project, *, dry_run: bool, parallel: int = 16, go_on_without_config: bool = False
    ) -> None:
        self._go_on = go_on_without_config
        self._project = project
        self._dry_run = dry_run
        self._parallel = parallel
        self._log: list[str] = []
        self._folder = tempfile.TemporaryDirectory(prefix="watchkeeper-")
        self._process: subprocess.Popen[str] | None = None
        self._readers: list[threading.Thread] = []
        if project.runtime == "python":
            self._start([project.interpreter or sys.executable, str(RUNNER)], project.working_directory)

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._folder.cleanup()

    def run(self, address: str, timeout: float, said: Callable[[], Iterable[str]] = tuple) -> Ending:
        """Run to the end, or for ``timeout`` seconds. Call once.

        ``said`` gives the errors that the program reported to the engine: Node's SDK sends its exception that way.
        """
        if self._process is None:
            self._start(self._node_command(address), self._project.working_directory)
        else:
            self._tell(address)
        assert self._process is not None
        error: ProgramError | None = None
        # Python's own wait with a timeout sleeps between looks, up to 50 ms each.
        waiter = threading.Thread(target=self._process.wait, daemon=True)
        waiter.start()
        waiter.join(timeout)
        code = self._process.returncode
        if code is None:
            error = ProgramError(
                "timeout",
                f"the program was still running after {timeout:g} s. It may wait for something outside, or loop; "
                "give it more time with --timeout, or look at its output.",
            )
            self.stop()
            code = 0
        for reader in self._readers:
            reader.join(KILL_GRACE)
        if error is None and code != 0:
            error = self._explain(code, "\n".join(said()))
        return Ending(error, tuple(self._log), self._missing())

    def stop(self) -> None:
        """End the process and what it started, if they still run."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        _signal_group(process, signal.SIGTERM)
        try:
            process.wait(KILL_GRACE)
        except subprocess.TimeoutExpired:
            _signal_group(process, signal.SIGKILL)
            process.wait()

    @property
    def _report(self) -> Path:
        return Path(self._folder.name) / "report.json"

    @property
    def _missing_file(self) -> Path:
        return Path(self._folder.name) / "missing.jsonl"

    def _missing(self) -> tuple[MissingValue, ...]:
        """Each key that has no value, where it was asked for first."""
        if not self._missing_file.exists():
            return ()
        told = [json.loads(line) for line in self._missing_file.read_text().splitlines()]
        return tuple(MissingValue(**item) for item in {item["key"]: item for item in reversed(told)}.values())[::-1]

    def _start(self, command: list[str], directory: Path) -> None:
        self._process = subprocess.Popen(
            command,
            cwd=directory,
            env=self._environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        for stream in (self._process.stdout, self._process.stderr):
            assert stream is not None
            reader = threading.Thread(target=self._read, args=(stream,), daemon=True)
            reader.start()
            self._readers.append(reader)

    def _read(self, stream: IO[str]) -> None:
        for line in stream:
            if len(self._log) < LOG_LINES:
                self._log.append(clean(line.rstrip("\n")))
        stream.close()

    def _tell(self, address: str) -> None:
        project = self._project
        settings = {
            "address": address,
            "project": project.name,
            "stack": project.stack,
            "organization": project.organization,
            "root": str(project.directory),
            "program": str(project.program),
            "config": dict(project.config),
            "secret_keys": list(project.secret_keys),
            "dry_run": self._dry_run,
            "parallel": self._parallel,
            "report": str(self._report),
        }
        assert self._process is not None and self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(settings) + "\n")
            self._process.stdin.close()
        except BrokenPipeError:
            return  # it ended already; its exit code and output say why

    def _environment(self) -> dict[str, str]:
        project = self._project
        ours = {
            "PULUMI_CONFIG": json.dumps(dict(project.config)),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(project.secret_keys)),
            "PULUMI_PROJECT": project.name,
            "PULUMI_STACK": project.stack,
            "PULUMI_ORGANIZATION": project.organization,
            "PULUMI_DRY_RUN": "true" if self._dry_run else "false",
            "PULUMI_NODEJS_PROJECT": project.name,
            "PULUMI_NODEJS_STACK": project.stack,
            "PULUMI_NODEJS_ORGANIZATION": project.organization,
            "PULUMI_NODEJS_DRY_RUN": "true" if self._dry_run else "false",
            "PULUMI_NODEJS_TYPESCRIPT": "true",
            "PULUMI_NODEJS_TRANSPILE_ONLY": "true",
            "PYTHONUNBUFFERED": "1",
            "GRPC_ENABLE_FORK_SUPPORT": "0",
            **({"WATCHKEEPER_MISSING_CONFIG": str(self._missing_file)} if self._go_on else {}),
        }
        kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        return kept | _bytecode_cache() | ours

    def _node_command(self, address: str) -> list[str]:
        project = self._project
        node = shutil.which("node")
        if node is None:
            raise ProjectError(
                project.directory, "the program needs Node.js and `node` is not on the path.", "Install it."
            )
        run = _node_run(project.directory)
        options: Mapping[str, Any] = {
            "monitor": address,
            "engine": address,
            "project": project.name,
            "stack": project.stack,
            "organization": project.organization,
            "root-directory": project.directory,
            "pwd": project.working_directory,
            "parallel": self._parallel,
        }
        flags = [text for key, value in options.items() for text in (f"--{key}", str(value))]
        target = "." if project.program.is_dir() else project.program.name
        dry = ["--dry-run"] if self._dry_run else []
        hooks = ["--require", str(READABLE_STACKS), *(["--require", str(MISSING_CONFIG)] if self._go_on else [])]
        return [node, *hooks, str(run), *flags, *dry, target]

    def _explain(self, code: int, said: str) -> ProgramError:
        if self._report.exists():
            told = json.loads(self._report.read_text())
            return ProgramError(**{**told, "valid": tuple(told["valid"])})
        if self._project.runtime == "nodejs":
            return explain_node("\n".join((said, *self._log)).strip(), code, self._project.directory)
        text = "\n".join(self._log[-40:])
        last = next((line for line in reversed(self._log) if line.strip()), "")
        return ProgramError(
            "exit", f"the program ended with code {code} before it could tell why. {last}", traceback=text
        )


def explain_node(output: str, code: int, directory: Path) -> ProgramError:
    """What a Node program's standard error says of its end: kind, message, the user's file and line, the wrong name."""
    output = clean(output)
    compiled = TYPESCRIPT_ERROR.search(output)
    if compiled is not None:
        file, line = str((directory / compiled["file"]).resolve()), int(compiled["line"])
        kind, message = compiled["kind"], compiled["message"]
    else:
        match = NODE_ERROR.search(output)
        kind, message = (match["kind"], match["message"]) if match else ("exit", _last_words(output, code))
        file, line = _node_frame(output, directory)
    found = next((hit for pattern in NODE_NAMES if (hit := pattern.search(message))), None)
    groups = found.groupdict() if found else {}
    owner = groups.get("owner") or ""
    return ProgramError(
        kind,
        message,
        file,
        line,
        output,
        name=groups.get("name") or "",
        owner=owner,
        valid=_node_names(file, owner, directory),
        source=_source(file, line),
    )


def clean(text: str) -> str:
    """The text without colours and other control characters, which a program may print on purpose."""
    return CONTROL.sub("", text)


def _last_words(output: str, code: int) -> str:
    last = next((line.strip() for line in reversed(output.splitlines()) if line.strip()), "")
    return f"the program ended with code {code}. {last}".strip()


def _node_frame(output: str, directory: Path) -> tuple[str, int]:
    for line in output.splitlines():
        match = NODE_FRAME.search(line)
        if match is None or SDK_FRAME.search(line):
            continue
        file = match["file"].removeprefix("file://")
        if file.startswith(str(directory)):
            return file, int(match["line"])
    return "", 0


def _node_names(file: str, owner: str, directory: Path) -> tuple[str, ...]:
    """What ``aws.cfg`` has in a program that says ``import * as aws from "@pulumi/aws"``, by the package's types."""
    alias, _, inside = owner.partition(".")
    if not file or not alias:
        return ()
    try:
        imported = re.search(NODE_IMPORT.format(alias=re.escape(alias)), Path(file).read_text(errors="replace"))
    except OSError:
        return ()
    if imported is None or not NODE_PACKAGE.fullmatch(imported["package"]):
        return ()
    for folder in (directory, *directory.parents):
        types = folder.joinpath("node_modules", imported["package"], *inside.split("."), "index.d.ts")
        if types.is_file():
            return tuple(sorted(set(NODE_EXPORT.findall(types.read_text(errors="replace")))))
    return ()


def _source(file: str, line: int) -> str:
    if not file or not line:
        return ""
    try:
        lines = Path(file).read_text(errors="replace").splitlines()
    except OSError:
        return ""
    return lines[line - 1].strip() if line <= len(lines) else ""


def _node_run(directory: Path) -> Path:
    for folder in (directory, *directory.parents):
        if (folder / NODE_RUN).exists():
            return folder / NODE_RUN
    raise ProjectError(directory, "node_modules/@pulumi/pulumi is not installed.", "Run `npm install` there first.")


@functools.cache
def _bytecode_cache() -> dict[str, str]:
    """Where compiled modules go when the environment forbids to keep them beside their sources.

    Compiling the cloud's SDK anew takes longer than everything else in a preview.
    """
    if "PYTHONDONTWRITEBYTECODE" not in os.environ or "PYTHONPYCACHEPREFIX" in os.environ:
        return {}
    found = importlib.util.find_spec("pulumi")
    if found is not None and found.origin and Path(found.origin).with_name("__pycache__").is_dir():
        return {}
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return {"PYTHONPYCACHEPREFIX": str(base / "watchkeeper" / "bytecode")}


def _signal_group(process: subprocess.Popen[str], number: int) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        process.poll()
