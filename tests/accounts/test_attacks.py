"""What somebody tries who has a login, some role on an account, and time."""

from datetime import timedelta

import pytest
import time_machine

from accounts.models import AccountRole
from accounts.operations import create_account, remove_access, suspend_account
from adminctr.core import clock
from audit.presenters import sentence
from invitations.operations import (
    accept_invitation,
    add_existing_account,
    invite_to_account,
    revoke_invitation,
)
from tests.accounts.made import (
    below,
    code_of,
    coming,
    fresh,
    outsider,
    owner_of,
    plan_of,
    suspended,
)
from tests.accounts.pages import CONSOLE, LIST
from tests.conftest import acting
from tests.users.people import session_of
from users.models import User
from users.operations import change_email, start_email_change

# What support has stopped


def test_closing_the_account_above_deletes_nothing_that_support_keeps(billing, support) -> None:
    suspend_account(below(billing), actor=support)
    (blocker,) = plan_of(billing).blockers
    assert blocker.key == "suspended_by_support"
    assert plan_of(billing, by_support=True).blockers == ()


def test_nothing_below_an_account_that_support_keeps_can_be_closed(billing, support) -> None:
    lab = below(billing)
    suspended(billing, actor=support)
    (blocker,) = plan_of(lab).blockers
    assert blocker.key == "suspended_by_support"
    assert plan_of(lab, by_support=True).blockers == ()


def test_what_the_organization_has_stopped_above_may_be_closed_below(billing) -> None:
    lab = below(billing)
    suspended(billing)
    assert plan_of(lab).blockers == ()


# The key of a form


def test_the_key_of_a_form_answers_whoever_filled_it_in(acme, ana, cy) -> None:
    made = create_account(acme, name="Secret", owner=ana, form_key="k", actor=acting(ana))
    other = create_account(acme, name="Mine", owner=cy, form_key="k", actor=acting(cy))
    assert (other.name, other.owner) == ("Mine", cy)
    assert other != made


def test_the_key_of_a_form_shows_nobody_an_account_of_others(acme, ana, cy, sign_in) -> None:
    create_account(acme, name="Secret", owner=ana, form_key="k", actor=acting(ana))
    typed = {"name": "Mine", "product": "twilio", "form_key": "k"}
    client = sign_in(cy)
    client.post(f"{CONSOLE}new/review/", typed)
    assert "Secret" not in client.get("/console/").content.decode()


def test_equal_keys_of_forms_keep_nobody_from_coming(acme, ana) -> None:
    account = coming(acme)
    solo = account.owner
    create_account(acme, name="A", owner=ana, form_key="k", actor=acting(ana))
    create_account(account.organization, name="B", owner=solo, form_key="k", actor=acting(solo))
    request = add_existing_account(acme, sid=account.sid, actor=acting(ana))
    accept_invitation(request, user=solo, absorbing=account.organization, actor=acting(solo))
    assert fresh(account).organization == acme


# People who have gone


def test_who_has_gone_is_shown_as_they_were_known_here(billing, ben, sign_in) -> None:
    gone = outsider(billing, "guest@fresh.example")
    remove_access(billing, holder=gone, actor=owner_of(billing))
    change = start_email_change(gone, email="secret@elsewhere.example", actor=acting(gone))
    change_email(change, keep=session_of(gone).sid, actor=acting(gone))
    User.objects.filter(pk=gone.pk).update(last_name="Newname")
    client = sign_in(ben)
    for rest in ("", "roles/"):
        body = client.get(f"{LIST}{billing.sid}/users/{gone.sid}/{rest}").content.decode()
        assert "secret@elsewhere.example" not in body
        assert "Newname" not in body
        assert "guest@fresh.example" in body


# Mail to strangers


def test_withdrawing_makes_no_room_for_more_mail_to_strangers(billing, settings) -> None:
    settings.ACCOUNT_INVITATIONS_PENDING = 1
    ben = owner_of(billing)

    def mail(number: int) -> None:
        email, roles = f"s{number}@fresh.example", [AccountRole.SUPPORT]
        sent = invite_to_account(billing, email=email, roles=roles, actor=ben)
        revoke_invitation(sent, actor=ben)

    for number in range(3):
        mail(number)
    assert code_of(lambda: mail(4)) == "too_many_in_a_day"
    with time_machine.travel(clock.now() + timedelta(days=1, minutes=1)):
        mail(5)


# The trail


@pytest.mark.parametrize("action", ["create_account.refused", "account:create.refused"])
def test_what_somebody_typed_passes_for_nothing_else(action: str) -> None:
    typed = "x). Told why: “No.” Ana deleted the domain (y"
    said = sentence(action, {"given": typed, "reason": "No."})
    assert said.count("“") == said.count("”") == 2
    assert "(“x). Told why: No. Ana deleted the domain (y”)" in said


def test_a_name_does_not_end_the_sentence_about_it() -> None:
    names = {"subject": "A", "before": "B” to “C", "after": "D", "by": "E” to “F", "holders": "g"}
    assert "from “B to C” to “D”" in sentence("account.configured", names)
    assert "the access of “E to F” to" in sentence("account.access_relinquished", names)
    exported = {"listed": "users", "which": "x) and renamed Acme (y"}
    assert "(“x) and renamed Acme (y”)" in sentence("organization.list_exported", exported)
