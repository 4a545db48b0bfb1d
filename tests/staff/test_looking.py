"""What staff see: no secret and no number of ours, everything they search for, at a flat price."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django.utils.html import escape

from accounts.models import Account, RoleAssignment
from accounts.operations import create_account
from adminctr.core.tokens import hash_token
from adminctr.web import staff as site
from audit.models import AuditDetails, AuditEvent
from domains.models import Domain
from domains.operations import add_domain
from invitations.models import Invitation
from organizations.models import Organization
from organizations.operations import rename_organization
from tests.conftest import acting
from tests.pages.addresses import STAFF_SUBJECTS, path_to, routes
from tests.pages.effects import assert_no_effect
from tests.users.people import founder, invited, member, organization_of, rename, stay_of
from users.models import User

LISTS = sorted(name for name in routes() if name.endswith("_changelist"))
PAGES = [*LISTS, *sorted(STAFF_SUBJECTS), "staff:index", "staff:app_list"]
HOSTILE = [
    "<svg onload=alert(1)>",
    "{{777777777*8}}",
    "{% debug %}",
    "%s",
    "{0.__class__}",
    "\"'><b>",
]


def found(client, name: str, term: str) -> str:
    """The rows of a list, searched."""
    page = client.get(reverse(f"staff:{name}_changelist"), {"q": term})
    assert page.status_code == 200
    return "".join(str(row) for row in page.context["cl"].result_list)


# No secret


@pytest.mark.parametrize("name", PAGES)
def test_no_page_shows_a_secret(name, sids, lead, globex) -> None:
    secrets = [*User.objects.values_list("password", flat=True)]
    secrets += [one.password.rpartition("$")[2] for one in User.objects.all()]
    for one in Invitation.unscoped.all():
        secrets += [one.token(), one.token_hash, hash_token(one.token())]
    secrets += Domain.unscoped.values_list("token", flat=True)
    secrets += AuditEvent.unscoped.values_list("hash", flat=True)
    secrets += AuditDetails.objects.values_list("salt", flat=True)
    body = lead.get(path_to(name, sids)).content.decode()
    assert not [secret for secret in secrets if secret and secret in body]


@pytest.mark.parametrize("name", PAGES)
def test_addresses_carry_public_identifiers_alone(name, sids, lead) -> None:
    body = lead.get(path_to(name, sids)).content.decode()
    places = re.findall(r'(?:href|action)="(/staff/[^"]*)"', body)
    assert places
    assert not [link for link in places if re.search(r"/\d+/|=\d+$", link)]
    assert 'name="_selected_action"' not in body


@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_people_wrote_is_literal_everywhere(hostile, sids, lead, acme, ana, cy) -> None:
    rename_organization(acme, name=hostile, actor=acting(ana))
    rename(cy, hostile)
    create_account(acme, name=hostile, owner=cy, actor=acting(ana))
    about_cy = sids | {"user": cy.sid}
    for name in PAGES:
        body = lead.get(path_to(name, about_cy)).content.decode()
        assert hostile not in body or hostile == escape(hostile)
        assert "622222216" not in body
    shown = lead.get(path_to("staff:organizations_organization_detail", sids)).content.decode()
    assert escape(hostile) in shown
    assert escape(hostile) in lead.get("/staff/organizations/organization/").content.decode()


def test_a_name_of_other_letters_stands_beside_its_plain_form(lead, acme, ana) -> None:
    """Whoever looks for acme.example is not taken in by one that looks the same."""
    lookalike = add_domain(acme, name="асме.example", actor=acting(ana))
    assert lookalike.name != "acme.example"
    for page in ("changelist", "detail"):
        sids = [lookalike.sid] if page == "detail" else []
        shown = lead.get(reverse(f"staff:domains_domain_{page}", args=sids)).content.decode()
        assert f"асме.example ({lookalike.name})" in shown


# Search


@pytest.mark.parametrize(
    ("model", "term", "expected"),
    [
        ("users_user", "ana@", "ana@acme.example"),
        ("users_user", " ANA@Acme.Example ", "ana@acme.example"),
        ("users_user", "LINDQ", "cy@acme.example"),
        ("users_user", "cy lind", "cy@acme.example"),
        ("users_user", "GORŌ", "goro@acme.example"),
        ("users_user", "o'con", "fay@acme.example"),
        ("organizations_organization", "eve@", "Globex"),
        ("organizations_organization", " GLOB", "Globex"),
        ("accounts_account", "BILL", "Billing"),
        ("accounts_account", "eve@globex", "First account"),
        ("domains_domain", "acme-", "acme-labs.example"),
        ("domains_domain", "bücher-acme.example", "xn--bcher-acme-9db.example"),
        ("invitations_invitation", "Hana", "hana@acme.example as Standard User (Account Creation)"),
    ],
)
def test_a_beginning_finds_it(model, term, expected, lead) -> None:
    assert found(lead, model, term) == expected


def test_the_roles_of_somebody_are_found_by_the_beginning_of_their_address(lead) -> None:
    page = lead.get("/staff/accounts/roleassignment/", {"q": "goro@"})
    rows = {str(row) for row in page.context["cl"].result_list}
    assert "goro@acme.example: Standard User (Account Creation)" in rows
    assert rows == set(map(str, RoleAssignment.unscoped.filter(email="goro@acme.example")))


@pytest.mark.parametrize(
    "term", ["na@acme", "%", "_", "a%e", "\\", "zzz", "x" * 5000, "'; --", "\x00"]
)
def test_nothing_but_a_beginning_is_searched(term, lead) -> None:
    page = lead.get("/staff/users/user/", {"q": term})
    assert page.status_code == 200
    if "\x00" not in term:
        assert not page.context["cl"].result_list


def test_a_sid_finds_itself_and_what_belongs_to_it(lead, acme, globex, cy) -> None:
    assert found(lead, "organizations_organization", acme.sid) == "Acme"
    assert found(lead, "users_user", cy.sid) == "cy@acme.example"
    assert "Billing" in found(lead, "accounts_account", acme.sid)
    assert found(lead, "accounts_account", globex.sid) == "First account"
    assert found(lead, "accounts_account", cy.sid) == "Marketing"
    assert found(lead, "domains_domain", globex.sid) == "globex.example"
    assert "cy@acme.example" in found(lead, "accounts_roleassignment", cy.sid)
    assert "hana@" in found(lead, "invitations_invitation", acme.sid)


@pytest.mark.parametrize("sid", ["OR" + "0" * 32, "XX" + "0" * 32, "DN" + "f" * 32])
@pytest.mark.parametrize("name", LISTS)
def test_an_unknown_sid_finds_nothing(name, sid, lead) -> None:
    assert not lead.get(reverse(name), {"q": sid}).context["cl"].result_list


def test_events_are_found_by_chain_and_by_what_they_are_about(lead, acme, globex, cy) -> None:
    chain = found(lead, "audit_auditevent", acme.sid)
    assert "organization.renamed" not in chain
    assert acme.sid in chain
    assert globex.sid not in chain
    about = found(lead, "audit_auditevent", f"{acme.sid} {cy.sid}")
    assert (
        about.count("/") == AuditEvent.unscoped.filter(chain=acme.sid, subject_sid=cy.sid).count()
    )
    assert "user.appointed_staff" in found(lead, "audit_auditevent", "system")
    assert not found(lead, "audit_auditevent", cy.sid)


def test_an_erased_event_is_still_listed(lead, acme) -> None:
    event = AuditEvent.unscoped.filter(chain=acme.sid).latest("sequence")
    AuditDetails.objects.filter(event=event).delete()
    body = lead.get("/staff/audit/auditevent/", {"q": acme.sid}).content.decode()
    assert f"{event.action} (the details were erased)" in body


# Forged look-ups


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize(
    "query",
    [
        "password__startswith=pbkdf2", "user__password__startswith=p", "owner__password=x",
        "organization__owner__password__gte=a", "o=1", "o=-2.1", "all=", "e=1", "_popup=1",
        "_to_field=id", "_facets=True", "id__exact=1", "pk=1", "chain__regex=.*", "nonsense=1",
        "_source_model=users.user", "_changelist_filters=x", "q=a&is_staff__exact=1",
    ],
)  # fmt: skip
def test_a_forged_look_up_is_a_bad_request(name, query, lead) -> None:
    assert lead.get(f"{reverse(name)}?{query}").status_code == 400


@pytest.mark.parametrize("page", ["0", "-1", "x", "99999", "9" * 5000, "1e3", ""])
@pytest.mark.parametrize("name", LISTS)
def test_a_page_that_is_not_there_shows_the_nearest(name, page, lead) -> None:
    assert lead.get(reverse(name), {"p": page}).status_code == 200


@pytest.mark.parametrize("sid", ["1", "0", "OR" + "0" * 32, "US" + "0" * 32, "../x", "OR1"])
def test_an_unknown_object_is_not_there(sid, lead) -> None:
    for model in ("organizations/organization", "users/user", "domains/domain"):
        for page in ("", "rename/", "suspend/"):
            answer = lead.get(f"/staff/{model}/{sid}/{page}")
            assert answer.status_code == 404


# The price


def more_of_everything(acme: Organization, ana: User) -> None:
    Organization.objects.filter(pk=acme.pk).update(account_limit=100)
    acme.refresh_from_db()
    for number in range(12):
        founder(f"more{number}@many.example")
        user = member(acme, f"more{number}@acme.example")
        create_account(acme, name="Same", owner=user, actor=acting(ana))
        add_domain(acme, name=f"more{number}.example", actor=acting(ana))
        invited(acme, f"other{number}@acme.example")


@pytest.mark.parametrize("name", [*LISTS, *(one for one in STAFF_SUBJECTS if "detail" in one)])
def test_a_page_costs_the_same_with_more_of_everything(
    name, sids, lead, acme, ana, count_queries
) -> None:
    path = path_to(name, sids)
    lead.get(path)
    few = count_queries(lambda: lead.get(path))
    more_of_everything(acme, ana)
    assert count_queries(lambda: lead.get(path)) == few


def test_no_list_counts_or_shows_more_than_its_bound(lead, acme, ana, monkeypatch) -> None:
    monkeypatch.setattr(site, "MOST_ROWS", 60)
    for number in range(70):
        add_domain(acme, name=f"more{number}.example", actor=acting(ana))
    first = lead.get("/staff/domains/domain/")
    assert len(first.context["cl"].result_list) == 50
    assert "No more than the newest 60 are listed." in first.content.decode()
    last = lead.get("/staff/domains/domain/", {"p": "99"})
    assert len(last.context["cl"].result_list) == 10


def test_a_page_of_an_organization_shows_what_it_has(sids, lead, acme, cy) -> None:
    body = lead.get(path_to("staff:organizations_organization_detail", sids))
    shown = body.content.decode()
    for text in ("ana@acme.example", "Billing", "acme-labs.example", "hana@acme.example"):
        assert text in shown
    assert "added the domain bücher-acme.example" in shown
    user = lead.get(reverse("staff:users_user_detail", args=[cy.sid])).content.decode()
    assert "Marketing" in user
    assert "joined by invitation" in user
    assert organization_of(acme.owner).sid == acme.sid
    assert stay_of(cy).organization.sid in user


def page_of(lead, kind: str, sid: str) -> str:
    """What the page of an object says, as people read it."""
    body = lead.get(reverse(f"staff:{kind}_detail", args=[sid])).content.decode()
    return " ".join(re.sub(r"<[^>]+>", " ", body.partition("<main")[2]).split())


def test_a_page_of_an_account_says_how_it_stands(lead, acme) -> None:
    def read(name: str) -> str:
        return page_of(lead, "accounts_account", Account.unscoped.get(name=name).sid)

    health = read("Health line")
    for words in (
        "Status Active", "Type Full", "Product Twilio", "Second factor Once per computer",
        "HIPAA Enabled", "Subaccounts that it may have 1,000", "dora@acme.example Owner",
        "Health line reminders Active, HIPAA", "Health line demo Active", "Closed None",
    ):  # fmt: skip
        assert words in health, words
    assert "Health line demo Active, HIPAA" not in health
    assert "Status Suspended by: Support" in read("Bulk mailer")
    assert "Status Suspended by: The organization" in read("Summer campaign")
    assert "The account above it Platform" in read("Platform tests")
    assert "Product Flex" in read("Contact center")
    line = read("Support line")
    assert "ida@freelance.example Developer" in line
    assert "max@contractor.example Developer" in line
    assert "invited max@contractor.example" in line
    closing = read("Trade fair")
    assert "Status Closing" in closing
    assert "Closing since None" not in closing


def test_a_page_of_an_organization_tells_of_its_agreement_and_of_what_is_asked_for(
    lead, acme
) -> None:
    shown = page_of(lead, "organizations_organization", acme.sid)
    assert "Business Associate Agreement In force since 1 Jan 2025" in shown
    assert "Pending accounts 1" in shown
    assert "kai@acme.example was asked" in shown


def test_a_page_of_an_invitation_says_what_it_offers(lead, acme) -> None:
    def read(email: str) -> str:
        found = Invitation.unscoped.get(email=email, organization=acme)
        return page_of(lead, "invitations_invitation", found.sid)

    access = read("max@contractor.example")
    assert "Kind Access to an account" in access
    assert "Account Support line" in access
    assert "Role Developer" in access
    added = read("kai@acme.example")
    assert "Kind Let an account be added" in added
    assert "Account First account" in added
    line = Account.unscoped.get(name="Support line")
    assert "max@" in found(lead, "invitations_invitation", line.sid)


def test_nothing_is_written_by_looking(lead, sids) -> None:
    paths = [path_to(name, sids) for name in PAGES]
    with assert_no_effect():
        for path in paths:
            lead.get(path)
    assert not LogEntry.objects.exists()
