"""JavaScript and TypeScript code, by tree-sitter: the same facts as for Python, for the AWS SDK v3 and v2."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import tree_sitter_javascript
import tree_sitter_typescript
from tree_sitter import Language, Node, Parser

from watchkeeper.preflight.code.facts import Call, EnvironmentRead, Facts, Published
from watchkeeper.preflight.code.services import CLASSES, PACKAGES, operations

LONGEST_TEXT = 256
SECOND_SDK = "aws-sdk/clients/"
_FALLBACKS = ("||", "??")


@cache
def _language(name: str) -> Language:
    if name == "typescript":
        return Language(tree_sitter_typescript.language_typescript())
    return Language(tree_sitter_javascript.language())


def read(source: str, file: str) -> Facts:
    """The facts of one JavaScript or TypeScript file. A file with syntax errors is read as far as possible."""
    facts = Facts(files=1)
    name = "typescript" if file.endswith((".ts", ".mts", ".cts")) else "javascript"
    root = Parser(_language(name)).parse(source.encode(errors="replace")).root_node
    if root.has_error:
        facts.unread.append(f"{file} has syntax errors; it was read as far as possible")
    _Reader(root, file, facts).run()
    return facts


class _Reader:
    def __init__(self, root: Node, file: str, facts: Facts) -> None:
        self.root = root
        self.file = file
        self.facts = facts
        self.commands: dict[str, str] = {}
        self.renamed: dict[str, str] = {}
        """Names under which classes were imported: ``PutObjectCommand as Put``."""
        self.clients: dict[str, str] = {}
        self.modules: dict[str, str] = {}

    def run(self) -> None:
        """Fill the facts."""
        nodes = list(_walk(self.root))
        for node in nodes:
            self._import(node)
            self._text(node)
        for node in nodes:
            self._client(node)
        for node in nodes:
            self._environment(node)
            self._command(node)
            self._method(node)
        if "CloudWatchMetrics" in self.facts.texts:
            self.facts.emits_metrics = True
            self.facts.metrics.append(Published(None, None, None))

    def _text(self, node: Node) -> None:
        if node.type == "string_fragment" and len(_text(node)) <= LONGEST_TEXT:
            self.facts.texts.add(_text(node))

    def _import(self, node: Node) -> None:
        """``import {PutObjectCommand} from "@aws-sdk/client-s3"`` and the same with ``require``."""
        if node.type == "import_statement":
            service = _package(_string(node.child_by_field_name("source")))
            if service:
                self._imported(node, service)
        elif node.type == "variable_declarator":
            value = node.child_by_field_name("value")
            service = _package(_required(value)) if value else None
            if service:
                self._imported(node.child_by_field_name("name") or node, service)

    def _imported(self, node: Node, service: str) -> None:
        for item in _walk(node):
            if item.type in ("import_specifier", "pair_pattern"):
                self._rename(item)
            if item.type in ("identifier", "shorthand_property_identifier_pattern"):
                self.commands[_text(item)] = service
                if item.parent is not None and item.parent.type in ("namespace_import", "variable_declarator"):
                    self.modules[_text(item)] = service

    def _rename(self, node: Node) -> None:
        original = node.child_by_field_name("name") or node.child_by_field_name("key")
        local = node.child_by_field_name("alias") or node.child_by_field_name("value")
        if original is not None and local is not None:
            self.renamed[_text(local)] = _text(original)

    def _client(self, node: Node) -> None:
        """``const s3 = new AWS.S3()`` (v2), ``const s3 = new S3()`` (v2 by service, v3 aggregated)."""
        if node.type != "new_expression" or node.parent is None:
            return
        constructor = _text(node.child_by_field_name("constructor")).rpartition(".")
        name = constructor[2]
        service = self.commands.get(name) or (
            CLASSES.get(name.lower(), name.lower()) if constructor[0] == "AWS" else None
        )
        if service is None or name.endswith("Command"):
            return
        target = node.parent.child_by_field_name("name") or node.parent.child_by_field_name("left")
        if target is not None and operations(service):
            self.clients[_text(target)] = service

    def _environment(self, node: Node) -> None:
        if (
            node.type not in ("member_expression", "subscript_expression")
            or _text(node.child_by_field_name("object")) != "process.env"
        ):
            self._destructured(node)
            return
        if node.type == "member_expression":
            name = _text(node.child_by_field_name("property"))
        else:
            name = _string(node.child_by_field_name("index")) or ""
            if not name:
                self.facts.dynamic_environment = True
                return
        if _written(node):
            return
        line = node.start_point[0] + 1
        self.facts.environment.append(EnvironmentRead(name, not _has_fallback(node), self.file, line))

    def _destructured(self, node: Node) -> None:
        """``const {TOPIC, BUCKET = "x"} = process.env``."""
        if node.type != "variable_declarator" or _text(node.child_by_field_name("value")) != "process.env":
            return
        pattern = node.child_by_field_name("name")
        for item in pattern.named_children if pattern is not None else ():
            kind = item.type
            key = item.child_by_field_name("key") if kind == "pair_pattern" else item.child_by_field_name("left")
            name = _text(key if key is not None else item)
            required = kind != "object_assignment_pattern"
            self.facts.environment.append(EnvironmentRead(name, required, self.file, item.start_point[0] + 1))

    def _command(self, node: Node) -> None:
        if node.type != "new_expression":
            return
        owner, _, local = _text(node.child_by_field_name("constructor")).rpartition(".")
        name = self.renamed.get(local, local)
        if not name.endswith("Command"):
            return
        service = self.modules.get(owner) if owner else self.commands.get(local)
        if service is None or not operations(service):
            return
        operation = name.removesuffix("Command")
        self._add(service, operation, node)

    def _add(self, service: str, operation: str, node: Node) -> None:
        exists = operation in operations(service).values()
        self.facts.calls.append(Call(service, operation, self.file, node.start_point[0] + 1, exists))
        if (service, operation) == ("cloudwatch", "PutMetricData"):
            self.facts.emits_metrics = True
            self.facts.metrics.append(Published(None, None, None))

    def _method(self, node: Node) -> None:
        if node.type != "call_expression":
            return
        function = node.child_by_field_name("function")
        if function is None or function.type != "member_expression":
            return
        service = self.clients.get(_text(function.child_by_field_name("object")))
        method = _text(function.child_by_field_name("property"))
        if service is None or method in ("send", "config", "destroy", "waitFor", "upload"):
            return
        operation = method[:1].upper() + method[1:]
        known = {name.lower(): name for name in operations(service).values()}
        self._add(service, known.get(operation.lower(), operation), node)


def _walk(root: Node) -> Iterator[Node]:
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(node.children))


def _text(node: Node | None) -> str:
    return node.text.decode("utf-8", "replace") if node is not None and node.text is not None else ""


def _string(node: Node | None) -> str | None:
    if node is None or node.type not in ("string", "template_string"):
        return None
    return _text(node)[1:-1]


def _required(node: Node) -> str | None:
    if node.type != "call_expression" or _text(node.child_by_field_name("function")) != "require":
        return None
    arguments = node.child_by_field_name("arguments")
    return _string(arguments.named_children[0]) if arguments is not None and arguments.named_children else None


def _package(source: str | None) -> str | None:
    if source is not None and source.startswith(SECOND_SDK):
        name = source.removeprefix(SECOND_SDK)
        return CLASSES.get(name, name)
    if source is None or not source.startswith("@aws-sdk/client-"):
        return None
    name = source.removeprefix("@aws-sdk/client-")
    return PACKAGES.get(name, name)


def _written(node: Node) -> bool:
    parent = node.parent
    return parent is not None and parent.type == "assignment_expression" and parent.child_by_field_name("left") == node


def _has_fallback(node: Node) -> bool:
    """Whether the value's absence is handled: a default, a test, an optional chain."""
    parent = node.parent
    if parent is None:
        return False
    if parent.type == "binary_expression":
        return _text(parent.child_by_field_name("operator")) in (*_FALLBACKS, "===", "!==", "==", "!=", "&&")
    if parent.type in ("unary_expression", "ternary_expression", "optional_chain"):
        return True
    return (
        parent.type == "parenthesized_expression" and parent.parent is not None and parent.parent.type == "if_statement"
    )
