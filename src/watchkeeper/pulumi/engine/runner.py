"""Runs one Python Pulumi program against an engine, in a process of its own, and reports how it ended.

Standard library and ``pulumi`` only: it is started by its path, with the interpreter of the project, which need not
have watchkeeper installed. Reads one JSON line from standard input once ``pulumi`` is imported (the engine starts its
servers meanwhile), with the keys ``address``, ``project``, ``stack``, ``organization``, ``root``, ``program``,
``config``, ``secret_keys``, ``dry_run``, ``parallel`` and ``report``. On failure it writes the explanation to the file
``report`` and exits with 1.
"""

import sys

if __name__ == "__main__":
    # Started by path, Python puts this folder first; a program's own `state.py` or `program.py` must win over ours.
    sys.path.pop(0)

import asyncio
import atexit
import gc
import hashlib
import inspect
import json
import os
import re
import runpy
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType, ModuleType, TracebackType
from typing import Any

SIGNATURE_KEY = "4dabf18193072939515e22adb298388d"
REFERENCE = "watchkeeper-reference-9d7f3a2c51e84b06"
NAMES_LIMIT = 5000
UNEXPECTED = re.compile(r"(?P<owner>[\w.<>]+)\(\) got an unexpected keyword argument '(?P<name>[^']+)'")
MISSING = re.compile(r"Missing required property '(?P<name>[^']+)'")
MISSING_ARGUMENT = re.compile(r"(?P<owner>[\w.<>]+)\(\) missing \d+ required .* arguments?: '(?P<name>[^']+)'")
MISSING_CONFIG = "WATCHKEEPER_MISSING_CONFIG"
"""Names the file that tells, one JSON object a line, which required configuration values are missing."""
NOT_SET = "Pulumi's SDK does not set"
"""How the warning of an output begins that a component declares only."""
FAILURES: dict[int, tuple[BaseException, TracebackType | None]] = {}
"""What failed inside ``apply``, by identity, with its traceback."""
KEYWORD_ALIASES = {"_internal_init", "__init__"}
GARBAGE_THRESHOLD = 500_000
"""Objects made, less those gone, before Python looks for cycles among them. An SDK's classes are many and stay: at
Python's own 700 a third of a program's time goes into looking through them again and again."""


def main() -> int:
    """Run the program that standard input describes; 0 when it ran to its end."""
    gc.set_threshold(GARBAGE_THRESHOLD)
    atexit.register(gc.freeze)  # the last look for cycles, at the end of the process, would find only what ends anyway
    import pulumi
    import pulumi.runtime

    settings = json.loads(sys.stdin.readline())
    with Path(os.devnull).open() as nothing:
        os.dup2(nothing.fileno(), 0)
    program = Path(settings["program"])
    folder = program if program.is_dir() else program.parent
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    sys.argv = [str(program)]
    configuration = pulumi.runtime.Settings(
        project=settings["project"],
        stack=settings["stack"],
        monitor=settings["address"],
        engine=settings["address"],
        parallel=settings["parallel"],
        dry_run=settings["dry_run"],
        organization=settings["organization"],
        root_directory=settings["root"],
    )
    configuration.engine = QuietEngine(configuration.engine)
    pulumi.runtime.configure(configuration)
    pulumi.runtime.set_all_config(settings["config"], settings["secret_keys"])
    wait_for_outputs_together()
    remember_failures(pulumi.Output)
    if os.environ.get(MISSING_CONFIG):
        go_on_without_config(folder)
        go_on_with_declared_outputs(pulumi.ComponentResource)
    if settings["dry_run"]:
        tell_references()
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    # One thread for each call under way: asyncio's default of cores + 4 would hold independent resources back.
    loop.set_default_executor(ThreadPoolExecutor(max_workers=max(32, 2 * settings["parallel"])))
    try:
        loop.run_until_complete(pulumi.runtime.run_in_stack(lambda: run(program)))
    except BaseException as error:  # noqa: BLE001 - whatever stops the program is what we report
        if isinstance(error, SystemExit) and error.code in (None, 0):
            return 0
        Path(settings["report"]).write_text(json.dumps(explain(error, folder)))
        traceback.print_exception(error)
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


class QuietEngine:
    """The engine's stub without its debug messages: the SDK waits for each, several times for every resource."""

    def __init__(self, stub: Any) -> None:
        self._stub = stub

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stub, name)

    def Log(self, request: Any) -> Any:  # noqa: N802 - the name of the remote call
        """Pass on what is worth more than debugging."""
        return self._stub.Log(request) if request.severity > 0 else None


class WaitTogether:
    """``asyncio`` as the SDK's last wait should use it."""

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    async def wait(self, tasks: Any, return_when: str) -> Any:
        """Come back once all have ended or one has failed, not after each: n outputs would cost n² callbacks.

        Every second too: the SDK then adds the outputs that were made meanwhile.
        """
        if return_when != asyncio.FIRST_COMPLETED:
            return await asyncio.wait(tasks, return_when=return_when)
        return await asyncio.wait(tasks, timeout=1, return_when=asyncio.FIRST_EXCEPTION)


def wait_for_outputs_together() -> None:
    """Let the SDK's end of the program (``wait_for_rpcs``) take time in proportion to its outputs."""
    from pulumi.runtime import stack

    if getattr(stack, "asyncio", None) is asyncio:
        vars(stack)["asyncio"] = WaitTogether()


def remember_failures(output: Any) -> None:
    """Keep where a function given to ``apply`` fails: asyncio forgets a traceback once it was asked for."""
    original = output.apply

    def apply(self: Any, func: Any, *args: Any, **kwargs: Any) -> Any:
        def watched(value: Any) -> Any:
            try:
                return func(value)
            except Exception as error:
                FAILURES[id(error)] = (error, error.__traceback__)
                raise

        return original(self, watched, *args, **kwargs)

    output.apply = apply


def go_on_without_config(folder: Path) -> None:
    """Give the program something for each required configuration value that is missing, and tell it."""
    from pulumi import Config, ConfigMissingError

    stand_ins = {"": text_for, "_bool": lambda _: False, "_int": lambda _: 1, "_float": lambda _: 1.0}
    stand_ins["_object"] = lambda _: {}
    for kind, stand_in in stand_ins.items():
        original = getattr(Config, f"_require{kind}", None)
        if original is not None:
            setattr(Config, f"_require{kind}", filling(original, stand_in, ConfigMissingError, folder))


def go_on_with_declared_outputs(component: Any) -> None:
    """Let a component of another language have, unknown, the outputs that its class declares and does not set.

    The SDK sets those that are among the properties given to it, under their own names. What it would stop at is said.
    """
    from pulumi import UNKNOWN, Output, log

    def missing(self: Any, name: str) -> Any:
        declared = any(name in vars(base).get("__annotations__", {}) for base in type(self).__mro__)
        if name.startswith("_") or not declared or not vars(self).get("_remote"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)
        log.warn(f"{NOT_SET} {type(self).__name__}.{name}: give super().__init__ a property of that name", self)
        return Output.from_input(UNKNOWN)

    component.__getattr__ = missing


def filling(original: Any, stand_in: Any, missing: type[Exception], folder: Path) -> Any:
    """The method that looks up a required value, with a stand-in where there is none."""

    def require(*given: Any, **named: Any) -> Any:
        try:
            return original(*given, **named)
        except missing as error:
            key = getattr(error, "key", "")
            value = stand_in(key)
            file, line = calling_line(folder)
            with Path(os.environ[MISSING_CONFIG]).open("a") as told:
                told.write(json.dumps({"key": key, "value": value, "file": file, "line": line}) + "\n")
            return value

    return require


def text_for(key: str) -> str:
    """A text that stands for the value of a key, and is known to."""
    return f"wkgen-{hashlib.sha256(key.encode()).hexdigest()[:16]}"


def calling_line(folder: Path) -> tuple[str, int]:
    """The innermost line of the user's program that is running."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith(str(folder)) and "site-packages" not in file:
            return file, frame.f_lineno
        frame = frame.f_back
    return "", 0


def run(program: Path) -> None:
    """Execute the program as Python's ``python PROGRAM`` would."""
    runpy.run_path(str(program), run_name="__main__")


def tell_references() -> None:
    """In a preview, send an unknown output that is passed on unchanged as what it is: that output of that resource.

    The SDK serialises each unknown as the same text. An argument that *is* (identity, not equality) an output kept by
    one of the resources it comes from can be named honestly; anything computed from it stays unknown.
    """
    from pulumi import _types
    from pulumi.runtime import known_types, rpc

    original = getattr(rpc, "serialize_property", None)
    if original is None or "resource_obj" not in inspect.signature(original).parameters:
        return
    known_names: dict[type, Any] = {}

    def property_name(resource: Any, attribute: str) -> str:
        if attribute == "id":
            return ""
        if attribute == "urn":
            return "urn"
        cls = type(resource)
        if cls not in known_names:
            known_names[cls] = _types.resource_py_to_pulumi_names(cls)
        name = known_names[cls].get(attribute)
        return str(name) if name else str(resource.translate_input_property(attribute))

    async def reference(value: Any) -> Any:
        data = await value._data
        if data.is_known or data.is_secret:
            return None
        for resource in data.resources:
            for attribute, output in vars(resource).items():
                if output is value and not attribute.startswith("_"):
                    urn = await resource.urn.future()
                    return {SIGNATURE_KEY: REFERENCE, "urn": urn, "property": property_name(resource, attribute)}
        return None

    async def serialize_property(*args: Any, **kwargs: Any) -> Any:
        plain = await original(*args, **kwargs)
        if plain != rpc.UNKNOWN:
            return plain
        value = args[0] if args else kwargs["value"]
        resource_obj = args[3] if len(args) > 3 else kwargs.get("resource_obj")
        if resource_obj is None or not known_types.is_output(value):
            return plain
        return await reference(value) or plain

    rpc.serialize_property = serialize_property


# -- what went wrong


def explain(error: BaseException, folder: Path) -> dict[str, Any]:
    """The failure as JSON: kind, message, file, line, source, traceback, name, owner, valid."""
    places = (user_frame(trace, folder) for trace in traces(error))
    frame, line = next((place for place in places if place[0] is not None), (None, 0))
    file = frame.f_code.co_filename if frame is not None else ""
    if isinstance(error, SyntaxError) and error.filename:
        file, line = error.filename, error.lineno or 0
    name, owner, valid = offender(error, frame)
    return {
        "kind": type(error).__name__,
        "message": str(error) or type(error).__name__,
        "file": file,
        "line": line,
        "source": source_line(file, line),
        "traceback": "".join(traceback.format_exception(error)),
        "name": name,
        "owner": owner,
        "valid": sorted(set(valid))[:NAMES_LIMIT],
    }


def traces(error: BaseException) -> Iterator[TracebackType | None]:
    """The tracebacks of an exception and of those behind it, the outermost first."""
    current: BaseException | None = error
    while current is not None:
        yield current.__traceback__
        yield FAILURES.get(id(current), (current, None))[1]
        current = current.__cause__


def user_frame(trace: TracebackType | None, folder: Path) -> tuple[FrameType | None, int]:
    """The innermost frame in the user's folder (not in an environment inside it), with its line."""
    found: tuple[FrameType | None, int] = (None, 0)
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file.startswith(str(folder)) and "site-packages" not in file:
            found = (trace.tb_frame, trace.tb_lineno)
        trace = trace.tb_next
    return found


def source_line(file: str, line: int) -> str:
    """The text of the line, empty when it can't be read."""
    import linecache

    return linecache.getline(file, line).strip() if file and line else ""


def offender(error: BaseException, frame: FrameType | None) -> tuple[str, str, list[str]]:
    """The name that doesn't exist, what doesn't have it, and the names that it has."""
    if isinstance(error, AttributeError) and error.name:
        return error.name, describe(error.obj), public(error.obj)
    if isinstance(error, NameError) and error.name:
        scope = {**frame.f_globals, **frame.f_locals} if frame is not None else {}
        return error.name, "", [name for name in scope if not name.startswith("__")]
    if isinstance(error, ImportError):
        return import_offender(error)
    if isinstance(error, KeyError) and error.args and isinstance(error.args[0], str):
        return error.args[0], "", []
    if isinstance(error, TypeError):
        return argument_offender(error)
    return "", "", []


def import_offender(error: ImportError) -> tuple[str, str, list[str]]:
    """``from x import y`` without y, or a module that isn't there."""
    wanted = getattr(error, "name_from", None) or re_group(r"cannot import name '([^']+)'", str(error))
    if wanted:
        module = sys.modules.get(error.name or "")
        return wanted, error.name or "", public(module) if module is not None else []
    return error.name or "", "", []


def argument_offender(error: TypeError) -> tuple[str, str, list[str]]:
    """An argument that a constructor or function doesn't have, or one that it lacks."""
    text = str(error)
    match = UNEXPECTED.search(text) or MISSING_ARGUMENT.search(text)
    if match is not None:
        function = callee(match["owner"], error.__traceback__)
        owner = describe(function) if function is not None else match["owner"]
        return match["name"], owner, parameters(function)
    missing = MISSING.search(text)
    if missing is None:
        return "", "", []
    instance = last_self(error.__traceback__)
    return missing["name"], describe(type(instance)) if instance is not None else "", []


def callee(owner: str, trace: TracebackType | None) -> Any:
    """The class or function whose call failed: ``Bucket._internal_init``, ``BucketArgs.__init__``, ``helper``."""
    head, _, last = owner.rpartition(".")
    instance = last_self(trace)
    if instance is not None and head and type(instance).__qualname__ == head:
        return type(instance)
    wanted = head if last in KEYWORD_ALIASES else owner
    frames = []
    while trace is not None:
        frames.append(trace.tb_frame)
        trace = trace.tb_next
    for frame in reversed(frames):
        for scope in (frame.f_locals, frame.f_globals):
            if wanted in scope and callable(scope[wanted]):
                return scope[wanted]
    for module in list(sys.modules.values()):
        found = vars(module).get(wanted) if isinstance(module, ModuleType) else None
        if callable(found) and getattr(found, "__qualname__", "") == wanted:
            return found
    return None


def last_self(trace: TracebackType | None) -> Any:
    """The object whose method was running last."""
    found = None
    while trace is not None:
        scope = trace.tb_frame.f_locals
        found = scope.get("__self__", scope.get("self", found))
        trace = trace.tb_next
    return found


def parameters(function: Any) -> list[str]:
    """Names of the arguments it takes."""
    if function is None:
        return []
    target = getattr(function, "_internal_init", None) or function
    try:
        names = list(inspect.signature(target).parameters)
    except (TypeError, ValueError):
        return []
    return [name for name in names if name not in ("self", "__self__", "__props__", "args", "kwargs")]


def public(owner: Any) -> list[str]:
    """Its public names; of an instance of a resource, its properties."""
    try:
        return [name for name in dir(owner) if not name.startswith("_")]
    except Exception:  # noqa: BLE001 - a module that can't list its names has none to offer
        return []


def describe(owner: Any) -> str:
    """Its full name: ``pulumi_aws.cfg``, ``pulumi_aws.s3.bucket.Bucket``."""
    if isinstance(owner, ModuleType):
        return owner.__name__
    target = owner if hasattr(owner, "__qualname__") else type(owner)
    return f"{target.__module__}.{target.__qualname__}"


def re_group(pattern: str, text: str) -> str:
    """The first group of the pattern in the text, or nothing."""
    match = re.search(pattern, text)
    return match[1] if match else ""


if __name__ == "__main__":
    sys.exit(main())
