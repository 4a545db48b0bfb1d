"""A clock jumps, or two machines disagree: nothing lives longer, and nothing is out of order."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from accounts.models import RoleAssignment
from adminctr.core import clock
from adminctr.core.tenancy import every_tenant, tenant
from audit.chain import verify_all
from audit.models import AuditEvent
from organizations.models import Membership, Organization, Role
from organizations.operations import change_role, rename_organization
from tests.conftest import acting
from tests.pages.effects import assert_no_effect, browser, link_in, mails_to
from tests.users.people import invited, stay_of
from users.models import Session

pytestmark = pytest.mark.django_db

NELL = "nell@acme.example"
PERSON = {"first_name": "Zoë", "last_name": "Quist", "password": "plum harbour lantern"}
NEW_PASSWORD = {"password1": "plum harbour lantern"}
JUMPS = [timedelta(hours=-30), timedelta(minutes=-5), timedelta(minutes=5)]


class Clocks:
    """Another machine's clock, or this one's after a jump, for a while."""

    def __init__(self) -> None:
        self.start = clock.now()

    def at(self, after: timedelta) -> time_machine.travel:
        return time_machine.travel(self.start + after, tick=False)


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.mark.parametrize("jump", JUMPS)
def test_a_link_dies_when_it_was_said_to_whatever_the_clock_did_meanwhile(
    jump, clocks, acme, cy, deliver, settings
) -> None:
    deliver()
    with clocks.at(timedelta()):
        invited(acme, NELL)
        browser().post("/signup/", {"email": "zoe@fresh.example"})
        browser().post("/password/reset/", {"email": cy.email})
        mails = deliver()
    links = {
        link_in(mails_to(NELL, mails)[0]): settings.INVITATION_LIFETIME,
        link_in(mails_to("zoe@fresh.example", mails)[0]): settings.SIGN_UP_LIFETIME,
        link_in(mails_to(cy.email, mails)[0]): timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT),
    }
    with clocks.at(jump):
        for link in links:
            assert browser().get(link).status_code in {200, 302}
    for link, lifetime in links.items():
        with clocks.at(lifetime + timedelta(seconds=1)), assert_no_effect():
            client = browser()
            form = client.get(link).headers.get("Location", link)
            page = client.post(form, PERSON | NEW_PASSWORD)
            assert b"no longer works" in page.content


@pytest.mark.parametrize("jump", JUMPS)
def test_a_session_never_outlives_a_week_from_its_beginning(
    jump, clocks, cy, sign_in, settings
) -> None:
    with clocks.at(timedelta()):
        client: Client = sign_in(cy)
    session = Session.objects.filter(user=cy)
    Session.objects.filter(user=cy).update(began_at=clocks.start)
    for after in (jump, timedelta(hours=6), jump, timedelta(hours=17)):
        with clocks.at(after):
            assert client.get("/console/").status_code == 200
            longest = session.get().began_at + settings.SESSION_LONGEST_LIFE
            assert session.get().expire_date <= longest
    with clocks.at(timedelta(hours=30)):
        assert client.get("/console/").status_code == 302


def test_periods_and_the_trail_keep_their_order_when_the_clock_jumps_back(
    clocks, acme: Organization, ana, cy
) -> None:
    with clocks.at(timedelta(hours=2)):
        change_role(stay_of(cy), role=Role.ADMINISTRATOR, actor=acting(ana))
    with clocks.at(timedelta(hours=-2)):
        change_role(stay_of(cy), role=Role.STANDARD, actor=acting(ana))
        rename_organization(acme, name="Acme Works", actor=acting(ana))
    with tenant(acme):
        for period in (*Membership.objects.all(), *RoleAssignment.objects.all()):
            assert period.ended_at is None or period.ended_at >= period.began_at
    with every_tenant():
        newest = AuditEvent.unscoped.filter(chain=acme.sid).order_by("-sequence")
        actions = [event.action for event in newest[:3]]
        assert list(verify_all()) == []
    assert actions == ["organization.renamed", "user.role_changed", "user.role_changed"]
