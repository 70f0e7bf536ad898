"""Python code, by its syntax tree: what it reads from the environment, which AWS APIs it calls, what it publishes.

Only what the handler can reach is read: modules that it imports, and in them the functions whose names it uses, on and
on. That takes in a little too much where names are shared, never too little where calls are written out.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from watchkeeper.preflight.code import resources
from watchkeeper.preflight.code.facts import Call, EnvironmentRead, Facts, Published
from watchkeeper.preflight.code.services import ALWAYS, operation_of, operations, services, waiters

LONGEST_TEXT = 256
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
Definition = ast.FunctionDef | ast.AsyncFunctionDef
_READ = (
    ast.Call,
    ast.Assign,
    ast.AnnAssign,
    ast.NamedExpr,
    ast.Subscript,
    ast.Compare,
    ast.Try,
    ast.Return,
    ast.Raise,
    ast.ImportFrom,
)
"""The nodes that facts are read from; the others are looked at once, for their names and texts."""


@dataclass
class Unit:
    """What runs together: a module's own statements, a class's, or one function."""

    module: str
    file: str
    name: str
    nodes: list[ast.AST]
    definition: Definition | None = None
    owner: str = ""
    """The class that a method belongs to."""
    is_class: bool = False
    names: set[str] = field(default_factory=set)
    imports: set[str] = field(default_factory=set)
    deferred: list[ast.AST] = field(default_factory=list)
    """Values of a module's own variables: they are made with it, but what they name runs only where they are used."""
    held: set[tuple[str, int | str, str]] = field(default_factory=set)
    """What objects hold: class, position or name of the argument, name given. It runs where that field is called."""
    called: set[str] = field(default_factory=set)
    """Attributes that are called."""
    texts: set[str] = field(default_factory=set)
    """Texts that are written out."""

    @property
    def place(self) -> str:
        """The class, or else the module, whose variables these statements see."""
        owner = self.name if self.is_class else self.owner
        return f"{self.module}:{owner}" if owner else self.module


@dataclass(frozen=True, slots=True)
class Wrapper:
    """A function that reads the environment: which argument is the name, and how it takes an absence."""

    index: int
    required: bool
    default: bool
    optional: frozenset[str] = frozenset()
    """Names that it lets be absent."""


@dataclass
class Known:
    """What all modules of a package know together: constants, client factories, readers of the environment."""

    constants: dict[str, str] = field(default_factory=dict)
    factories: dict[str, tuple[int, str]] = field(default_factory=dict)
    """A function that returns a client: which argument names the service (-1: none), or the service itself."""
    readers: dict[str, Wrapper] = field(default_factory=dict)
    """Functions that read the variable whose name they are given."""
    sets: dict[str, frozenset[str]] = field(default_factory=dict)
    """Constant sets, tuples and lists of texts."""
    attributes: dict[str, str] = field(default_factory=dict)
    """Attributes that hold a client: name to service; "" for one that holds different ones in different classes."""
    clients: dict[str, dict[str, str]] = field(default_factory=dict)
    """Per module and class (:attr:`Unit.place`): variable to service."""
    handed: dict[str, dict[str, str]] = field(default_factory=dict)
    """Per function: parameter to the service of the client that a caller gives."""
    definitions: dict[str, list[Definition]] = field(default_factory=dict)

    def attribute(self, name: str, service: str) -> None:
        """Remember that an attribute of this name holds a client."""
        self.attributes[name] = service if self.attributes.get(name, service) == service else ""


def read_package(files: Mapping[str, str], handler: str = "") -> Facts:
    """The facts of a package: source text by path, and the handler (``module.function``), or empty for all of it."""
    package = _package(tuple(sorted(files.items())))
    reached, found = _reach(package.units, handler)
    facts = Facts(files=len(files), unread=list(package.unread), handler_found=found)
    try:
        for unit in reached:
            facts.merge(package.facts(unit))
    except RecursionError:
        facts.unread.append("the code is nested too deeply to be read")
    return facts


@dataclass(frozen=True)
class Package:
    """The parsed modules of a package and what they know together."""

    units: list[Unit]
    known: Known
    unread: tuple[str, ...]
    _read: dict[int, Facts] = field(default_factory=dict)

    def facts(self, unit: Unit) -> Facts:
        """The facts of one unit, read once for all functions that share the package."""
        if id(unit) not in self._read:
            self._read[id(unit)] = _Reader(unit, self.known).run()
        return self._read[id(unit)]


@lru_cache(maxsize=32)
def _package(files: tuple[tuple[str, str], ...]) -> Package:
    units: list[Unit] = []
    unread: list[str] = []
    for file, source in files:
        try:
            units += _units(source, file)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            unread.append(f"{file} does not parse: {error}")
    known = Known()
    try:
        _learn(units, known)
    except RecursionError:
        unread.append("the code is nested too deeply to be read")
    return Package(units, known, tuple(unread))


@lru_cache(maxsize=512)
def _units(source: str, file: str) -> tuple[Unit, ...]:
    tree = ast.parse(source)
    module = file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    package = module if file.endswith("__init__.py") else module.rpartition(".")[0]
    found: list[Unit] = []
    _split(tree.body, "", module, file, found)
    for unit in found:
        _names(unit, package)
        unit.texts = {text for node in unit.nodes if (text := _short_text(node)) is not None}
        unit.nodes = [node for node in unit.nodes if isinstance(node, _READ)]
    return tuple(found)


def _short_text(node: ast.AST) -> str | None:
    short = isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) <= LONGEST_TEXT
    return str(node.value) if short and isinstance(node, ast.Constant) else None


def _split(body: list[ast.stmt], owner: str, module: str, file: str, found: list[Unit]) -> None:
    own: list[ast.AST] = []
    deferred: list[ast.AST] = []
    for statement in body:
        special = isinstance(statement, _FUNCTIONS) and owner and statement.name.startswith("__")
        if isinstance(statement, _FUNCTIONS) and not special:
            found.append(Unit(module, file, statement.name, list(ast.walk(statement)), statement, owner))
        elif isinstance(statement, ast.ClassDef):
            _split(statement.body, statement.name, module, file, found)
            own += [*statement.bases, *statement.decorator_list]
        elif not owner and isinstance(statement, ast.Assign | ast.AnnAssign):
            nodes = list(ast.walk(statement))
            deferred += nodes
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            found += [Unit(module, file, target.id, nodes) for target in targets if isinstance(target, ast.Name)]
        else:
            own += ast.walk(statement)
    found.append(Unit(module, file, owner, [*own, *deferred], deferred=deferred, is_class=bool(owner)))


def _names(unit: Unit, package: str) -> None:
    called = {id(node.func) for node in unit.deferred if isinstance(node, ast.Call)}
    later = {id(node) for node in unit.deferred} - called
    held = set(_hold(unit)) if unit.definition is None and unit.name else set()
    for node in unit.nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            unit.called.add(node.func.attr)
        if id(node) in later or id(node) in held:
            continue
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


def _hold(unit: Unit) -> Iterator[int]:
    """The names given to constructors in the value of a module's variable: remembered with their place."""
    for node in unit.nodes:
        owner = (_dotted(node.func) or "").rpartition(".")[2] if isinstance(node, ast.Call) else ""
        if isinstance(node, ast.Call) and owner[:1].isupper():
            given: list[tuple[int | str, ast.expr]] = [*enumerate(node.args)]
            given += [(keyword.arg, keyword.value) for keyword in node.keywords if keyword.arg]
            for place, value in given:
                if isinstance(value, ast.Name):
                    unit.held.add((owner, place, value.id))
                    yield id(value)


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
    reached = {id(unit): unit for unit in start}
    uses = _Uses(_fields(units))
    queue = list(start)
    while queue:
        for unit in queue:
            uses.add(unit)
        queue = [unit for unit in units if id(unit) not in reached and uses.reach(unit)]
        reached.update({id(unit): unit for unit in queue})
    return list(reached.values()), True


def _fields(units: list[Unit]) -> dict[str, list[str]]:
    """The fields of classes that declare them, in order: dataclasses, named tuples."""
    return {
        unit.name: [
            node.target.id
            for node in unit.nodes
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
        ]
        for unit in units
        if unit.name and unit.definition is None and not unit.owner
    }


class _Uses:
    """What the units that were reached use: names by module, modules."""

    def __init__(self, fields: Mapping[str, list[str]]) -> None:
        self._fields = fields
        self._held: set[tuple[str, str]] = set()
        self._called: set[str] = set()
        self.names: set[str] = set()
        self.by_module: dict[str, set[str]] = {}
        self.imports: dict[str, set[str]] = {}
        self.modules: set[str] = set()

    def add(self, unit: Unit) -> None:
        """Take in one more unit."""
        self._called |= unit.called
        self._held |= {(self._field(owner, place), name) for owner, place, name in unit.held}
        self.names |= unit.names
        self.by_module.setdefault(unit.module, set()).update(unit.names)
        self.imports.setdefault(unit.module, set()).update(unit.imports)
        self.modules |= {unit.module, *unit.imports, *(item.rpartition(".")[0] for item in unit.imports)}

    def reach(self, unit: Unit) -> bool:
        """Whether one of them uses this unit: runs its module, calls it by its name, or its class's method."""
        if unit.module not in self.modules:
            return False
        if not unit.name:
            return True
        if unit.owner:
            return unit.name in self.names and self._named(unit.module, unit.owner)
        return self._named(unit.module, unit.name) or any(
            name == unit.name and (not place or place in self._called) for place, name in self._held
        )

    def _field(self, owner: str, place: int | str) -> str:
        fields = self._fields.get(owner, [])
        if isinstance(place, str):
            return place
        return fields[place] if place < len(fields) else ""

    def _named(self, module: str, name: str) -> bool:
        full = f"{module}.{name}"
        return any(
            name in names and (user == module or module in self.imports[user] or full in self.imports[user])
            for user, names in self.by_module.items()
        )


def _learn(units: list[Unit], known: Known) -> None:
    for unit in units:
        if unit.definition is not None:
            known.definitions.setdefault(unit.definition.name, []).append(unit.definition)
        elif not unit.name:
            _constants(unit, known)
    for unit in units:
        for node in unit.nodes:
            _imported_maker(node, known)
            _alias(unit, node, known)
            _module_client(unit, node, known)
    for unit in (*units, *units):  # twice: a factory may call another that stands below it
        if unit.definition is not None:
            _factory(unit, unit.definition, known)
    for unit in units:
        if unit.definition is not None:
            _environment_reader(unit, unit.definition, known)
    for unit in units:
        if unit.definition is not None and known.readers:
            _passed_on(unit, unit.definition, known)
    for unit in units:
        for node in unit.nodes:
            _module_client(unit, node, known)
    for unit in units:
        local = _scope(unit, known)
        for node in unit.nodes:
            if isinstance(node, ast.Assign) and (service := _service(node.value, known, local)):
                local.update({name: service for target in node.targets if (name := _dotted(target))})
            if isinstance(node, ast.Call):
                _handed(node, known, local)


def _module_client(unit: Unit, node: ast.AST, known: Known) -> None:
    """``s3 = boto3.client("s3")`` in a module or a class, ``self.s3 = …`` anywhere in it."""
    if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
        return
    service = _service(_made_later(node.value), known, _scope(unit, known))
    if service is None:
        return
    of_module = unit.definition is None and not unit.name
    for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
        name = _dotted(target) or ""
        own = name.removeprefix("self.")
        if own and "." not in own and (own != name or unit.is_class):
            known.attribute(own, service)
            known.clients.setdefault(unit.place, {})[f"self.{own}"] = service
        elif name and of_module:
            known.clients.setdefault(unit.module, {})[name] = service


def _made_later(value: ast.expr) -> ast.expr:
    """Of a dataclass's ``field(default_factory=lambda: …)`` what it makes; any other value as it is."""
    factory = _keyword(value, "default_factory") if isinstance(value, ast.Call) else None
    return factory.body if isinstance(factory, ast.Lambda) else value


def _handed(node: ast.Call, known: Known, local: Mapping[str, str]) -> None:
    """A client given as an argument: to a parameter of a known function, or as an attribute of a new object."""
    for keyword in node.keywords:
        service = _service(keyword.value, known, local)
        if keyword.arg and service:
            known.attribute(keyword.arg, service)
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
            names = [target.id for target in targets if isinstance(target, ast.Name)]
            if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
                known.constants.update({name: node.value.value for name in names if name not in known.constants})
            elif node.value is not None and (members := _members(node.value)):
                known.sets.update(dict.fromkeys(names, members))


def _members(value: ast.expr) -> frozenset[str]:
    """The texts of a constant set, tuple or list, also inside ``frozenset(…)``."""
    if isinstance(value, ast.Call) and _dotted(value.func) in ("frozenset", "set", "tuple") and value.args:
        return _members(value.args[0])
    if isinstance(value, ast.Set | ast.Tuple | ast.List):
        return frozenset(
            item.value for item in value.elts if isinstance(item, ast.Constant) and isinstance(item.value, str)
        )
    return frozenset()


def _parameters(definition: Definition) -> list[str]:
    return [argument.arg for argument in (*definition.args.posonlyargs, *definition.args.args)]


def _alias(unit: Unit, node: ast.AST, known: Known) -> None:
    """``make = boto3.client``, ``make = partial(session.client, config=…)``, ``make = lambda: boto3.client("s3")``."""
    if not isinstance(node, ast.Assign) or unit.definition is not None:
        return
    value, names = node.value, [target.id for target in node.targets if isinstance(target, ast.Name)]
    given: ast.expr | None = None
    if isinstance(value, ast.Lambda) and isinstance(value.body, ast.Call):
        given, value = _naming(value.body, known), value.body.func
        given = given if isinstance(given, ast.Constant) else None
    elif isinstance(value, ast.Call) and (_dotted(value.func) or "").rpartition(".")[2] == "partial" and value.args:
        given = value.args[1] if len(value.args) > 1 else _keyword(value, "service_name")
        value = value.args[0]
    if _gives_clients(value):
        service = _constant(given, known) or ""
        known.factories.update(dict.fromkeys(names, (-1 if service else 0, service)))


def _imported_maker(node: ast.AST, known: Known) -> None:
    """``from boto3 import client``."""
    if isinstance(node, ast.ImportFrom) and node.module in ("boto3", "boto3.session"):
        for alias in node.names:
            if alias.name == "client":
                known.factories[alias.asname or alias.name] = (0, "")


def _factory(unit: Unit, definition: Definition, known: Known) -> None:
    names = [name for name in _parameters(definition) if name not in ("self", "cls")]
    scope = _scope(unit, known)
    for node in unit.nodes:
        if isinstance(node, ast.Assign) and (service := _service(node.value, known, scope)):
            scope.update({name: service for target in node.targets if (name := _dotted(target))})
    for node in unit.nodes:
        if not isinstance(node, ast.Return) or node.value is None:
            continue
        given = _naming(node.value, known) if isinstance(node.value, ast.Call) else None
        service = _service(node.value, known, scope)
        if isinstance(given, ast.Name) and given.id in names:
            known.factories[definition.name] = (names.index(given.id), "")
        elif service and _is_property(definition):
            known.attribute(definition.name, service)
            known.clients.setdefault(unit.place, {})[f"self.{definition.name}"] = service
        elif service:
            known.factories[definition.name] = (-1, service)


def _is_property(definition: Definition) -> bool:
    return any((_dotted(item) or "").endswith("property") for item in definition.decorator_list)


def _environment_reader(unit: Unit, definition: Definition, known: Known) -> None:
    names = _parameters(definition)
    offset = 1 if names[:1] in (["self"], ["cls"]) else 0
    raises = any(isinstance(node, ast.Raise) for node in unit.nodes)
    for node in unit.nodes:
        key, required = _environment_key(node)
        if isinstance(key, ast.Name) and key.id in names:
            index = names.index(key.id)
            defaulted = len(names) > index + 1 and bool(definition.args.defaults)
            known.readers[definition.name] = Wrapper(
                index - offset,
                required=(required or raises) and not defaulted,
                default=(_has_default(node) and not raises) or defaulted,
                optional=_let_be(definition, key.id, known),
            )


def _passed_on(unit: Unit, definition: Definition, known: Known) -> None:
    """A function that hands the name it is given on to a reader is a reader too."""
    names = _parameters(definition)
    offset = 1 if names[:1] in (["self"], ["cls"]) else 0
    for node in unit.nodes:
        reader = (
            known.readers.get((_dotted(node.func) or "").rpartition(".")[2]) if isinstance(node, ast.Call) else None
        )
        if not isinstance(node, ast.Call) or reader is None or len(node.args) <= reader.index:
            continue
        key = node.args[reader.index]
        if isinstance(key, ast.Name) and key.id in names and definition.name not in known.readers:
            known.readers[definition.name] = replace(reader, index=names.index(key.id) - offset)


def _let_be(definition: Definition, parameter: str, known: Known) -> frozenset[str]:
    """The names of a constant set that the function compares its parameter with: ``name not in OPTIONAL``."""
    found: frozenset[str] = frozenset()
    for node in ast.walk(definition):
        if isinstance(node, ast.Compare) and isinstance(node.left, ast.Name) and node.left.id == parameter:
            for item in node.comparators:
                found |= known.sets.get((_dotted(item) or "").rpartition(".")[2], frozenset())
    return found


def _gives_clients(function: ast.expr) -> bool:
    """Whether a function is ``client`` or ``resource`` of boto3 or of a session."""
    if not isinstance(function, ast.Attribute) or function.attr not in ("client", "resource"):
        return False
    owner = function.value.func if isinstance(function.value, ast.Call) else function.value
    last = (_dotted(owner) or "").rpartition(".")[2].lower()
    return last in ("boto3", "boto") or last.endswith("session")


def _naming(node: ast.Call, known: Known) -> ast.expr | None:
    """What names the service of a call that makes a client or a resource."""
    given = node.args[0] if node.args else _keyword(node, "service_name")
    named = isinstance(node.func, ast.Attribute) and node.func.attr in ("client", "resource")
    if _gives_clients(node.func) or (named and _constant(given, known) in services()):
        return given or ast.Constant(None)
    index, service = known.factories.get((_dotted(node.func) or "").rpartition(".")[2], (-1, ""))
    return node.args[index] if not service and 0 <= index < len(node.args) else None


def _service(value: ast.expr, known: Known, scope: Mapping[str, str]) -> str | None:
    """The service of an expression that is a client; None for anything else, "" for a client of who knows what."""
    if isinstance(value, ast.Call):
        return _service_of_call(value, known, scope)
    name = _dotted(value) or ""
    if name in scope:
        return scope[name]
    if not isinstance(value, ast.Attribute):
        return None
    return known.attributes[value.attr] if value.attr in known.attributes else _inner(value, known, scope)


def _service_of_call(node: ast.Call, known: Known, scope: Mapping[str, str]) -> str | None:
    given = _naming(node, known)
    if given is not None:
        service = _constant(given, known) or ""
        made = isinstance(node.func, ast.Attribute) and node.func.attr == "resource"
        return f"{service}/" if made and service else service
    factory = known.factories.get((_dotted(node.func) or "").rpartition(".")[2])
    if factory is not None:
        return factory[1]
    return _inner(node.func, known, scope) if isinstance(node.func, ast.Attribute) else None


def _inner(node: ast.Attribute, known: Known, scope: Mapping[str, str]) -> str | None:
    """The resource that another gives: ``table = dynamodb.Table(name)``."""
    owner = _service(node.value, known, scope)
    return resources.step(owner, node.attr) if owner and resources.is_resource(owner) else None


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

    def __init__(self, unit: Unit, known: Known) -> None:
        self.unit = unit
        self.known = known
        self.facts = Facts(texts=set(unit.texts))
        self.scope: dict[str, str] = _scope(unit, known)
        self.guarded = set(_guarded(unit, known))

    def run(self) -> Facts:
        """The facts."""
        for node in self.unit.nodes:
            self._assignment(node)
        for node in self.unit.nodes:
            self._environment(node)
            self._call(node)
        if self.unit.texts & {"CloudWatchMetrics", "_aws"}:
            self.facts.emits_metrics = True
            self.facts.metrics.append(Published(None, None, None))
        return self.facts

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
        default, optional = key is not None and _has_default(node), frozenset[str]()
        if key is None and isinstance(node, ast.Call):
            reader = self.known.readers.get((_dotted(node.func) or "").rpartition(".")[2])
            if reader and len(node.args) > reader.index:
                key, required = node.args[reader.index], reader.required
                default, optional = reader.default, reader.optional
        if key is None:
            return
        name = _constant(key, self.known)
        if name is not None:
            certain = required and name not in self.guarded and name not in optional
            default = default or name in optional
            read = EnvironmentRead(name, certain, self.unit.file, getattr(node, "lineno", 0), default)
            self.facts.environment.append(read)
        elif not isinstance(key, ast.Name) or self.unit.name not in self.known.readers:
            self.facts.dynamic_environment = True

    def _call(self, node: ast.AST) -> None:
        if not isinstance(node, ast.Call):
            return
        if not isinstance(node.func, ast.Attribute):
            return
        service = _service(node.func.value, self.known, self.scope)
        if service is None:
            self._collection(node, node.func.value)
        elif not service:
            self.facts.dynamic_calls = True
        elif resources.is_resource(service):
            self._resource_call(node, service, node.func.attr)
        elif operations(service):
            self._client_call(node, service, node.func.attr)

    def _resource_call(self, node: ast.Call, kind: str, method: str) -> None:
        operation = resources.operation(kind, method)
        if operation is None:
            self.facts.dynamic_calls = True
        elif operation:
            self._add(node, kind.partition("/")[0], operation, method)

    def _collection(self, node: ast.Call, collection: ast.expr) -> None:
        """``bucket.objects.filter(…)``."""
        if not isinstance(collection, ast.Attribute):
            return
        kind = _service(collection.value, self.known, self.scope) or ""
        operation = resources.listing(kind, collection.attr) if resources.is_resource(kind) else None
        if operation:
            self._add(node, kind.partition("/")[0], operation, collection.attr)

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
            if operation is None and not self._certain(node):
                self.facts.dynamic_calls = True
                return
            self._add(node, service, operation, method)
            if (service, operation) == ("cloudwatch", "PutMetricData"):
                self._metrics(node)

    def _certain(self, node: ast.Call) -> bool:
        """Whether what is called is a client for sure: not only an attribute that is named like one elsewhere."""
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        return not isinstance(owner, ast.Attribute) or _dotted(owner) in self.scope

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
    of_class = known.clients.get(unit.place, {})
    return {**known.clients.get(unit.module, {}), **of_class, **known.handed.get(unit.name, {})}


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
