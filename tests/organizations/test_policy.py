"""The role matrix, generated from the rule book: every action, every role, every kind of actor."""

import pytest

from adminctr.core.actor import Actor
from adminctr.core.errors import NotAllowed
from organizations import policy
from organizations.models import Organization, Role
from organizations.policy import GRANTS, Action

HERE, ELSEWHERE = Organization(pk=1, name="Here"), Organization(pk=2, name="Elsewhere")


def actor(role: str, organization: Organization | None = HERE) -> Actor:
    place = organization.pk if organization else None
    return Actor(label="a@b.example", via="page", user_id=7, organization_id=place, role=role)


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("role", Role)
def test_a_role_may_do_what_the_rule_book_grants_it_and_nothing_else(
    role: Role, action: Action
) -> None:
    refused = policy.refusal(actor(role), action, HERE)
    assert (refused is None) == (action in GRANTS[role])


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("who", [actor(Role.OWNER, ELSEWHERE), actor("", None), actor("", HERE)])
def test_nobody_from_outside_may_do_anything(who: Actor, action: Action) -> None:
    assert policy.refusal(who, action, HERE)
    with pytest.raises(NotAllowed):
        policy.require(who, action, HERE)


def test_a_standard_user_may_only_create_accounts() -> None:
    assert GRANTS[Role.STANDARD] == {Action.ACCOUNT_CREATE}
