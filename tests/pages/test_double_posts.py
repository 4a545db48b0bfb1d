"""Forms that are sent twice, or long after they were opened: done once, and never a fault."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.models import Account
from adminctr.core import clock
from audit.models import AuditEvent
from domains.models import Domain
from invitations.models import Invitation
from organizations.models import Membership, Organization, Role
from organizations.operations import change_role
from tests.conftest import acting
from tests.pages.addresses import path_to
from tests.pages.effects import assert_no_effect, browser, follow, link_in, mails_to
from tests.users.people import founder, invited, lose, organization_of, prove, stay_of
from tests.world import PASSWORD
from users.models import SignUp, User

NEW = "new@acme.example"
PERSON = {"first_name": "Zoë", "last_name": "Quist", "password": "plum harbour lantern"}


@pytest.fixture
def admin(sign_in: Callable[[User], Client], ben: User) -> Client:
    return sign_in(ben)


def test_an_invitation_is_made_once(admin, deliver) -> None:
    form = {"email": NEW, "role": "standard"}
    assert admin.post("/admin-center/users/invite/", form).status_code == 303
    with assert_no_effect():
        again = admin.post("/admin-center/users/invite/", form)
    assert b"is waiting" in again.content
    assert len(mails_to(NEW, deliver())) == 1


def test_an_invitation_is_resent_once(admin, acme) -> None:
    with time_machine.travel(clock.now() - timedelta(minutes=6), tick=False):
        invitation = invited(acme, NEW)
    url = reverse("users:pending-resend", args=[invitation.sid])
    admin.post(url)
    with assert_no_effect():
        again = follow(admin, admin.post(url))
    assert b"a moment ago" in again.content
    assert Invitation.unscoped.get(pk=invitation.pk).total_sends == 2


def test_an_invitation_is_revoked_once(admin, acme) -> None:
    url = reverse("users:pending-revoke", args=[invited(acme, NEW).sid])
    admin.post(url)
    with assert_no_effect():
        again = follow(admin, admin.post(url))
    assert b"revoked already" in again.content


def test_a_resend_after_a_revocation_says_so(admin, acme) -> None:
    invitation = invited(acme, NEW)
    admin.post(reverse("users:pending-revoke", args=[invitation.sid]))
    with assert_no_effect():
        again = follow(admin, admin.post(reverse("users:pending-resend", args=[invitation.sid])))
    assert b"revoked already" in again.content


def test_a_domain_is_added_once(admin) -> None:
    form = {"name": "acme.org"}
    assert admin.post("/admin-center/domains/add/", form).status_code == 303
    with assert_no_effect():
        again = admin.post("/admin-center/domains/add/", form)
    assert b"in your list already" in again.content


def test_a_domain_is_removed_once(admin) -> None:
    domain = Domain.unscoped.get(name="acme-labs.example")
    url = reverse("domains:remove", args=[domain.sid])
    look = admin.get(url).context["plan"]["token"]
    assert admin.post(url, {"plan": look}).status_code == 303
    with assert_no_effect():
        assert admin.post(url, {"plan": look}).status_code == 404


def test_a_role_is_changed_once(admin, cy) -> None:
    url = reverse("users:change-role", args=[cy.sid])
    form = {"role": "administrator", "password": PASSWORD}
    assert admin.post(url, form).status_code == 303
    with assert_no_effect():
        again = admin.post(url, {"role": "administrator"})
    assert b"is Administrator already" in again.content


def test_a_sign_up_is_asked_for_twice_and_made_once(deliver) -> None:
    client = browser()
    for _ in range(2):
        client.post("/signup/", {"email": "zoe@fresh.example"})
    links = {link_in(mail) for mail in mails_to("zoe@fresh.example", deliver())}
    assert SignUp.objects.filter(email="zoe@fresh.example").count() == 1
    (link,) = links
    assert client.post(link, PERSON).status_code == 303
    for again in (client, browser()):
        with assert_no_effect():
            assert again.post(link, PERSON).status_code == 410


def test_an_invitation_is_accepted_once_by_somebody_new(acme) -> None:
    link = reverse("invitations:show", args=[invited(acme, NEW).token()])
    client = browser()
    assert client.post(link, PERSON).status_code == 303
    for again in (client, browser()):
        with assert_no_effect():
            assert again.post(link, PERSON).status_code == 410
    assert Membership.unscoped.filter(email=NEW).count() == 1


def test_an_invitation_is_accepted_once_by_somebody_with_a_login(acme, sign_in) -> None:
    solo = founder("solo@acme-labs.example")
    prove(acme, "acme-labs.example")
    link = reverse("invitations:show", args=[invited(acme, solo.email).token()])
    client = sign_in(solo)
    form = {"absorbing": organization_of(solo).sid}
    assert client.post(link, form).status_code == 303
    with assert_no_effect():
        assert client.post(link, form).status_code == 410
    assert stay_of(solo).organization == acme


def test_logging_in_and_out_twice_is_harmless(cy) -> None:
    client = browser()
    form = {"login": cy.email, "password": PASSWORD}
    for _ in range(2):
        assert client.post("/login/", form)["Location"] == "/console/"
    for _ in range(2):
        assert client.post("/logout/")["Location"] == "/login/"


def test_a_new_password_is_set_once(cy, deliver) -> None:
    client = browser()
    client.post("/password/reset/", {"email": cy.email})
    form = client.get(link_in(mails_to(cy.email, deliver())[-1]))["Location"]
    client.post(form, {"password1": "plum harbour lantern"})
    with assert_no_effect():
        again = client.post(form, {"password1": "plum harbour lantern"})
    assert b"no longer works" in again.content


# Forms that were opened before the world changed


def actions_of(acme: Organization, cy: User) -> dict[str, dict[str, str]]:
    invitation = invited(acme, "waiting@acme.example")
    domain = Domain.unscoped.get(name="acme-labs.example")
    return {
        reverse("users:invite"): {"email": NEW, "role": "standard"},
        reverse("users:pending-resend", args=[invitation.sid]): {},
        reverse("users:pending-revoke", args=[invitation.sid]): {},
        reverse("users:change-role", args=[cy.sid]): {"role": "administrator"},
        reverse("organizations:settings"): {"name": "Acme Works"},
        reverse("domains:add"): {"name": "acme.org"},
        reverse("domains:check", args=[domain.sid]): {},
        reverse("domains:remove", args=[domain.sid]): {},
    }


def test_every_form_of_somebody_demoted_meanwhile_is_refused(admin, acme, ana, ben, cy) -> None:
    forms = actions_of(acme, cy)
    change_role(stay_of(ben), role=Role.STANDARD, actor=acting(ana))
    with assert_no_effect():
        for url, form in forms.items():
            response = admin.post(url, form)
            assert response.status_code == 403, url
            assert b"Owner or an Administrator" in response.content


def test_every_form_of_somebody_logged_out_meanwhile_leads_to_log_in(admin, acme, cy) -> None:
    forms = actions_of(acme, cy)
    admin.post("/logout/")
    with assert_no_effect():
        for url, form in forms.items():
            assert admin.post(url, form)["Location"] == f"/login/?next={url}"


def test_an_invitation_to_a_domain_lost_meanwhile_is_refused_beside_the_field(admin, acme) -> None:
    prove(acme, "acme-labs.example")
    lose("acme.example")
    with assert_no_effect():
        response = admin.post("/admin-center/users/invite/", {"email": NEW, "role": "standard"})
    assert b'id="id_email_error"' in response.content


def test_the_page_of_an_invitation_that_was_accepted_meanwhile_is_gone(admin, acme) -> None:
    invitation = invited(acme, NEW)
    browser().post(reverse("invitations:show", args=[invitation.token()]), PERSON)
    assert admin.get(invitation.get_absolute_url()).status_code == 404
    with assert_no_effect():
        again = follow(admin, admin.post(reverse("users:pending-revoke", args=[invitation.sid])))
    assert b"accepted meanwhile" in again.content


# Accounts


@pytest.mark.parametrize("review", ["accounts:new-review", "account:new-review"])
def test_an_account_is_created_once_by_each_form(review, admin, acme) -> None:
    first_step = {"name": "Shop", "owner": "cy@acme.example", "product": "twilio"}
    shown = admin.get(reverse(review), first_step).content.decode()
    (key,) = set(re.findall(r'name="form_key" value="([0-9a-f]{32})"', shown))
    form = first_step | {"form_key": key}
    made = admin.post(reverse(review), form)
    assert made.status_code == 303
    with assert_no_effect():
        assert admin.post(reverse(review), form)["Location"] == made["Location"]
    another = admin.post(reverse(review), form | {"form_key": "another"})["Location"]
    assert another != made["Location"]
    assert Account.unscoped.filter(organization=acme, name="Shop").count() == 2


def test_a_subaccount_is_created_once_by_each_form(admin, sids) -> None:
    url = path_to("accounts:new-subaccount", sids)
    key = admin.get(url).context["form"]["form_key"].value()
    for _ in range(2):
        assert admin.post(url, {"name": "Shop", "form_key": key}).status_code == 303
    assert Account.unscoped.filter(parent__sid=sids["account"]).count() == 1


AGAIN = {
    "change-owner": ({"owner": "cy@acme.example"}, "owns it already"),
    "suspend": ({}, "is suspended already"),
    "enable-hipaa": ({}, "HIPAA is enabled for this account already."),
    "roles": ({"roles": ["support"]}, "already"),
    "remove-access": ({}, "has no role"),
    "invite": ({"email": NEW.replace("acme", "contractor"), "roles": ["support"]}, "is waiting"),
    "invited-revoke": ({}, "revoked already"),
    "reactivate": ({}, "not suspended"),
    "disable-hipaa": ({}, "for this account already."),
}


@pytest.mark.parametrize("name", AGAIN)
def test_what_is_done_to_an_account_is_done_once(name, admin, sids) -> None:
    form, words = AGAIN[name]
    url = path_to(f"accounts:{name}", sids)
    first = {"reactivate": "suspend", "disable-hipaa": "enable-hipaa"}.get(name)
    if first:
        admin.post(path_to(f"accounts:{first}", sids))
    assert admin.post(url, form).status_code == 303
    with assert_no_effect():
        again = admin.post(url, form)
        page = follow(admin, again) if again.status_code == 303 else again
    assert words in page.content.decode()


def test_the_settings_of_an_account_are_saved_once(admin, sids, acme) -> None:
    url, form = path_to("accounts:detail", sids), {"name": "Shop", "second_factor": "disabled"}
    assert admin.post(url, form).status_code == 303
    events = AuditEvent.unscoped.filter(chain=acme.sid, action__startswith="account.").count()
    with assert_no_effect():
        assert admin.post(url, form).status_code in {200, 303}
    now = AuditEvent.unscoped.filter(chain=acme.sid, action__startswith="account.").count()
    assert now == events


def test_an_account_is_closed_once(admin, sids) -> None:
    url = path_to("accounts:close", sids)
    token = admin.get(url).context["plan"]["token"]
    form = {"plan": token, "stops": "on", "for_good": "on", "deleted": "on"}
    assert admin.post(url, form).status_code == 303
    with assert_no_effect():
        again = admin.post(url, form)
    assert again.status_code == 200
    assert "Not possible yet" in again.content.decode()


def test_an_invitation_to_an_account_is_resent_once(admin, sids) -> None:
    early = clock.now() - timedelta(minutes=6)
    Invitation.unscoped.filter(sid=sids["invited"]).update(last_sent_at=early)
    url = path_to("accounts:invited-resend", sids)
    admin.post(url)
    with assert_no_effect():
        again = follow(admin, admin.post(url))
    assert b"a moment ago" in again.content


def test_an_account_is_asked_for_once_and_the_question_is_taken_back_once(admin, sids) -> None:
    asked = Invitation.unscoped.select_related("account").get(sid=sids["request"])
    with assert_no_effect():
        again = admin.post(reverse("accounts:add"), {"sid": asked.account.sid})
    assert b"was asked already" in again.content
    cancel = path_to("accounts:pending-cancel", sids)
    assert admin.post(cancel).status_code == 303
    with assert_no_effect():
        assert b"revoked already" in follow(admin, admin.post(cancel)).content
        resent = admin.post(path_to("accounts:pending-resend", sids))
        assert b"revoked already" in follow(admin, resent).content


def test_access_to_an_account_of_others_is_relinquished_once(admin, sids) -> None:
    url = path_to("accounts:relinquish", sids)
    assert admin.post(url).status_code == 303
    with assert_no_effect():
        assert admin.post(url).status_code == 404


def test_the_access_of_somebody_independent_is_taken_away_once(admin, sids) -> None:
    url = path_to("users:independent-remove", sids)
    assert admin.post(url).status_code == 303
    with assert_no_effect():
        assert b"no longer has a role" in follow(admin, admin.post(url)).content


def test_an_offer_of_roles_is_accepted_once(sids) -> None:
    link = Invitation.unscoped.get(sid=sids["invited"])
    url, client = reverse("invitations:show", args=[link.token()]), browser()
    assert client.post(url, PERSON).status_code == 303
    for again in (client, browser()):
        with assert_no_effect():
            assert again.post(url, PERSON).status_code == 410


def test_an_offer_is_declined_once(sids) -> None:
    link = Invitation.unscoped.get(sid=sids["invitation"])
    url, client = reverse("invitations:decline", args=[link.token()]), browser()
    assert client.post(url).status_code == 200
    with assert_no_effect():
        assert client.post(url).status_code == 410
        assert client.get(reverse("invitations:show", args=[link.token()])).status_code == 410
