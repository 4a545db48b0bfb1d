"""Who finds the staff site, what each group gets from each of its addresses, and the ways in."""

from itertools import product

import pytest
from allauth.account.models import EmailAddress
from django.db import transaction
from django.urls import NoReverseMatch, reverse

from adminctr.core.actor import Actor
from adminctr.core.sids import make_sid
from audit import presenters
from audit.log import REFUSALS_PER_MINUTE
from audit.models import AuditEvent
from organizations.policy import StaffGroup
from tests.pages.addresses import STAFF_SUBJECTS, path_to, routes
from tests.pages.effects import assert_no_effect, browser
from tests.users.people import founder, stay_of
from users.models import User, UserStatus
from users.operations import appoint_staff, dismiss_staff

# What staff get: readers, agents and leads, for GET and for POST with nothing in it.
MATRIX = """
address                                          readers      agents       leads
staff:index                                      200 405      200 405      200 405
staff:app_list                                   200 405      200 405      200 405
staff:accounts_account_changelist                200 405      200 405      200 405
staff:accounts_account_detail                    200 405      200 405      200 405
staff:accounts_account_disable-hipaa             403 403      403 403      200 200
staff:accounts_account_enable-hipaa              403 403      403 403      200 200
staff:accounts_account_owner                     403 403      403 403      200 200
staff:accounts_account_reactivate                403 403      200 200      200 200
staff:accounts_account_suspend                   403 403      200 200      200 200
staff:accounts_account_upgrade                   403 403      200 200      200 200
staff:accounts_roleassignment_changelist         200 405      200 405      200 405
staff:accounts_roleassignment_detail             200 405      200 405      200 405
staff:audit_auditevent_changelist                200 405      200 405      200 405
staff:domains_domain_changelist                  200 405      200 405      200 405
staff:domains_domain_detail                      200 405      200 405      200 405
staff:domains_domain_withdraw-sharing            403 403      403 403      200 200
staff:domains_maildomain_add                     403 403      403 403      200 200
staff:domains_maildomain_changelist              200 405      200 405      200 405
staff:domains_maildomain_detail                  200 405      200 405      200 405
staff:domains_maildomain_forget                  403 403      403 403      200 200
staff:domains_maildomain_turn                    403 403      403 403      200 200
staff:invitations_invitation_changelist          200 405      200 405      200 405
staff:invitations_invitation_detail              200 405      200 405      200 405
staff:organizations_organization_changelist      200 405      200 405      200 405
staff:organizations_organization_detail          200 405      200 405      200 405
staff:organizations_organization_record-baa       403 403      403 403      200 200
staff:organizations_organization_rename          403 403      200 200      200 200
staff:organizations_organization_account-limit   403 403      200 200      200 200
staff:organizations_organization_approve-sharing 403 403      403 403      200 200
staff:organizations_organization_domain-limit    403 403      200 200      200 200
staff:organizations_organization_import          403 403      200 200      200 200
staff:organizations_organization_ownership       403 403      403 403      200 200
staff:users_user_changelist                      200 405      200 405      200 405
staff:users_user_detail                          200 405      200 405      200 405
staff:users_user_suspend                         403 403      403 403      200 200
staff:users_user_lift-suspension                 403 403      403 403      200 200
staff:users_user_reset-password                  403 403      200 200      200 200
staff:users_user_reset-2fa                       403 403      403 403      200 200
staff:users_user_end-sessions                    403 403      200 200      200 200
staff:users_user_deactivate                      403 403      403 403      200 200
staff:users_user_reactivate                      403 403      403 403      200 200
"""
LINES = dict(line.split(maxsplit=1) for line in MATRIX.strip().splitlines()[1:])
STAFF = {name for name in routes() if name.startswith("staff:")}
EXPECTED = {
    (name, group, method): int(line.split()[place])
    for name, line in LINES.items()
    for place, (group, method) in enumerate(product(StaffGroup, ("GET", "POST")))
}


def test_every_address_has_its_line() -> None:
    assert set(LINES) == STAFF
    assert set(STAFF_SUBJECTS) <= STAFF


@pytest.mark.parametrize("group", StaffGroup)
def test_each_group_gets_what_it_is_granted(group, staff, sids) -> None:
    client = staff(group)
    got = {}
    for name, method in product(LINES, ("GET", "POST")):
        before = transaction.savepoint_create()
        got[name, group, method] = client.generic(method, path_to(name, sids)).status_code
        transaction.savepoint_rollback(before)
    assert got == {line: answer for line, answer in EXPECTED.items() if line[1] == group}


@pytest.mark.parametrize("name", sorted(STAFF))
def test_who_is_not_signed_in_is_asked_to_and_led_back(name, sids) -> None:
    path = path_to(name, sids)
    assert browser().get(path)["Location"] == f"/login/?next={path}"


@pytest.mark.parametrize("who", ["an Owner", "no group", "dismissed"])
def test_who_is_no_support_staff_finds_nothing(who, sids, ana, sue, cy, sign_in) -> None:
    user = {"an Owner": ana, "dismissed": sue}.get(who, cy)
    if who == "no group":
        User.objects.filter(pk=cy.pk).update(is_staff=True)
    elif who == "dismissed":
        dismiss_staff(sue, actor=Actor.operator("test"))
    client = sign_in(user)
    unknown = client.get("/nowhere/")
    for name, method in product(sorted(STAFF), ("GET", "POST")):
        answer = client.generic(method, path_to(name, sids))
        assert answer.status_code == 404, name
        assert answer.content == unknown.content


def refusals() -> list[AuditEvent]:
    found = AuditEvent.unscoped.filter(action="support:view.refused").order_by("sequence")
    return list(found.select_related("details"))


def test_a_probe_of_the_door_is_in_the_trail_of_the_installation(ana, acme, sign_in) -> None:
    assert sign_in(ana).get(f"/staff/organizations/organization/{acme.sid}/").status_code == 404
    (event,) = refusals()
    assert (event.chain, event.via, event.actor_sid) == ("system", "staff", ana.sid)
    assert "They are not support staff" in presenters.line(event)


def test_staff_who_ask_for_what_is_not_there_are_in_the_trail(lead, sue, acme) -> None:
    unknown = make_sid("OR")
    for page in ("", "rename/"):
        path = f"/staff/organizations/organization/{unknown}/{page}"
        assert lead.get(path).status_code == 404
    assert lead.get(f"/staff/users/user/{acme.sid}/").status_code == 404
    events = refusals()
    assert [(one.chain, one.actor_sid) for one in events] == [("system", sue.sid)] * 3
    told = [presenters.line(one) for one in events]
    asked = (unknown, unknown, acme.sid)
    assert all(sid in line for sid, line in zip(asked, told, strict=True))
    assert events[0].details.data["code"] == "unknown_sid"


def test_who_probes_without_end_fills_no_trail(ana, sign_in) -> None:
    client = sign_in(ana)
    for _ in range(REFUSALS_PER_MINUTE.times + 5):
        assert client.get("/staff/").status_code == 404
    assert len(refusals()) == REFUSALS_PER_MINUTE.times


def test_suspended_staff_are_asked_to_log_in(sue, sign_in) -> None:
    client = sign_in(sue)
    assert client.get("/staff/").status_code == 200
    User.objects.filter(pk=sue.pk).update(status=UserStatus.SUSPENDED)
    stay = stay_of(sue)
    stay.status = UserStatus.SUSPENDED
    stay.save()
    assert client.get("/staff/")["Location"] == "/login/?next=/staff/"


def test_staff_without_an_organization_work_too(db, sign_in) -> None:
    user = User.objects.create(email="loner@support.example", first_name="Lo")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    appoint_staff(user, group=StaffGroup.READERS, actor=Actor.operator("test"))
    client = sign_in(user)
    assert client.get("/staff/").status_code == 200
    assert "ana@acme.example" in client.get("/staff/users/user/").content.decode()


def test_a_colleague_of_ours_is_one_of_all(lead, acme) -> None:
    """Staff have an organization of their own, and see the others as well."""
    founder("nia@fresh.example")
    names = lead.get("/staff/organizations/organization/").content.decode()
    assert all(name in names for name in ("Acme", "Globex", "Support desk"))


@pytest.mark.parametrize(
    "path",
    ["login/", "logout/", "password_change/", "jsi18n/", "autocomplete/", "r/1/1/", "nowhere/"],
)
def test_of_djangos_other_pages_none_is_there(path, lead) -> None:
    with assert_no_effect():
        for method in ("GET", "POST"):
            assert lead.generic(method, f"/staff/{path}").status_code == 404


@pytest.mark.parametrize("name", ["add", "delete", "history", "change"])
def test_of_djangos_pages_that_write_none_is_there(name, lead, acme) -> None:
    for model in ("organizations_organization", "users_user", "accounts_account"):
        for arguments in ([], [acme.sid], [acme.pk]):
            with pytest.raises(NoReverseMatch):
                reverse(f"staff:{model}_{name}", args=arguments)
    base = "/staff/organizations/organization/"
    with assert_no_effect():
        for path in (f"{acme.pk}/", f"{acme.pk}/{name}/", f"{name}/", f"{acme.sid}/{name}/"):
            for method in ("GET", "POST"):
                form = {"name": "Mine", "post": "yes"}
                answer = lead.get(base + path) if method == "GET" else lead.post(base + path, form)
                assert answer.status_code == 404


def test_bulk_actions_are_refused(lead, acme) -> None:
    forged = {"action": "delete_selected", "_selected_action": [acme.pk], "post": "yes"}
    with assert_no_effect():
        for name in STAFF:
            if name.endswith("_changelist"):
                assert lead.post(reverse(name), forged).status_code == 405
    assert "<select" not in lead.get("/staff/organizations/organization/").content.decode()


def test_the_menu_leads_staff_there_and_nobody_else(lead, sign_in, ana) -> None:
    assert 'href="/staff/"' in lead.get("/console/").content.decode()
    assert "/staff/" not in sign_in(ana).get("/console/").content.decode()


def test_the_staff_site_is_as_strict_as_every_page(lead) -> None:
    policy = lead.get("/staff/")["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert policy == lead.get("/console/")["Content-Security-Policy"]
