"""Python code, by its syntax tree: what it reads from the environment, which AWS APIs it calls, what it publishes.

Only what the handler can reach is read: modules that it imports, and in them the functions whose names it uses, on and
on. That takes in a little too much where names are shared, never too little where calls are written out.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from watchkeeper.preflight.code.facts import Call, EnvironmentRead, Facts, Published
from watchkeeper.preflight.code.services import ALWAYS, operation_of, operations, waiters

LONGEST_TEXT = 256
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
Definition = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Unit:
    """What runs together: a module's own statements, a class's, or one function."""

    module: str
    file: str
    name: str
    nodes: list[ast.AST]
    definition: Definition | None = None
    names: set[str] = field(default_factory=set)
    imports: set[str] = field(default_factory=set)


@dataclass
class Known:
    """What all modules of a package know together: constants, client factories, readers of the environment."""

    constants: dict[str, str] = field(default_factory=dict)
    factories: dict[str, tuple[int, str]] = field(default_factory=dict)
    """A function that returns a client: which argument names the service (-1: none), or the service itself."""
    readers: dict[str, tuple[int, bool]] = field(default_factory=dict)
    """A function that reads the variable that it is given: which argument, and whether its absence is an error."""
    attributes: dict[str, str] = field(default_factory=dict)
    """Attributes that hold a client: name to service."""
    clients: dict[str, dict[str, str]] = field(default_factory=dict)
    """Per module: variable to service."""
    handed: dict[str, dict[str, str]] = field(default_factory=dict)
    """Per function: parameter to the service of the client that a caller gives."""
    definitions: dict[str, list[Definition]] = field(default_factory=dict)


def read_package(files: Mapping[str, str], handler: str = "") -> Facts:
    """The facts of a package: source text by path, and the handler (``module.function``), or empty for all of it."""
    facts = Facts()
    units: list[Unit] = []
    for file, source in files.items():
        facts.files += 1
        try:
            units += _units(source, file)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            facts.unread.append(f"{file} does not parse: {error}")
    reached, found = _reach(units, handler)
    facts.handler_found = found
    known = Known()
    try:
        _learn(units, known)
        for unit in reached:
            _Reader(unit, known, facts).run()
    except RecursionError:
        facts.unread.append("the code is nested too deeply to be read")
    return facts


@lru_cache(maxsize=512)
def _units(source: str, file: str) -> tuple[Unit, ...]:
    tree = ast.parse(source)
    module = file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    package = module if file.endswith("__init__.py") else module.rpartition(".")[0]
    found: list[Unit] = []
    _split(tree.body, "", module, file, found)
    for unit in found:
        _names(unit, package)
    return tuple(found)


def _split(body: list[ast.stmt], owner: str, module: str, file: str, found: list[Unit]) -> None:
    own: list[ast.AST] = []
    for statement in body:
        special = isinstance(statement, _FUNCTIONS) and owner and statement.name.startswith("__")
        if isinstance(statement, _FUNCTIONS) and not special:
            found.append(Unit(module, file, statement.name, list(ast.walk(statement)), statement))
        elif isinstance(statement, ast.ClassDef):
            _split(statement.body, statement.name, module, file, found)
            own += [*statement.bases, *statement.decorator_list]
        else:
            own += ast.walk(statement)
    found.append(Unit(module, file, owner, own))


def _names(unit: Unit, package: str) -> None:
    for node in unit.nodes:
        if isinstance(node, ast.Name):
            unit.names.add(node.id)
        elif isinstance(node, ast.Attribute):
            unit.names.add(node.attr)
        elif isinstance(node, ast.Import):
            unit.imports |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, package)
            unit.imports |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
            unit.names |= {alias.name for alias in node.names if alias.asname}


def _absolute(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    parts = package.split(".")
    base = ".".join(parts[: len(parts) - node.level + 1])
    return ".".join(part for part in (base, node.module or "") if part)


def _reach(units: list[Unit], handler: str) -> tuple[list[Unit], bool]:
    """The units that the handler reaches, and whether the handler was found. Without it: all."""
    module, _, function = handler.replace("/", ".").rpartition(".")
    start = [unit for unit in units if unit.module == module and unit.name == function]
    if not start:
        return units, not handler
    reached: dict[int, Unit] = {id(unit): unit for unit in start}
    modules = {module}
    names: set[str] = set()
    while True:
        before = (len(reached), len(modules))
        for unit in list(reached.values()):
            names |= unit.names
            modules |= unit.imports
        for unit in units:
            wanted = unit.module in modules and (not unit.name or unit.name in names)
            if wanted or (not unit.name and any(item.startswith(f"{unit.module}.") for item in modules)):
                reached.setdefault(id(unit), unit)
        if before == (len(reached), len(modules)):
            return list(reached.values()), True


def _learn(units: list[Unit], known: Known) -> None:
    for unit in units:
        if unit.definition is not None:
            known.definitions.setdefault(unit.definition.name, []).append(unit.definition)
        elif not unit.name:
            _constants(unit, known)
    for unit in units:
        if unit.definition is not None:
            _factory(unit.definition, known)
            _environment_reader(unit.definition, known)
    for unit in units:
        for node in unit.nodes:
            _module_client(unit, node, known)
    for unit in units:
        local = dict(known.clients.get(unit.module, {}))
        for node in unit.nodes:
            if isinstance(node, ast.Assign) and (service := _service(node.value, known, local)):
                local.update({name: service for target in node.targets if (name := _dotted(target))})
            if isinstance(node, ast.Call):
                _handed(node, known, local)


def _module_client(unit: Unit, node: ast.AST, known: Known) -> None:
    """``s3 = boto3.client("s3")`` in a module, ``self.s3 = …`` anywhere in it."""
    if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
        return
    service = _service(node.value, known, {})
    if service is None:
        return
    for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
        name = _dotted(target)
        if name and ((unit.definition is None and not unit.name) or name.startswith("self.")):
            known.clients.setdefault(unit.module, {})[name] = service


def _handed(node: ast.Call, known: Known, local: Mapping[str, str]) -> None:
    """A client given as an argument: to a parameter of a known function, or as an attribute of a new object."""
    for keyword in node.keywords:
        service = _service(keyword.value, known, local)
        if keyword.arg and service:
            known.attributes[keyword.arg] = service
    name = (_dotted(node.func) or "").rpartition(".")[2]
    for definition in known.definitions.get(name, ()):
        names = _parameters(definition)
        for parameter, value in zip(names, node.args, strict=False):
            service = _service(value, known, local)
            if service:
                known.handed.setdefault(name, {})[parameter] = service
        for keyword in node.keywords:
            service = _service(keyword.value, known, local)
            if keyword.arg in names and service:
                known.handed.setdefault(name, {})[str(keyword.arg)] = service


def _constants(unit: Unit, known: Known) -> None:
    for node in unit.nodes:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
                for target in targets:
                    if isinstance(target, ast.Name):
                        known.constants.setdefault(target.id, node.value.value)


def _parameters(definition: Definition) -> list[str]:
    return [argument.arg for argument in (*definition.args.posonlyargs, *definition.args.args)]


def _factory(definition: Definition, known: Known) -> None:
    names = _parameters(definition)
    for node in ast.walk(definition):
        if not isinstance(node, ast.Return) or not isinstance(node.value, ast.Call) or not _makes_client(node.value):
            continue
        given = _service_argument(node.value)
        if isinstance(given, ast.Name) and given.id in names:
            known.factories[definition.name] = (names.index(given.id), "")
        else:
            service = _constant(given, known)
            if service:
                known.factories[definition.name] = (-1, service)


def _environment_reader(definition: Definition, known: Known) -> None:
    names = _parameters(definition)
    offset = 1 if names[:1] in (["self"], ["cls"]) else 0
    for node in ast.walk(definition):
        key, required = _environment_key(node)
        if isinstance(key, ast.Name) and key.id in names:
            index = names.index(key.id)
            optional = len(names) > index + 1 and bool(definition.args.defaults)
            known.readers[definition.name] = (index - offset, required and not optional)


def _makes_client(node: ast.Call) -> bool:
    if not isinstance(node.func, ast.Attribute) or node.func.attr != "client":
        return False
    owner = (
        _dotted(node.func.value)
        or (_dotted(node.func.value.func) if isinstance(node.func.value, ast.Call) else "")
        or ""
    )
    last = owner.rpartition(".")[2].lower()
    return last in ("boto3", "session", "_session", "boto")


def _service_argument(node: ast.Call) -> ast.expr | None:
    return node.args[0] if node.args else _keyword(node, "service_name")


def _service(value: ast.expr, known: Known, scope: Mapping[str, str]) -> str | None:
    """The service of an expression that is a client; None for anything else, "" for a client of who knows what."""
    if isinstance(value, ast.Call):
        if _makes_client(value):
            return _constant(_service_argument(value), known) or ""
        name = (_dotted(value.func) or "").rpartition(".")[2]
        factory = known.factories.get(name)
        if factory is None:
            return None
        index, service = factory
        if index < 0:
            return service
        given = value.args[index] if len(value.args) > index else None
        return _constant(given, known) or ""
    name = _dotted(value) or ""
    if name in scope:
        return scope[name]
    return known.attributes.get(value.attr) if isinstance(value, ast.Attribute) else None


def _environment_key(node: ast.AST) -> tuple[ast.expr | None, bool]:
    """The key of a read of the environment, and whether its absence is an error there."""
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and _is_environ(node.value):
        return node.slice, True
    if isinstance(node, ast.Call) and node.args:
        name = _dotted(node.func) or ""
        getter = isinstance(node.func, ast.Attribute) and node.func.attr == "get" and _is_environ(node.func.value)
        if getter or name in ("os.getenv", "getenv"):
            return node.args[0], False
    return None, False


def _is_environ(node: ast.AST) -> bool:
    return (_dotted(node) or "") in ("os.environ", "environ")


def _constant(node: ast.expr | None, known: Known) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    name = _dotted(node) if node is not None else None
    return known.constants.get(name.rpartition(".")[2]) if name else None


class _Reader:
    """The facts of one unit."""

    def __init__(self, unit: Unit, known: Known, facts: Facts) -> None:
        self.unit = unit
        self.known = known
        self.facts = facts
        self.scope: dict[str, str] = _scope(unit, known)
        self.guarded = set(_guarded(unit, known))

    def run(self) -> None:
        """Fill the facts."""
        for node in self.unit.nodes:
            self._assignment(node)
        for node in self.unit.nodes:
            self._text(node)
            self._environment(node)
            self._call(node)

    def _text(self, node: ast.AST) -> None:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) <= LONGEST_TEXT:
            self.facts.texts.add(node.value)
            if node.value in ("CloudWatchMetrics", "_aws"):
                self.facts.emits_metrics = True
                self.facts.metrics.append(Published(None, None, None))

    def _assignment(self, node: ast.AST) -> None:
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr) and node.value is not None:
            service = _service(node.value, self.known, self.scope)
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                name = _dotted(target)
                if name and service is not None:
                    self.scope[name] = service

    def _environment(self, node: ast.AST) -> None:
        key, required = _environment_key(node)
        if key is None and isinstance(node, ast.Call):
            reader = self.known.readers.get((_dotted(node.func) or "").rpartition(".")[2])
            if reader and len(node.args) > reader[0]:
                key, required = node.args[reader[0]], reader[1]
        if key is None:
            return
        name = _constant(key, self.known)
        if name is not None:
            certain = required and name not in self.guarded
            read = EnvironmentRead(name, certain, self.unit.file, getattr(node, "lineno", 0), _has_default(node))
            self.facts.environment.append(read)
        elif not isinstance(key, ast.Name) or self.unit.name not in self.known.readers:
            self.facts.dynamic_environment = True

    def _call(self, node: ast.AST) -> None:
        if not isinstance(node, ast.Call):
            return
        if isinstance(node.func, ast.Attribute):
            if _makes_resource(node):
                self.facts.dynamic_calls = True
            service = _service(node.func.value, self.known, self.scope)
            if service == "":
                self.facts.dynamic_calls = True
            elif service and operations(service):
                self._client_call(node, service, node.func.attr)

    def _client_call(self, node: ast.Call, service: str, method: str) -> None:
        if method in ("get_paginator", "get_waiter"):
            name = _constant(node.args[0], self.known) if node.args else None
            if name is None:
                self.facts.dynamic_calls = True
                return
            operation = operations(service).get(name) if method == "get_paginator" else waiters(service).get(name)
            self._add(node, service, operation, name)
        elif method not in ALWAYS:
            operation = operation_of(service, method)
            self._add(node, service, operation, method)
            if (service, operation) == ("cloudwatch", "PutMetricData"):
                self._metrics(node)

    def _add(self, node: ast.Call, service: str, operation: str | None, name: str) -> None:
        self.facts.calls.append(Call(service, operation or name, self.unit.file, node.lineno, operation is not None))

    def _metrics(self, node: ast.Call) -> None:
        self.facts.emits_metrics = True
        namespace = _constant(_keyword(node, "Namespace"), self.known)
        data = _keyword(node, "MetricData")
        entries = data.elts if isinstance(data, ast.List | ast.Tuple) else []
        for entry in entries:
            if isinstance(entry, ast.Dict):
                self.facts.metrics.append(self._metric(namespace, entry))
            else:
                self.facts.metrics.append(Published(namespace, None, None))
        if not entries:
            self.facts.metrics.append(Published(namespace, None, None))

    def _metric(self, namespace: str | None, entry: ast.Dict) -> Published:
        name = _constant(_item(entry, "MetricName"), self.known)
        dimensions = _item(entry, "Dimensions")
        if dimensions is None:
            return Published(namespace, name, frozenset())
        if not isinstance(dimensions, ast.List):
            return Published(namespace, name, None)
        names = [
            _constant(_item(item, "Name"), self.known) if isinstance(item, ast.Dict) else None
            for item in dimensions.elts
        ]
        return Published(namespace, name, None if None in names else frozenset(name for name in names if name))


def _scope(unit: Unit, known: Known) -> dict[str, str]:
    """Clients that the unit's module holds in its own variables, and those that callers hand to this function."""
    return {**known.clients.get(unit.module, {}), **known.handed.get(unit.name, {})}


def _guarded(unit: Unit, known: Known) -> Iterator[str]:
    """Variables whose absence the code handles: ``"X" in os.environ``, ``setdefault``, ``except KeyError``."""
    for node in unit.nodes:
        if isinstance(node, ast.Compare) and any(isinstance(op, ast.In | ast.NotIn) for op in node.ops):
            name = _constant(node.left, known)
            if name and any(_is_environ(item) for item in node.comparators):
                yield name
        elif isinstance(node, ast.Call) and (_dotted(node.func) or "").endswith("environ.setdefault") and node.args:
            name = _constant(node.args[0], known)
            if name:
                yield name
        elif isinstance(node, ast.Try) and any(_catches_key_error(handler) for handler in node.handlers):
            for item in [inner for statement in node.body for inner in ast.walk(statement)]:
                key, _ = _environment_key(item)
                name = _constant(key, known) if key is not None else None
                if name:
                    yield name


def _has_default(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and (len(node.args) > 1 or bool(node.keywords))


def _makes_resource(node: ast.Call) -> bool:
    function = node.func
    if not isinstance(function, ast.Attribute) or function.attr != "resource":
        return False
    return (_dotted(function.value) or "").rpartition(".")[2] in ("boto3", "session")


def _dotted(node: ast.AST | None) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        owner = _dotted(node.value)
        return f"{owner}.{node.attr}" if owner else None
    return None


def _keyword(node: ast.Call, name: str) -> ast.expr | None:
    return next((keyword.value for keyword in node.keywords if keyword.arg == name), None)


def _item(node: ast.Dict, name: str) -> ast.expr | None:
    pairs = zip(node.keys, node.values, strict=True)
    return next((value for key, value in pairs if isinstance(key, ast.Constant) and key.value == name), None)


def _catches_key_error(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or _dotted(kind) in ("KeyError", "LookupError", "Exception") for kind in kinds)
