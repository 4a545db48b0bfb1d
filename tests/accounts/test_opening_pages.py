"""Creating an account in two steps, and bringing an existing one in by its owner's consent."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from accounts.models import Account, AccountRole, AccountType, Product, RoleAssignment
from accounts.operations import create_subaccount
from adminctr.core import clock
from invitations.models import Invitation
from organizations.models import Organization, SecondFactor
from tests.accounts.pages import CONSOLE, LIST, account, beside, notices, send, text
from tests.conftest import acting
from tests.pages.effects import assert_no_effect, link_in, mails_to
from tests.users.people import founder, member, organization_of, prove
from users.models import User

NEW = f"{LIST}new/"
REVIEW = f"{NEW}review/"
OWN_REVIEW = f"{CONSOLE}new/review/"
ADD = f"{LIST}add/"
PENDING = f"{LIST}pending/"
LAB = {"name": "Lab", "product": "twilio"}
LIMIT_HELP = "Close one that is not needed, or ask support to raise the limit."


@pytest.fixture
def admin(sign_in: Callable[[User], Client], ben: User) -> Client:
    return sign_in(ben)


@pytest.fixture
def standard(sign_in: Callable[[User], Client], cy: User) -> Client:
    return sign_in(cy)


def fill(acme: Organization) -> None:
    """The organization has as many accounts as it may."""
    Organization.objects.filter(pk=acme.pk).update(account_limit=9)


# Creating


@pytest.mark.parametrize("by", ["email", "sid"])
def test_an_administrator_creates_one_for_somebody_named_by(by, admin, cy) -> None:
    shown = admin.get(REVIEW, LAB | {"owner": getattr(cy, by)})
    for words in ("Friendly name Lab", "Use Twilio", "Owner Cy Lindqvist (cy@acme.example)"):
        assert words in text(shown)
    form = shown.context["form"]
    sent = {name: form[name].value() for name in form.fields}
    where, done = send(admin, REVIEW, sent)
    made = account("Lab")
    assert made.owner == cy
    assert where == f"{LIST}{made.sid}/"
    assert notices(done) == ["Lab is created."]
    assert "Cy Lindqvist" in text(done)


def test_the_review_says_that_nothing_is_inherited(admin) -> None:
    words = text(admin.get(REVIEW, LAB | {"owner": "cy@acme.example"}))
    assert "Type Trial" in words
    assert "HIPAA Not enabled" in words
    assert "no users but its owner, no phone numbers, prices, terms or settings" in words


def test_an_account_inherits_nothing_even_where_all_others_are_flagged(admin, acme, ben) -> None:
    Account.unscoped.filter(organization=acme).update(
        is_hipaa=True,
        type=AccountType.FULL,
        second_factor=SecondFactor.ONCE_PER_COMPUTER,
        product=Product.FLEX,
    )
    admin.post(REVIEW, LAB | {"owner": ben.email})
    made = account("Lab")
    assert (made.type, made.product) == (AccountType.TRIAL, Product.TWILIO)
    assert (made.is_hipaa, made.second_factor) == (False, SecondFactor.DISABLED)
    held = RoleAssignment.unscoped.filter(account=made)
    assert [(one.holder, one.role) for one in held] == [(ben, AccountRole.OWNER)]


def test_looking_at_the_review_makes_nothing(admin) -> None:
    with assert_no_effect():
        assert admin.get(REVIEW, LAB | {"owner": "cy@acme.example"}).status_code == 200


def test_back_keeps_what_was_typed(admin) -> None:
    typed = {"name": "Lab & Söhne", "owner": "cy@acme.example", "product": "flex"}
    back = admin.get(REVIEW, typed).context["back_url"]
    form = admin.get(back).context["form"]
    assert {name: form[name].value() for name in typed} == typed


def test_what_is_wrong_in_the_first_step_is_said_beside_its_field_in_the_second(admin) -> None:
    shown = admin.get(REVIEW, {"name": "  ", "owner": "zed@nowhere.example", "product": "phone"})
    assert beside(shown, "name") == "This field is required."
    assert beside(shown, "owner") == "The owner must be a managed user of this organization."
    assert "zed@nowhere.example" in shown.content.decode()
    assert "Trial" not in text(shown)


@pytest.mark.parametrize("who", ["ida", "eve"])
def test_somebody_from_elsewhere_cannot_own_one(who, admin, request) -> None:
    person = request.getfixturevalue(who)
    with assert_no_effect():
        refused = admin.post(REVIEW, LAB | {"owner": person.email})
    assert beside(refused, "owner") == "The owner must be a managed user of this organization."


@pytest.mark.parametrize("person", ["admin", "standard"])
def test_a_full_organization_says_what_to_do(person, acme, request) -> None:
    client = request.getfixturevalue(person)
    fill(acme)
    review = REVIEW if person == "admin" else OWN_REVIEW
    typed = LAB | {"owner": "cy@acme.example"} if person == "admin" else LAB
    for page in (NEW if person == "admin" else f"{CONSOLE}new/", f"{review}?name=Lab"):
        assert "The account limit is reached" in text(client.get(page))
    with assert_no_effect():
        refused = client.post(review, typed)
    assert LIMIT_HELP in text(refused)
    Organization.objects.filter(pk=acme.pk).update(account_limit=10)
    assert client.post(review, typed).status_code == 303


def test_the_form_sent_twice_makes_one(admin, cy) -> None:
    sent = LAB | {"owner": cy.email, "form_key": "5f" * 16}
    first, second = (admin.post(REVIEW, sent) for _ in range(2))
    assert first["Location"] == second["Location"] == f"{LIST}{account('Lab').sid}/"


def test_a_standard_user_creates_one_for_themselves_in_the_console(standard, cy) -> None:
    home = text(standard.get("/console/"))
    assert "Create New Account" in home
    first_step = standard.get(f"{CONSOLE}new/")
    assert "owner" not in first_step.context["form"].fields
    where, _ = send(standard, OWN_REVIEW, LAB | {"owner": "ana@acme.example"})
    made = account("Lab")
    assert (made.owner, where) == (cy, f"{CONSOLE}{made.sid}/")


def test_a_standard_user_does_not_come_to_the_administrators_form(standard, cy) -> None:
    assert standard.get(NEW).status_code == 403
    with assert_no_effect():
        assert standard.post(REVIEW, LAB | {"owner": cy.email}).status_code == 403


# Bringing one in


def account_of_nia(acme: Organization) -> Account:
    owner = founder("nia@acme-labs.example")
    prove(acme, "acme-labs.example")
    return Account.unscoped.get(owner=owner)


@pytest.fixture
def hers(acme: Organization) -> Account:
    """The account of somebody who owns an organization alone, at a domain of Acme's."""
    return account_of_nia(acme)


def test_its_owner_is_asked_and_until_then_it_is_pending(admin, hers, deliver) -> None:
    where, done = send(admin, ADD, {"sid": f" {hers.sid} "})
    assert where == PENDING
    assert notices(done) == [
        "nia@acme-labs.example was asked to confirm. Until then the account is pending."
    ]
    assert hers.sid in text(done)
    assert "Waiting" in text(done) or "Being sent" in text(done)
    (mail,) = mails_to("nia@acme-labs.example", deliver())
    assert link_in(mail).startswith("/invitations/")
    hers.refresh_from_db()
    assert hers.organization != account("Billing").organization


def common(acme: Organization) -> str:
    return str(Account.unscoped.get(owner=founder("nia@gmail.com")).sid)


def unverified(acme: Organization) -> str:
    return str(account("First account", of="Freelance").sid)


def malformed(acme: Organization) -> str:
    return "AC123"


def unknown(acme: Organization) -> str:
    return f"AC{'0' * 32}"


def managed_here(acme: Organization) -> str:
    return str(account("Billing").sid)


def subaccount(acme: Organization) -> str:
    above = account_of_nia(acme)
    return str(create_subaccount(above, name="Below", actor=acting(above.owner)).sid)


def asked_before(acme: Organization) -> str:
    return str(account("First account", of="Kai's workshop").sid)


def of_many(acme: Organization) -> str:
    """Its owner's organization has other people."""
    hers = account_of_nia(acme)
    prove(organization_of(hers.owner), "nia.example")
    member(organization_of(hers.owner), "max@nia.example")
    return str(hers.sid)


def beyond_the_limit(acme: Organization) -> str:
    fill(acme)
    return str(account_of_nia(acme).sid)


@pytest.mark.parametrize(
    ("sid_of", "words"),
    [
        (malformed, "AC and 32"),
        (unknown, "no account"),
        (subaccount, "subaccount"),
        (managed_here, "managed by your organization already"),
        (common, "a mail service that anybody can use"),
        (unverified, "Verify that domain first"),
        (of_many, "with other people or a verified domain"),
        (asked_before, "Resend it under Pending accounts."),
    ],
)
def test_each_refusal_stands_beside_the_field(sid_of, words, admin, acme) -> None:
    sid = sid_of(acme)
    with assert_no_effect():
        refused = admin.post(ADD, {"sid": sid})
    assert words.lower() in beside(refused, "sid").lower()
    assert f'value="{sid}"' in refused.content.decode()


def test_the_refusals_are_all_different(admin, acme) -> None:
    cases = (malformed, unknown, subaccount, managed_here, common, unverified, asked_before)
    said = [beside(admin.post(ADD, {"sid": sid_of(acme)}), "sid") for sid_of in cases]
    assert len(set(said)) == len(cases)


def test_what_would_not_fit_says_what_to_do(admin, acme) -> None:
    sid = beyond_the_limit(acme)
    with assert_no_effect():
        refused = admin.post(ADD, {"sid": sid})
    assert LIMIT_HELP in text(refused)


# While it is pending


@pytest.fixture
def waiting(acme: Organization) -> Invitation:
    """The request that the demo has made to Kai."""
    return Invitation.unscoped.select_related("account").get(email="kai@acme.example")


def page_of(waiting: Invitation, verb: str = "") -> str:
    return f"{PENDING}{waiting.sid}/{verb}"


def test_a_request_shows_what_is_known_of_it(admin, waiting) -> None:
    words = text(admin.get(page_of(waiting)))
    assert waiting.account
    for known in (waiting.account.sid, waiting.sid, "kai@acme.example", "Ben Okafor", "(1 send)"):
        assert known in words
    assert "they join your organization as Standard User" in words


def test_a_request_is_sent_again_after_a_while(admin, waiting, deliver) -> None:
    Invitation.unscoped.filter(pk=waiting.pk).update(last_sent_at=clock.now())
    deliver()
    assert "Wait 5 minutes" in text(admin.get(page_of(waiting)))
    with assert_no_effect():
        _, refused = send(admin, page_of(waiting, "resend/"))
    assert "Wait 5 minutes" in notices(refused)[0]
    with time_machine.travel(clock.now() + timedelta(minutes=6)):
        _, done = send(admin, page_of(waiting, "resend/"))
        assert notices(done) == [
            "kai@acme.example was asked again; the link before no longer works."
        ]
        assert "(2 sends)" in text(done)
        assert len(mails_to("kai@acme.example", deliver())) == 1


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"total_sends": 10}, "has been sent 10 times, which is the limit"),
        ({"expires_at": clock.now() - timedelta(days=400)}, "expired long ago"),
    ],
)
def test_a_request_that_cannot_be_sent_again_says_why(columns, words, admin, waiting) -> None:
    Invitation.unscoped.filter(pk=waiting.pk).update(**columns)
    assert words in text(admin.get(page_of(waiting)))
    with assert_no_effect():
        _, refused = send(admin, page_of(waiting, "resend/"))
    assert words in notices(refused)[0]


def test_a_cancelled_request_is_gone_and_may_be_made_anew(admin, waiting) -> None:
    where, done = send(admin, page_of(waiting, "cancel/"))
    assert where == PENDING
    assert notices(done) == ["kai@acme.example is no longer asked."]
    assert "No pending accounts" in text(done)
    assert admin.get(page_of(waiting)).status_code == 404
    where, again = send(admin, page_of(waiting, "cancel/"))
    assert len(notices(again)) == 1
    assert waiting.account
    assert admin.post(ADD, {"sid": waiting.account.sid}).status_code == 303


def test_a_person_who_is_invited_is_no_request(admin, acme) -> None:
    invited = Invitation.unscoped.get(email="hana@acme.example")
    assert admin.get(page_of(invited)).status_code == 404
    with assert_no_effect():
        assert admin.post(page_of(invited, "cancel/")).status_code == 404


def test_somebody_of_another_organization_finds_no_request(sign_in, eve, waiting) -> None:
    client = sign_in(eve)
    with assert_no_effect():
        assert client.get(page_of(waiting)).status_code == 404
        assert client.post(page_of(waiting, "cancel/")).status_code == 404


def test_a_standard_user_neither_adds_nor_cancels(standard, waiting) -> None:
    with assert_no_effect():
        assert standard.get(ADD).status_code == 403
        assert standard.post(page_of(waiting, "cancel/")).status_code == 403
