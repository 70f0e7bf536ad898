"""After an interruption: finds out what became of the operations that were announced and not concluded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from watchkeeper.pulumi.engine import wire
from watchkeeper.pulumi.engine.provider import Provider, ProviderError, State
from watchkeeper.pulumi.engine.state import Pending, ResourceState, StateFile, settling

NAME_ENDINGS: Final = ("name", "Name", "Identifier", "identifier")
NO_FIXED_NAME: Final = "NoFixedName"
"""A provider's code for: there is nothing to look for it by."""
OWN_NAMES: Final = ("bucket", "name", "identifier", "function", "alias")
"""Inputs that hold a resource's own name, for providers that don't look for themselves."""


@dataclass(frozen=True)
class Finding:
    """What became of one interrupted operation. Not ``settled``: a person has to say."""

    urn: str
    detail: str
    settled: bool = True


def recover(state: StateFile, provider: Provider) -> Iterator[Finding]:
    """Settle each interrupted operation in the state file, in the order they began.

    A create is looked up: by the provider's own ``find(type, name, inputs)`` where it has one (it gives a State, or
    None for "nothing was made"), else by ``read`` with the names in its inputs. Found, it is taken over; not found
    under a fixed name, the program's next registration makes it again; without a name, a person decides
    (:func:`watchkeeper.pulumi.engine.state.resolve_pending`).
    """
    for pending in list(state.content.pending.values()):
        try:
            yield _HANDLERS[pending.operation](state, provider, pending)
        except ProviderError as error:
            said = ": ".join(part for part in (error.operation, error.code, str(error)) if part)
            yield _unseen(pending, said, error.code)
        except Exception as error:  # noqa: BLE001 - reported, nothing is assumed
            yield _unseen(pending, f"{type(error).__name__}: {error}")


def _created(state: StateFile, provider: Provider, pending: Pending) -> Finding:
    goal = pending.resource
    found, certain = _find(provider, goal)
    if found is not None:
        live = state.content.resources.get(goal.urn)
        replaced = live if live is not None and live.id != found.id else None
        # Tainted: it may have been stopped halfway, so the next registration goes over it once more.
        entry = replace(goal, id=found.id, outputs=dict(found.outputs), tainted=True)
        state.finish(pending.key, put=entry, doom=replaced)
        return Finding(goal.urn, f"its creation was interrupted; it exists as {found.id!r} and was taken over")
    if certain:
        state.finish(pending.key)
        return Finding(goal.urn, "its creation was interrupted before anything was made")
    advice = f"and it has no fixed name to look for. {settling(goal.urn)}"
    return Finding(goal.urn, _uncertain(pending, advice), False)


def _updated(state: StateFile, provider: Provider, pending: Pending) -> Finding:
    old = pending.resource
    now = provider.read(old.type, old.id, wire.without_secrets(old.inputs))
    if now is None:
        state.finish(pending.key, drop=old.urn)
        return Finding(old.urn, "its update was interrupted and it is gone; it will be made again")
    state.finish(pending.key, put=replace(old, tainted=True))
    return Finding(old.urn, "its update was interrupted; it will be updated again")


def _deleted(state: StateFile, provider: Provider, pending: Pending) -> Finding:
    old = pending.resource
    now = provider.read(old.type, old.id, wire.without_secrets(old.inputs))
    if now is not None:
        state.finish(pending.key)
        return Finding(old.urn, "its deletion was interrupted; it still exists")
    doomed = f"{old.urn}#{old.id}" in state.content.doomed
    gone: dict[str, Any] = {"spare": old} if doomed else {"drop": old.urn}
    state.finish(pending.key, **gone)
    return Finding(old.urn, "its deletion was interrupted after it was gone")


_HANDLERS: Final = {"create": _created, "update": _updated, "delete": _deleted}


def _find(provider: Provider, goal: ResourceState) -> tuple[State | None, bool]:
    """What was made, if anything, and whether the answer is certain."""
    inputs = wire.without_secrets(goal.inputs)
    find = getattr(provider, "find", None)
    if find is not None:
        return find(goal.type, goal.name, inputs), True
    names = _names(inputs)
    for name in names:
        found = provider.read(goal.type, name, inputs)
        if found is not None:
            return found, True
    return None, bool(names)


def _names(inputs: dict[str, Any]) -> list[str]:
    own = [key for key in inputs if key in OWN_NAMES or key.endswith(NAME_ENDINGS)]
    return list(dict.fromkeys(value for key in own if isinstance(value := inputs[key], str) and value))


def _unseen(pending: Pending, said: str, code: str = "") -> Finding:
    urn = pending.resource.urn
    failed = f"and looking for it failed ({said})."
    if pending.operation != "create":
        return Finding(urn, _uncertain(pending, f"{failed} Run `up` again"), False)
    first = failed if code == NO_FIXED_NAME else f"{failed} Run `up` again; if that stays so:"
    return Finding(urn, _uncertain(pending, f"{first} {settling(urn)}"), False)


def _uncertain(pending: Pending, advice: str) -> str:
    return f"its {pending.operation} was interrupted ({pending.since}) {advice}."
