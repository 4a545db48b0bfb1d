"""Mail about accounts reaches whom a change concerns, and says what they need to know."""

import pytest
from django.urls import reverse

from accounts.models import AccountRole
from accounts.operations import close_account, transfer_account
from tests.accounts.made import give, plan_of
from tests.conftest import acting
from tests.pages.effects import mails_to


def text_of(message) -> list[str]:
    return [str(message.body), str(message.alternatives[0].content)]


@pytest.fixture(autouse=True)
def sent(deliver) -> None:
    """What waited before the test has left."""
    deliver()


@pytest.fixture
def link(billing) -> str:
    return f"http://testserver{reverse('account:detail', args=[billing.sid])}"


def test_both_owners_are_told_of_each_other(billing, ana, ben, dora, deliver, link) -> None:
    transfer_account(billing, to=dora, actor=acting(ana))
    mails = deliver()
    for reader, other in ((ben, dora), (dora, ben)):
        (mail,) = mails_to(reader.email, mails)
        for text in text_of(mail):
            for part in (billing.name, "Acme", other.get_full_name(), other.email, link):
                assert part in text


def test_who_gets_a_role_is_told_which_and_where(billing, cy, deliver, link) -> None:
    give(billing, cy, AccountRole.DEVELOPER, AccountRole.BILLING_MANAGER)
    (mail,) = mails_to(cy.email, deliver())
    for text in text_of(mail):
        for part in (billing.name, "Acme", "Developer, Billing Manager", link):
            assert part in text


def test_its_owner_is_told_that_an_account_is_closed(billing, ana, ben, deliver) -> None:
    close_account(billing, digest=plan_of(billing).digest, actor=acting(ana))
    (mail,) = mails_to(ben.email, deliver())
    for text in text_of(mail):
        assert billing.name in text
        assert "Acme" in text
