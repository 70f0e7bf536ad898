"""What every rule is made of: the decorator, the lookup, verdicts, and careful access to what an item holds.

A rule is a pure function of an item, its typed parameters and a :class:`Lookup`. It answers COMPLIANT, NON_COMPLIANT
with what a person has to change, or NOT_APPLICABLE; where the item lacks what it needs it raises :class:`Unavailable`,
which the evaluation turns into NOT_EVALUATED. Unknown is never a pass.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

from watchkeeper.model import (
    ANNOTATION_LIMIT,
    UNAVAILABLE_KEY,
    ComplianceType,
    ConfigurationItem,
    Severity,
    Unavailable,
    Verdict,
)

ACCOUNT = "AWS::::Account"
"""The resource type under which Config reports what concerns a whole account; the resource id is the account id."""
Parameters = Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """How rules find the items of a type by something that they hold.

    ``entries`` gives, of an item, pairs of a key (a text, or None) and the fact that a rule has to know of it; an
    :class:`Unavailable` as a fact is raised when it is found. Nothing else of the items is kept, so that a rule may ask
    about each of a million resources and no list is gone through for each.
    """

    resource_type: str
    entries: Callable[[ConfigurationItem], Iterable[tuple[Any, Any]]]
    aspects: tuple[str, ...] | None = None
    """The keys of ``supplementaryConfiguration`` that ``entries`` looks at; None: nobody has said, so it may be any."""
    decisive: bool = False
    """One fact under the key is enough for the rule, so that the unknown ones beside it don't matter."""

    def of(self, item: ConfigurationItem) -> list[tuple[Any, Any]]:
        """The item's entries. Raises Unavailable where the item does not say under which keys it belongs."""
        found = [(_name(key), fact) for key, fact in self.entries(item)]
        if UNAVAILABLE_KEY not in item.supplementary or not self._looks_at(item.supplementary[UNAVAILABLE_KEY]):
            return found
        unread = Unavailable(f"not all of {self.resource_type} {shown(item.resource_id)} could be read")
        return [(key, unread) for key, _ in found]

    def _looks_at(self, unread: Mapping[str, str]) -> bool:
        """Whether something that could not be read is among what the entries look at; tags never are."""
        if self.aspects is None:
            return any(name != "tags" for name in unread)
        return any(name in unread for name in ("configuration", *self.aspects))


def named(item: ConfigurationItem) -> tuple[str, ...]:
    """What other items call it: its id, and its name where it has another."""
    name = item.resource_name
    return (item.resource_id, name) if name and name != item.resource_id else (item.resource_id,)


class Lookup(Protocol):
    """What an item does not hold: other items and facts of the same account and region.

    ``account_fact`` names (see ``docs/rules.md`` for who needs which) and shapes:

    ``iam.account_summary``         GetAccountSummary's SummaryMap
    ``iam.password_policy``         the PasswordPolicy in API spelling, ``{}`` where none is set
    ``iam.credential_report``       list of rows of the credential report, by its column names
    ``iam.virtual_mfa_devices``     list of the virtual MFA devices in use: {"serial", "user"}, the owner by ARN
    ``ec2.ebs_encryption_by_default``  bool
    ``ec2.public_snapshots``        list of ids of the account's EBS snapshots that anyone can restore
    ``guardduty.detectors``         list of detectors: {"id", "status"}
    ``securityhub.enabled``         bool
    ``organizations.master_account_id``  str, or None outside an organization
    ``iam.access_analyzers``        list of analyzers: {"type", "status"}
    ``account.security_contact``    bool
    ``dynamodb.scalable_targets``   Application Auto Scaling's targets of DynamoDB, in API spelling: {"ResourceId", …}
    ``cloudtrail.event_selectors``  trail ARN to {"eventSelectors": […], "advancedEventSelectors": […]}
    ``s3.bucket_regions``           name to region, of the account's buckets in all regions
    ``cloudtrail.multi_region_trails``  the trails of other regions that record this one: {"arn", "configuration",
                                    "isLogging", "selectors"}, selectors as above
    ``ecr.registry_scanning``       the registry's scanning rules, in API spelling: {"scanFrequency", …}
    """

    def items_of_type(self, resource_type: str) -> Iterable[ConfigurationItem]:
        """Every item of that type that exists. Raises Unavailable where nobody recorded that type."""

    def item(self, resource_type: str, resource_id: str) -> ConfigurationItem | None:
        """The item by id or name; None where it does not exist. Raises Unavailable as above."""

    def find(self, index: Index, key: Any) -> Sequence[Any]:
        """The facts that the items of the index's type hold under the key. Raises Unavailable as above."""

    def account_fact(self, name: str) -> Any:
        """The fact of that name; raises Unavailable where it is not known."""

    def now(self) -> datetime:
        """The time that counts as now, aware."""


class Indexed:
    """What finds, for a lookup that gives items: each index is built once, when it is first asked."""

    def __init__(self) -> None:
        self._indexes: dict[Index, Mapping[Any, list[Any]]] = {}

    def items_of_type(self, resource_type: str) -> Iterable[ConfigurationItem]:
        """As :meth:`Lookup.items_of_type`."""
        raise NotImplementedError

    def find(self, index: Index, key: Any) -> Sequence[Any]:
        """As :meth:`Lookup.find`."""
        if index not in self._indexes:
            self._indexes[index] = gathered(
                entry for item in self.items_of_type(index.resource_type) for entry in index.of(item)
            )
        return facts_under(key, self._indexes[index], decisive=index.decisive)


def gathered(entries: Iterable[tuple[Any, Any]]) -> Mapping[Any, list[Any]]:
    """Key to facts."""
    found: dict[Any, list[Any]] = {}
    for key, fact in entries:
        found.setdefault(key, []).append(fact)
    return found


def attempt(function: Callable[[ConfigurationItem], Any], item: ConfigurationItem) -> Any:
    """What the function gives, or the Unavailable that it raises: a fact of an :class:`Index` that may be unknown."""
    try:
        return function(item)
    except Unavailable as reason:
        return reason


def facts_under(key: Any, index: Mapping[Any, Sequence[Any]], *, decisive: bool = False) -> Sequence[Any]:
    """The facts that stand under the key. Raises the first of them that is an Unavailable; where one fact is decisive,
    only if there is no other."""
    found = index.get(_name(key), ())
    unknown = next((fact for fact in found if isinstance(fact, Unavailable)), None)
    if unknown is None:
        return found
    known = [fact for fact in found if not isinstance(fact, Unavailable)]
    if decisive and known:
        return known
    raise Unavailable(str(unknown))


def _name(key: Any) -> str | None:
    if key is None or isinstance(key, str):
        return key
    raise Unavailable(f"the item holds {_kind(key)} where a name belongs")


class NoLookup:
    """A lookup that knows only the time: what is left when an item is all there is."""

    def __init__(self, now: datetime | None = None) -> None:
        self._now = now

    def items_of_type(self, resource_type: str) -> Iterable[ConfigurationItem]:
        """Nothing is known of other items."""
        raise Unavailable(f"the rule needs the {resource_type} resources, and only single items were given")

    def item(self, resource_type: str, resource_id: str) -> ConfigurationItem | None:
        """Nothing is known of other items."""
        raise Unavailable(f"the rule needs {resource_type} {resource_id}, and only single items were given")

    def find(self, index: Index, key: Any) -> Sequence[Any]:  # noqa: ARG002 - as the protocol has it
        """Nothing is known of other items."""
        raise Unavailable(f"the rule needs the {index.resource_type} resources, and only single items were given")

    def account_fact(self, name: str) -> Any:
        """Nothing is known of the account."""
        raise Unavailable(f"the rule needs the account fact {name}, which configuration items don't hold")

    def now(self) -> datetime:
        """The time given, or the clock's."""
        return self._now or datetime.now(UTC)


RuleFunction = Callable[[ConfigurationItem, Parameters, Lookup], Verdict]


@dataclass(frozen=True, slots=True)
class RuleLogic:
    """The logic of one managed rule and what has to be known to run it."""

    identifier: str
    function: RuleFunction
    types: tuple[str, ...]
    severity: Severity
    """As AWS Security Hub rates its control of the rule, ours where it has none:
    https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-controls-reference.html."""
    category: str
    needs: tuple[str, ...]
    """``items:AWS::EC2::FlowLog`` or ``account:iam.password_policy``; empty when the item is enough."""
    aspects: tuple[str, ...]
    """The keys of ``supplementaryConfiguration`` that it looks at; ``configuration`` is always read."""
    summary: str
    """One sentence: what is compliant."""
    identity_only: bool = False
    """It looks at the item's ids and no further: all else can be forgotten until what it needs is known."""
    indexes: tuple[Index, ...] = ()
    """By which it finds other items; their types are among the needs."""
    whole_types: frozenset[str] = frozenset()
    """The types of which it goes through whole items."""
    looks_at_tags: bool = False
    """Whether the item's tags have to be read for it."""
    second_look: Mapping[str, str] = field(default_factory=dict)
    """Aspect to another: the rule looks at the first only where the second is missing."""

    def aspects_of(self, resource_type: str) -> tuple[str, ...] | None:
        """What it looks at in the other items of a type that it needs; None: anything."""
        asked = [index.aspects for index in self.indexes if index.resource_type == resource_type]
        known = [aspects for aspects in asked if aspects is not None]
        if asked and len(known) == len(asked) and resource_type not in self.whole_types:
            return tuple(dict.fromkeys(name for aspects in known for name in aspects))
        return self.aspects if resource_type in self.types else None


REGISTRY: dict[str, RuleLogic] = {}


def rule(
    identifier: str,
    *,
    types: tuple[str, ...],
    severity: Severity,
    category: str,
    needs: tuple[str, ...] = (),
    aspects: tuple[str, ...] = (),
    identity_only: bool = False,
    indexes: tuple[Index, ...] = (),
    looks_at_tags: bool = False,
    second_look: Mapping[str, str] | None = None,
) -> Callable[[RuleFunction], RuleFunction]:
    """Register a function as the logic of the managed rule; its docstring's first line is the summary."""

    def register(function: RuleFunction) -> RuleFunction:
        if identifier in REGISTRY:
            raise ValueError(f"{identifier} has logic twice")
        summary = " ".join((function.__doc__ or "").strip().split("\n\n")[0].split())
        needed = tuple(dict.fromkeys((*needs, *(f"items:{index.resource_type}" for index in indexes))))
        REGISTRY[identifier] = RuleLogic(
            identifier, function, types, severity, category, needed, aspects, summary, identity_only,
            indexes, frozenset(need.removeprefix("items:") for need in needs if need.startswith("items:")),
            looks_at_tags, second_look or {},
        )  # fmt: skip
        return function

    return register


@dataclass(frozen=True, slots=True)
class FlagRule:
    """A rule that asks for one boolean of the configuration: most of AWS's rules do no more."""

    identifier: str
    types: tuple[str, ...]
    field: str
    wanted: bool
    severity: Severity
    category: str
    summary: str
    fix: str
    default: bool | None = None
    """What a missing value means; None: the item has to say it."""


def register_flags(table: Iterable[FlagRule]) -> None:
    """Register a table of rules about one boolean each; ``a.b`` is a path."""
    for row in table:
        REGISTRY[row.identifier] = RuleLogic(
            row.identifier, _flag_rule(row), row.types, row.severity, row.category, (), (), row.summary
        )


def _flag_rule(row: FlagRule) -> RuleFunction:
    *path, last = row.field.split(".")

    def judge(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:  # noqa: ARG001
        held: Any = item.configuration
        if not held:
            raise Unavailable("the item holds no configuration")
        for step in path:
            held = pick(held, step)
        value = flag(held, last, default=row.default)
        return verdict(value is row.wanted, f"{last} is {str(value).lower()}; {row.fix}.")

    return judge


COMPLIANT = Verdict(ComplianceType.COMPLIANT)


def violation(text: str) -> Verdict:
    """NON_COMPLIANT, with what to change; cut to what Config keeps of an annotation."""
    return Verdict(ComplianceType.NON_COMPLIANT, clip(text))


def not_applicable(text: str) -> Verdict:
    """NOT_APPLICABLE, with why."""
    return Verdict(ComplianceType.NOT_APPLICABLE, clip(text))


def verdict(ok: bool, text: str) -> Verdict:
    """COMPLIANT when ``ok``, else NON_COMPLIANT with the text."""
    return COMPLIANT if ok else violation(text)


T = TypeVar("T")


def any_fits(entries: Iterable[T], fits: Callable[[T], bool]) -> bool:
    """Whether one of the entries fits. Raises Unavailable where none that is known does, and one could."""
    unknown: Unavailable | None = None
    for entry in entries:
        try:
            if fits(entry):
                return True
        except Unavailable as reason:
            unknown = unknown or reason
    if unknown:
        raise unknown
    return False


def that_fail(entries: Iterable[T], fits: Callable[[T], bool]) -> list[T]:
    """The entries that do not fit. Raises Unavailable where all that are known fit, and one may not: a failure that
    is known counts, whatever else is unknown."""
    failed: list[T] = []

    def fails(entry: T) -> bool:
        if not fits(entry):
            failed.append(entry)
        return False

    try:
        any_fits(entries, fails)
    except Unavailable:
        if not failed:
            raise
    return failed


def worst(*questions: Callable[[], Verdict]) -> Verdict:
    """The first violation that one of the questions finds; else the first unknown is raised; else COMPLIANT."""
    verdicts: list[Verdict] = []

    def compliant(ask: Callable[[], Verdict]) -> bool:
        found = ask()
        if found.compliance is ComplianceType.NON_COMPLIANT:
            verdicts.append(found)
        return found.compliance is not ComplianceType.NON_COMPLIANT

    that_fail(questions, compliant)
    return verdicts[0] if verdicts else COMPLIANT


def one_of(value: Any, name: str, *documented: str) -> str:
    """A text of the object that is one of the documented values. Raises Unavailable where it is missing or another:
    what nobody documented means nothing here."""
    found = text(value, name)
    if found not in documented:
        raise Unavailable(f"{name} is {shown(found)}, which is none of {listed(documented)}")
    return found


def among(value: Any, name: str, allowed: Iterable[str]) -> bool:
    """Whether a text of the object is among those allowed. Raises Unavailable where the object does not say it."""
    return text(value, name) in tuple(allowed)


def clip(text: str, limit: int = ANNOTATION_LIMIT) -> str:
    """The text within the limit, with an ellipsis where something was cut."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def shown(value: Any, limit: int = 60) -> str:
    """A value as an annotation shows it: on one line, quoted where it is text, cut."""
    text = f'"{value}"' if isinstance(value, str) else str(value)
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text)
    return text if len(text) <= limit else clip(text, limit)


def listed(values: Iterable[Any], most: int = 5) -> str:
    """``a, b, c and 4 more``: the first few of many."""
    texts = [shown(value, 50).strip('"') for value in values]
    rest = len(texts) - most
    return ", ".join(texts[:most]) + (f" and {rest} more" if rest > 0 else "")


def dig(value: Any, *path: str) -> Any:
    """What is at the path, or None where it, or anything on the way, is missing. Raises Unavailable where something on
    the way is neither an object nor absent."""
    for key in path:
        if value is None:
            return None
        if type(value) is not dict and not isinstance(value, Mapping):
            raise Unavailable(f"the item holds {_kind(value)} where an object with {key} belongs")
        value = value.get(key)
    return value


def pick(value: Any, *names: str) -> Any:
    """The first of the names that the object holds, comparing without case where none is held exactly; None without.

    Config spells the keys of newer types like CloudFormation does (``RepositoryName``) and of some like nobody
    (``dbclusterIdentifier``).
    """
    if value is None:
        return None
    if type(value) is not dict and not isinstance(value, Mapping):
        raise Unavailable(f"the item holds {_kind(value)} where an object with {names[0]} belongs")
    for name in names:
        if name in value:
            return value[name]
    # An item holds a few dozen keys at most, but is asked for hundreds of names: the spelling is looked up, not sought.
    spelled = _in_lower_case(tuple(value))
    for name in names:
        key = spelled.get(name.lower())
        if key is not None:
            return value[key]
    return None


@functools.lru_cache(maxsize=4096)
def _in_lower_case(keys: tuple[Any, ...]) -> dict[str, str]:
    """Lower-case spelling to the first key spelled so; one result for all objects with the same keys."""
    return {key.lower(): key for key in reversed(keys) if isinstance(key, str)}


def need(value: Any, *names: str) -> Any:
    """As :func:`pick`, for what has to be there. Raises Unavailable where it isn't."""
    found = pick(value, *names)
    if found is None:
        raise Unavailable(f"the item does not say {names[0]}")
    return found


_SPELLED_FLAGS = {"true": True, "enable": True, "enabled": True, "false": False, "disable": False, "disabled": False}


def flag(value: Any, *names: str, default: bool | None = None) -> bool:
    """A boolean of the object, also where Config spells it as text. Raises Unavailable where it is missing and has no
    default, or is something else."""
    found = pick(value, *names)
    if found is None:
        if default is None:
            raise Unavailable(f"the item does not say {names[0]}")
        return default
    if isinstance(found, bool):
        return found
    if isinstance(found, str) and found.lower() in _SPELLED_FLAGS:
        return _SPELLED_FLAGS[found.lower()]
    raise Unavailable(f"{names[0]} is {_kind(found)}, not a boolean")


def number(value: Any, *names: str, default: float | None = None) -> float:
    """A number of the object, also where it is spelled as text. Raises Unavailable as :func:`flag`."""
    found = pick(value, *names)
    if found is None:
        if default is None:
            raise Unavailable(f"the item does not say {names[0]}")
        return default
    if isinstance(found, int) and not isinstance(found, bool):
        return found
    try:
        converted = math.nan if isinstance(found, bool) else float(found)
    except (TypeError, ValueError):
        raise Unavailable(f"{names[0]} is {_kind(found)}, not a number") from None
    if math.isfinite(converted):
        return converted
    raise Unavailable(f"{names[0]} is {shown(found)}, not a number")


def text(value: Any, *names: str, default: str | None = None) -> str:
    """A text of the object. Raises Unavailable as :func:`flag`."""
    found = pick(value, *names)
    if found is None:
        if default is None:
            raise Unavailable(f"the item does not say {names[0]}")
        return default
    if isinstance(found, str):
        return found
    raise Unavailable(f"{names[0]} is {_kind(found)}, not a text")


def array(value: Any, *names: str) -> list[Any]:
    """A list of the object; empty where it is missing or null. Raises Unavailable where it is something else."""
    found = pick(value, *names)
    if found is None:
        return []
    if isinstance(found, list):
        return found
    raise Unavailable(f"{names[0]} is {_kind(found)}, not a list")


def needed_array(value: Any, *names: str) -> list[Any]:
    """As :func:`array`, for what has to be there. Raises Unavailable where it isn't."""
    need(value, *names)
    return array(value, *names)


def aspect(item: ConfigurationItem, name: str) -> Any:
    """The supplementary value of that name; None where the item has none."""
    return item.supplementary.get(name)


def required_aspect(item: ConfigurationItem, name: str) -> Any:
    """The supplementary value of that name, for what Config always records. Raises Unavailable where it is missing."""
    found = item.supplementary.get(name)
    if found is None:
        raise Unavailable(f"the item has no {name} in its supplementaryConfiguration")
    return found


def moment(value: Any) -> datetime:
    """A time in any of Config's spellings: ISO 8601, or seconds or milliseconds since 1970. Raises Unavailable."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        seconds = value / 1000 if abs(value) > 1e11 else value
        try:
            return datetime.fromtimestamp(seconds, UTC)
        except (OverflowError, OSError, ValueError):
            raise Unavailable(f"{shown(value)} is not a time") from None
    if isinstance(value, str):
        return _parsed(value)
    raise Unavailable(f"the item holds {_kind(value)} where a time belongs")


_SPELLED_OUT = ("%b %d, %Y %I:%M:%S %p", "%B %d, %Y %I:%M:%S %p", "%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%d %H:%M:%S %Z")


def _parsed(value: str) -> datetime:
    try:
        parsed = datetime.fromisoformat(value.replace("Z", "+00:00"))
    except ValueError:
        parsed = _spelled_out(value)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def _spelled_out(value: str) -> datetime:
    for form in _SPELLED_OUT:
        try:
            return datetime.strptime(value, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise Unavailable(f"{shown(value)} is not a time")


def days_between(earlier: datetime, later: datetime) -> float:
    """Days, with a fraction."""
    return (later - earlier).total_seconds() / 86400


def _kind(value: Any) -> str:
    return {dict: "an object", list: "a list", str: "text", bool: "a boolean", type(None): "nothing"}.get(
        type(value), "a number"
    )
