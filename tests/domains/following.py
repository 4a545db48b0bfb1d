"""Letting the domain setting apply again as somebody does who has read the plan a moment ago."""

from adminctr.core.plans import Plan
from adminctr.core.tenancy import tenant
from domains.models import Domain
from domains.operations import follow_setting_again
from tests.conftest import acting
from users import setting_plan
from users.models import User


def plan_of(domain: Domain) -> Plan:
    """The plan of this moment."""
    with tenant(domain.organization):
        return setting_plan.plan_following(domain)


def follow_again(domain: Domain, user: User) -> None:
    follow_setting_again(domain, digest=plan_of(domain).digest, actor=acting(user))
