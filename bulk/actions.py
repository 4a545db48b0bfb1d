"""What can be done to many things at once; apps declare theirs in `bulk_actions.py`.

A kind is what a list is of. An action says of each row why it would stay as it is, which is what
its plan is made of, and does what the ordinary operation does.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from adminctr.core.actor import Actor
from adminctr.core.plans import Effect, several
from organizations.policy import Action

# What somebody filled in besides, as text.
Parameters = Mapping[str, str]


def as_given(parameters: Parameters) -> dict[str, str]:
    return dict(parameters)


def never(parameters: Parameters) -> bool:
    return False


def always(parameters: Parameters) -> bool:
    return True


def nothing_noted(row: Any, parameters: Parameters) -> str:
    return ""


def nothing_else(rows: Sequence[Any], parameters: Parameters) -> Iterable[Effect]:
    return ()


@dataclass(frozen=True, slots=True)
class Parameter:
    """One line that an action asks for, or one of several values, each with its label.

    `spoken` says each value as it stands within a sentence of the action.
    """

    name: str
    label: str
    help_text: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    spoken: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BulkAction:
    """One verb over rows of one kind.

    `words` has a place for what it is about, as in "Suspend {them}"; `chosen_words` has places for
    the parameters too, as in "Make {them} {role}", and so may `outcome`, which says of one row and
    of several what happens, as in "account is suspended". `besides` are the effects that are not
    about the rows themselves. What a plan says tells every parameter, since its digest stands for
    all that is confirmed. `note` tells what changes of one row.

    `check` raises RuleViolation where a row would stay as it is; a row has a sid and a name.
    `perform` does it to one row, named by its SID, and says so; what it raises is told beside the
    row. `settle` reads the parameters, or raises RuleViolation. What is sensitive, with these
    parameters, asks for the password, as its page about one row does.
    """

    name: str
    label: str
    words: str
    outcome: tuple[str, str]
    action: Action
    check: Callable[[Any, Parameters, Actor], None]
    perform: Callable[[str, Parameters, Actor], str]
    chosen_words: str = ""
    note: Callable[[Any, Parameters], str] = nothing_noted
    parameters: tuple[Parameter, ...] = ()
    settle: Callable[[Parameters], dict[str, str]] = as_given
    besides: Callable[[Sequence[Any], Parameters], Iterable[Effect]] = nothing_else
    is_sensitive: Callable[[Parameters], bool] = never

    def said_of(self, them: str, parameters: Parameters) -> str:
        """Verb and object, with what was chosen once it is."""
        words = self.chosen_words if self.chosen_words and parameters else self.words
        return words.format(them=them, **self._spoken(parameters))

    def outcome_of(self, number: int, parameters: Parameters) -> str:
        """What happens to so many rows."""
        text = several(number, *self.outcome)
        return f"{text.format(**self._spoken(parameters))}."

    def _spoken(self, parameters: Parameters) -> dict[str, str]:
        return {
            one.name: one.spoken[parameters[one.name]]
            for one in self.parameters
            if one.spoken and one.name in parameters
        }


@dataclass(frozen=True, slots=True)
class Kind:
    """What lists are of: where its pages stand, and how its rows are found by their SIDs.

    `space` is the namespace of its addresses, `view` the action that opens the list.
    """

    name: str
    space: str
    prefix: str
    one: str
    many: str
    list_name: str
    detail_name: str
    view: Action
    find: Callable[[Collection[str]], Sequence[Any]]
    actions: dict[str, BulkAction] = field(default_factory=dict)

    def of(self, number: int) -> str:
        return several(number, self.one, self.many)


_kinds: dict[str, Kind] = {}


def register(kind: Kind, *actions: BulkAction) -> None:
    """Put a kind with its actions on the list; a name stands for one action of one kind."""
    for one in actions:
        if one.name in _by_name():
            raise ValueError(f"There is a bulk action called {one.name} already")
        kind.actions[one.name] = one
    _kinds[kind.name] = kind


def kinds() -> tuple[Kind, ...]:
    return tuple(_kinds.values())


def kind_named(name: str) -> Kind:
    return _kinds[name]


def named(name: str) -> tuple[Kind, BulkAction]:
    """Raises KeyError for what no app has declared."""
    return _by_name()[name]


def _by_name() -> dict[str, tuple[Kind, BulkAction]]:
    return {name: (kind, one) for kind in _kinds.values() for name, one in kind.actions.items()}
