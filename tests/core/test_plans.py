"""A plan is known by its digest: the order of rows changes nothing, and anything else does."""

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from adminctr.core.errors import RuleViolation
from adminctr.core.plans import (
    DONE_HEADINGS,
    HEADINGS,
    OUTDATED,
    Effect,
    Plan,
    Thing,
    Weight,
    differences,
)

quick = settings(max_examples=200)

ANN, BO = Thing("US1", "Ann", "Developer"), Thing("US2", "Bo")
USERS = Effect(Weight.LOSES, "users_lose_access", "2 users lose their access.", (ANN, BO))
FINAL = Effect(Weight.IRREVERSIBLE, "final", "Nobody can open this account again.")
STAYS = Effect(Weight.SURVIVES, "logins", "Everybody keeps their login.")
IN_THE_WAY = Effect(Weight.BLOCKER, "debt", "The account owes something. Settle it first.")
PLAN = Plan("AC1", "close_account", (USERS, FINAL, STAYS))

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
things = st.builds(Thing, texts, texts, texts)
effects = st.builds(
    lambda weight, key, text, objects, unlisted: Effect(
        weight, key, text, objects, len(objects) + unlisted
    ),
    st.sampled_from(Weight),
    texts,
    texts,
    st.lists(things, max_size=3).map(tuple),
    st.integers(0, 2),
)
plans = st.builds(Plan, texts, texts, st.lists(effects, max_size=4).map(tuple))


def in_any_order(plan: Plan) -> tuple[object, ...]:
    """The same for plans that differ by the order of their rows alone."""
    rows = sorted(
        (one.weight, one.key, one.text, one.count, sorted(map(repr, one.objects)))
        for one in plan.effects
    )
    return plan.subject_sid, plan.operation, rows


def test_every_weight_has_words() -> None:
    assert set(HEADINGS) == set(Weight)
    assert len(set(HEADINGS.values())) == len(HEADINGS)
    assert set(DONE_HEADINGS) == set(Weight) - {Weight.BLOCKER}


def test_an_effect_says_once_it_has_happened_what_it_says_before_unless_that_differs() -> None:
    over = replace(USERS, done="2 users lost their access.")
    assert (STAYS.told(), over.told()) == (STAYS.text, over.done)
    assert replace(PLAN, effects=(over, FINAL, STAYS)).digest == PLAN.digest


def test_an_effect_counts_its_objects_unless_there_are_more() -> None:
    assert (USERS.count, FINAL.count) == (2, 0)
    assert replace(USERS, count=1204).count == 1204
    with pytest.raises(ValueError, match="counts all"):
        Effect(Weight.LOSES, "users", "1 user", (ANN, BO), count=1)


def test_effects_are_found_by_their_weight() -> None:
    assert PLAN.by_weight(Weight.LOSES) == (USERS,)
    assert PLAN.by_weight(Weight.CHANGES) == ()
    assert PLAN.blockers == ()
    assert replace(PLAN, effects=(USERS, IN_THE_WAY)).blockers == (IN_THE_WAY,)


# The digest


@quick
@given(plans, st.randoms())
def test_the_order_of_rows_does_not_change_the_digest(plan: Plan, chance) -> None:
    def shuffled(rows):
        return tuple(chance.sample(rows, len(rows)))

    mixed = tuple(replace(one, objects=shuffled(one.objects)) for one in plan.effects)
    assert replace(plan, effects=shuffled(mixed)).digest == plan.digest


@quick
@given(plans, plans)
def test_two_plans_that_differ_have_two_digests(one: Plan, other: Plan) -> None:
    assert (one.digest == other.digest) == (in_any_order(one) == in_any_order(other))


@quick
@given(plans, st.data())
def test_any_change_of_a_plan_changes_its_digest(plan: Plan, data) -> None:
    changed = data.draw(st.sampled_from([*changes_of(plan, data)]))
    assume(in_any_order(changed) != in_any_order(plan))
    assert changed.digest != plan.digest


def changes_of(plan: Plan, data):
    yield replace(plan, subject_sid=data.draw(texts))
    yield replace(plan, operation=data.draw(texts))
    yield replace(plan, effects=(*plan.effects, data.draw(effects)))
    for at, effect in enumerate(plan.effects):
        before, after = plan.effects[:at], plan.effects[at + 1 :]
        yield replace(plan, effects=before + after)
        yield replace(plan, effects=(*before, effect, *plan.effects[at:]))
        changed = [
            replace(effect, weight=data.draw(st.sampled_from(Weight))),
            replace(effect, key=data.draw(texts)),
            replace(effect, text=data.draw(texts)),
            replace(effect, count=effect.count + 1),
            *(
                replace(effect, objects=(data.draw(things), *effect.objects[1:]))
                for _ in effect.objects[:1]
            ),
        ]
        yield from (replace(plan, effects=(*before, one, *after)) for one in changed)


def with_users(**changed: object) -> Plan:
    return replace(PLAN, effects=(replace(USERS, **changed), FINAL, STAYS))


@pytest.mark.parametrize(
    "changed",
    [
        replace(PLAN, subject_sid="AC2"),
        replace(PLAN, operation="suspend_account"),
        replace(PLAN, effects=(USERS, FINAL)),
        with_users(weight=Weight.CHANGES),
        with_users(key="users"),
        with_users(text="2 users lose it."),
        with_users(count=3),
        with_users(objects=(ANN, replace(BO, sid="US3"))),
        with_users(objects=(ANN, replace(BO, name="B"))),
        with_users(objects=(ANN, replace(BO, note="x"))),
        with_users(objects=(ANN, ANN)),
    ],
)
def test_each_part_of_a_plan_counts(changed: Plan) -> None:
    assert changed.digest != PLAN.digest


def test_a_digest_is_the_same_in_every_process() -> None:
    """Pages and workers of one release must agree on it."""
    assert PLAN.digest == "4ca5ba886d349827329ec53745b416dd7f9179d9b635c25e28d2bfc89627afa6"


# Going on


def test_the_plan_that_was_looked_at_may_go_on() -> None:
    PLAN.require(replace(PLAN, effects=(STAYS, FINAL, USERS)).digest)


@pytest.mark.parametrize("digest", ["", "0" * 64, replace(PLAN, effects=(USERS,)).digest])
def test_any_other_plan_is_outdated(digest: str) -> None:
    with pytest.raises(RuleViolation) as refused:
        PLAN.require(digest)
    assert (refused.value.code, refused.value.message) == ("plan_outdated", OUTDATED)


def test_what_is_in_the_way_is_said_first_whatever_was_looked_at() -> None:
    blocked = replace(PLAN, effects=(USERS, IN_THE_WAY))
    for digest in (blocked.digest, PLAN.digest):
        with pytest.raises(RuleViolation) as refused:
            blocked.require(digest)
        assert (refused.value.code, refused.value.message) == ("plan_blocked", IN_THE_WAY.text)


# What has moved


def test_a_summary_counts_by_kind() -> None:
    assert PLAN.summary() == {"users_lose_access": 2, "final": 0, "logins": 0}
    twice = replace(PLAN, effects=(USERS, replace(USERS, weight=Weight.CHANGES, count=1204)))
    assert twice.summary() == {"users_lose_access": 1206}


def test_nothing_has_moved_in_the_same_plan() -> None:
    assert differences(PLAN.summary(), PLAN) == []


def test_what_has_moved_is_told_in_sentences() -> None:
    before = PLAN.summary() | {"invitations_end": 4, "no_mail": 0}
    del before["final"]
    now = replace(PLAN, effects=(replace(USERS, count=1204), FINAL, STAYS))
    assert differences(before, now) == [
        "Users lose access: 2, now 1,204.",
        "New: Nobody can open this account again.",
        "No longer: invitations end (4).",
        "No longer: no mail.",
    ]
