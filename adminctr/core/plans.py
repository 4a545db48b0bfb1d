"""What a dangerous operation would do: said before, and computed again when it is done.

An operation with a plan takes the digest of the plan that somebody has looked at, computes the plan
anew under its locks and calls `require`, so what happens is what was shown, or nothing.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from adminctr.core.errors import RuleViolation


class Weight(StrEnum):
    """What an effect means to people, in the order in which they read it."""

    BLOCKER = "blocker"
    LOSES = "loses"
    CHANGES = "changes"
    IRREVERSIBLE = "irreversible"
    SURVIVES = "survives"


HEADINGS = {
    Weight.BLOCKER: "What is in the way",
    Weight.LOSES: "Who loses what",
    Weight.CHANGES: "What changes",
    Weight.IRREVERSIBLE: "What cannot be undone",
    Weight.SURVIVES: "What stays",
}

# The same once it is done; nothing was in the way then.
DONE_HEADINGS = {
    Weight.LOSES: "Who lost what",
    Weight.CHANGES: "What changed",
    Weight.IRREVERSIBLE: "What cannot be undone",
    Weight.SURVIVES: "What stayed",
}


@dataclass(frozen=True, slots=True)
class Thing:
    """One object that an effect is about, as people know it."""

    sid: str
    name: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing that happens, or stays: `key` names its kind, `text` is a sentence with the number.

    `count` is how many objects there are where they are too many to be listed; those that are not
    listed are guarded by their number alone. `done` says the same once it has happened; it is empty
    where `text` stands for both.
    """

    weight: Weight
    key: str
    text: str
    objects: tuple[Thing, ...] = ()
    count: int = -1
    done: str = ""

    def __post_init__(self) -> None:
        if self.count == -1:
            object.__setattr__(self, "count", len(self.objects))
        if self.count < len(self.objects):
            raise ValueError("An effect counts all of its objects")

    def told(self) -> str:
        """What it says once it has happened."""
        return self.done or self.text


@dataclass(frozen=True, slots=True)
class Plan:
    """All that one operation would do to one subject."""

    subject_sid: str
    operation: str
    effects: tuple[Effect, ...]

    @property
    def digest(self) -> str:
        """SHA-256 over everything that the plan says, in whatever order rows were read."""
        effects = sorted(map(_canonical, self.effects))
        text = json.dumps([self.subject_sid, self.operation, effects], separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def blockers(self) -> tuple[Effect, ...]:
        return self.by_weight(Weight.BLOCKER)

    def by_weight(self, weight: Weight) -> tuple[Effect, ...]:
        return tuple(effect for effect in self.effects if effect.weight == weight)

    def require(self, digest: str) -> None:
        """Go on only with the plan that was looked at.

        Raises RuleViolation: plan_blocked, plan_outdated.
        """
        if self.blockers:
            raise RuleViolation("plan_blocked", self.blockers[0].text)
        if digest != self.digest:
            raise RuleViolation("plan_outdated", OUTDATED)

    def summary(self) -> dict[str, int]:
        """How many of each kind: what is kept of a plan to say later what has moved."""
        counts: dict[str, int] = {}
        for effect in self.effects:
            counts[effect.key] = counts.get(effect.key, 0) + effect.count
        return counts


def several(number: int, one: str, many: str) -> str:
    """A number with the words that follow it, as the sentence of an effect begins."""
    return f"{number:,} {one if number == 1 else many}"


OUTDATED = "What this does has changed since you looked. Read it again."


def differences(before: Mapping[str, int], plan: Plan) -> list[str]:
    """Sentences on what has moved since a summary was made; none where no number has."""
    now = plan.summary()
    gone = [_gone(key, count) for key, count in before.items() if key not in now]
    moved = [
        f"{_words(key)}: {before[key]:,}, now {count:,}."
        for key, count in now.items()
        if key in before and before[key] != count
    ]
    new = [f"New: {effect.text}" for effect in plan.effects if effect.key not in before]
    return moved + new + gone


def _canonical(effect: Effect) -> list[object]:
    things = sorted([thing.sid, thing.name, thing.note] for thing in effect.objects)
    return [effect.weight, effect.key, effect.text, effect.count, things]


def _gone(key: str, count: int) -> str:
    number = f" ({count:,})" if count else ""
    return f"No longer: {_words(key).lower()}{number}."


def _words(key: str) -> str:
    return key.replace("_", " ").capitalize()
