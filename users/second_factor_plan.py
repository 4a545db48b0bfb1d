"""What it means for an organization to ask for a second factor of everybody in it."""

from collections.abc import Iterator

from adminctr.core.plans import Effect, Plan, Weight, several
from organizations.models import Membership, Organization, SecondFactor

MEANINGS = {
    SecondFactor.DISABLED: "The organization requires no second factor. Anyone who has one is "
    "still asked for it at the log-in.",
    SecondFactor.ONCE_PER_COMPUTER: "Everyone needs a second factor. A remembered browser asks "
    "for it only once in a while.",
    SecondFactor.EVERY_LOG_IN: "Everyone needs a second factor, and is asked for it at every "
    "log-in.",
}
ACKNOWLEDGEMENTS = {
    SecondFactor.DISABLED: (
        ("password_alone", "Anyone without a second factor can log in with a password alone."),
    ),
    SecondFactor.ONCE_PER_COMPUTER: (
        ("everybody", "Everyone in the organization needs a second factor from now on."),
    ),
    SecondFactor.EVERY_LOG_IN: (
        ("everybody", "Everyone in the organization needs a second factor from now on."),
    ),
}


def plan(organization: Organization, level: SecondFactor) -> Plan:
    """Read in the scope of the organization; the operation reads it again."""
    effects = [*_blockers(organization, level), *_effects(organization, level)]
    return Plan(organization.sid, "require_second_factor_of_all", tuple(effects))


def people_without_one(organization: Organization) -> int:
    stays = Membership.objects.open().filter(organization=organization)
    return stays.filter(has_second_factor=False).count()


def _blockers(organization: Organization, level: SecondFactor) -> Iterator[Effect]:
    if organization.second_factor == level:
        text = f"The two-factor requirement for everyone is {level.label} already."
        yield Effect(Weight.BLOCKER, "in_force", text)


def _effects(organization: Organization, level: SecondFactor) -> Iterator[Effect]:
    before = SecondFactor(organization.second_factor)
    text = f"{level.label} instead of {before.label}. {MEANINGS[level]}"
    yield Effect(Weight.CHANGES, "level", text)
    without = people_without_one(organization)
    having = max(0, organization.managed_users - without)
    yield from _for_whom_none_is_there(level, without)
    yield from _for_whom_one_is_there(level, having)
    yield Effect(
        Weight.SURVIVES,
        "others_ask",
        "What accounts require, and what you require of individual people, still applies.",
    )


def _for_whom_none_is_there(level: SecondFactor, number: int) -> Iterator[Effect]:
    if level == SecondFactor.DISABLED:
        text = several(number, "person without one needs none.", "people without one need none.")
        yield Effect(Weight.CHANGES, "without", text, count=number)
    elif number:
        text = several(number, "person has", "people have")
        text += " no second factor. They must set one up on their next page, before anything else."
        yield Effect(Weight.LOSES, "without", text, count=number)


def _for_whom_one_is_there(level: SecondFactor, number: int) -> Iterator[Effect]:
    people = several(number, "person has", "people have")
    if level == SecondFactor.EVERY_LOG_IN:
        text = f"{people} one, which is asked for at every log-in, in remembered browsers too."
        yield Effect(Weight.CHANGES, "having", text, count=number)
    else:
        text = f"{people} one; nothing changes there."
        yield Effect(Weight.SURVIVES, "having", text, count=number)
