"""The list of role assignments looks at the people on the page, however many there are."""

import re

from django.db import connection

from accounts.models import RoleAssignment
from adminctr.core.tenancy import tenant
from organizations.models import Membership
from tests.populated import populated

READS_EVERY_STAY = {
    "postgresql": r"Seq Scan on organizations_membership",
    "sqlite": r"SCAN |SEARCH U0 USING INDEX \w+ \(organization_id=\?\)$",
}


def test_whether_holders_are_members_is_asked_for_the_page_alone(db: None) -> None:
    large = populated(organizations=1, users=3000, accounts=0)
    with tenant(large):
        listed = RoleAssignment.objects.with_membership().in_force().order_by("name_key", "pk")
        plan = listed[:51].explain()
    assert Membership._meta.db_table in plan or "U0" in plan
    assert not re.search(READS_EVERY_STAY[connection.vendor], plan, re.MULTILINE), plan
