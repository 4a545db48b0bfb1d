"""Who has access to an account: its users, who is invited, why somebody has it, and taking it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from accounts.models import AccountRole, RoleAssignment
from accounts.operations import remove_access, set_roles
from adminctr.core import clock
from invitations.models import Invitation
from organizations.models import Role
from organizations.operations import change_role
from tests.accounts.made import outsider
from tests.accounts.pages import CONSOLE, LIST, account, at, beside, notices, send, text
from tests.conftest import acting
from tests.pages.effects import assert_no_effect, link_in, mails_to
from tests.users.people import founder, prove, stay_of
from users.models import User, UserStatus

DOORS = pytest.mark.parametrize("door", [LIST, CONSOLE])
MAX = "max@contractor.example"  # the demo has invited him to Support line


@pytest.fixture
def admin(sign_in: Callable[[User], Client], ben: User) -> Client:
    return sign_in(ben)


@pytest.fixture
def standard(sign_in: Callable[[User], Client], cy: User) -> Client:
    """Cy owns Marketing and is Developer on Billing."""
    return sign_in(cy)


@pytest.fixture
def dora(db: None) -> User:
    """Billing Manager and Support on Marketing."""
    return User.objects.get(email="dora@acme.example")


def held_on(name: str, address: str) -> set[str]:
    rows = RoleAssignment.unscoped.in_force().filter(account=account(name), email=address)
    return {one.role for one in rows}


def people_on(client: Client, page: str) -> list[tuple[str, str]]:
    return [(row["email"], row["roles"]) for row in client.get(page).context["rows"]]


# Users


def test_everybody_with_a_role_stands_there_once_with_all_of_them(admin) -> None:
    assert people_on(admin, at("Marketing", "users/")) == [
        ("cy@acme.example", "Owner"),
        ("dora@acme.example", "Billing Manager, Support"),
    ]
    assert "Independent" in text(admin.get(at("Support line", "users/")))


@pytest.mark.parametrize(
    ("role", "people"),
    [
        ("owner", {"cy@acme.example"}),
        ("billing_manager", {"dora@acme.example"}),
        ("support", {"dora@acme.example"}),
        ("administrator", set()),
    ],
)
def test_they_are_found_by_their_role(role, people, admin) -> None:
    shown = admin.get(at("Marketing", f"users/?role={role}"))
    assert {row["email"] for row in shown.context["rows"]} == people
    if not people:
        assert "No users match." in text(shown)


def test_a_developer_sees_no_users(standard) -> None:
    with assert_no_effect():
        assert standard.get(at("Billing", "users/", door=CONSOLE)).status_code == 403
        refused = standard.post(at("Billing", "users/invite/", door=CONSOLE), {"email": MAX})
    assert refused.status_code == 403


# Inviting


@DOORS
def test_a_managed_user_has_access_at_once(door, admin, standard, deliver) -> None:
    client = standard if door == CONSOLE else admin
    url = at("Marketing", "users/", door=door)
    deliver()
    typed = {"email": "Emil@Acme.Example", "roles": ["developer", "support"], "reason": "Launch"}
    where, done = send(client, f"{url}invite/", typed)
    assert where == url
    assert notices(done) == ["emil@acme.example has access at once."]
    assert held_on("Marketing", "emil@acme.example") == {"developer", "support"}
    assert not Invitation.unscoped.filter(email="emil@acme.example", kind="access").exists()
    assert len(mails_to("emil@acme.example", deliver())) == 1


@DOORS
def test_a_stranger_is_invited_and_waits(door, admin, standard, deliver) -> None:
    client = standard if door == CONSOLE else admin
    url = at("Marketing", door=door)
    where, done = send(client, f"{url}users/invite/", {"email": MAX, "roles": ["developer"]})
    assert where == f"{url}pending-users/"
    assert notices(done) == [f"{MAX} was invited."]
    assert held_on("Marketing", MAX) == set()
    mails = mails_to(MAX, deliver())
    assert any("Marketing" in mail.subject for mail in mails)
    assert all(link_in(mail).startswith("/invitations/") for mail in mails)


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"email": "no address", "roles": ["support"]}, "email", ""),
        ({"email": "cy@acme.example", "roles": ["support"]}, "email", "has access already"),
        ({"email": "somebody@globex.example", "roles": ["support"]}, "email", "Organization"),
        ({"email": "somebody@acme.example", "roles": ["support"]}, "email", ""),
        ({"email": "new@ext.example"}, "roles", "Choose at least one role."),
        ({"email": "new@ext.example", "roles": ["owner"]}, "roles", "owner"),
        ({"email": "new@ext.example", "roles": ["administrator", "support"]}, "roles",
         "Administrator includes the other roles."),
        ({"email": "new@ext.example", "roles": ["support"], "ends_on": "2020-01-01"}, "ends_on",
         "Choose a day in the future."),
        ({"email": "new@ext.example", "roles": ["support"], "ends_on": "soon"}, "ends_on", ""),
        ({"email": "new@ext.example", "roles": ["support"], "reason": "x" * 201}, "reason", ""),
    ],
)  # fmt: skip
def test_each_refusal_stands_beside_its_field_and_nothing_is_lost(
    typed, field, words, admin
) -> None:
    with assert_no_effect():
        refused = admin.post(at("Marketing", "users/invite/"), typed)
    assert words.lower() in beside(refused, field).lower()
    form = refused.context["form"]
    assert {name: form[name].value() for name in typed} == typed


def test_inviting_twice_is_refused_and_leads_to_what_waits(admin) -> None:
    with assert_no_effect():
        refused = admin.post(
            at("Support line", "users/invite/"), {"email": MAX, "roles": ["support"]}
        )
    assert "is waiting" in beside(refused, "email")


def test_nobody_is_invited_to_an_account_that_does_not_run(admin) -> None:
    typed = {"email": MAX, "roles": ["support"]}
    for name, words in (
        ("Summer campaign", "This account is suspended. Reactivate it first."),
        ("Old hotline", "This account is closed"),
    ):
        with assert_no_effect():
            refused = admin.post(at(name, "users/invite/"), typed)
        assert words in text(refused)
    assert "users/invite/" not in admin.get(at("Old hotline", "users/")).content.decode()


# Pending users


@pytest.fixture
def waiting(db: None) -> Invitation:
    return Invitation.unscoped.select_related("account").get(email=MAX)


def page_of(waiting: Invitation, verb: str = "", *, door: str = LIST) -> str:
    return at("Support line", f"pending-users/{waiting.sid}/{verb}", door=door)


def test_an_invitation_says_what_was_offered_by_whom(admin, waiting) -> None:
    assert MAX in text(admin.get(at("Support line", "pending-users/")))
    words = text(admin.get(page_of(waiting)))
    for fact in (MAX, "Account roles Developer", "Invited by Fay O'Connor", "Roles end No end"):
        assert fact in words


def test_it_is_sent_again_after_a_while(admin, waiting, deliver) -> None:
    deliver()
    Invitation.unscoped.filter(pk=waiting.pk).update(last_sent_at=clock.now())
    with assert_no_effect():
        _, refused = send(admin, page_of(waiting, "resend/"))
    assert "Wait 5 minutes" in notices(refused)[0]
    assert "Wait 5 minutes" in text(refused)
    with time_machine.travel(clock.now() + timedelta(minutes=6)):
        _, done = send(admin, page_of(waiting, "resend/"))
        assert notices(done) == [f"{MAX} gets a new link; the old one stops working."]
        assert len(mails_to(MAX, deliver())) == 1


def test_it_is_revoked_and_its_link_is_dead(admin, client, waiting) -> None:
    link = f"/invitations/{waiting.token()}/"
    assert client.get(link).status_code == 200
    where, done = send(admin, page_of(waiting, "revoke/"))
    assert where == at("Support line", "pending-users/")
    assert notices(done) == [f"The invitation of {MAX} was revoked."]
    assert "No pending users" in text(done)
    assert client.get(link).status_code == 410
    assert admin.get(page_of(waiting)).status_code == 404


def test_the_owner_of_the_account_resends_and_revokes_in_the_console(sign_in, waiting) -> None:
    fay = sign_in(User.objects.get(email="fay@acme.example"))
    assert MAX in text(fay.get(page_of(waiting, door=CONSOLE)))
    where, _ = send(fay, page_of(waiting, "revoke/", door=CONSOLE))
    assert where == at("Support line", "pending-users/", door=CONSOLE)


def test_an_invitation_to_another_account_is_not_found_there(admin, waiting) -> None:
    elsewhere = at("Marketing", f"pending-users/{waiting.sid}/")
    with assert_no_effect():
        assert admin.get(elsewhere).status_code == 404
        assert admin.post(f"{elsewhere}revoke/").status_code == 404


# Why this person has access


def why(client: Client, name: str, person: User, *, door: str = LIST) -> str:
    return text(client.get(at(name, f"users/{person.sid}/", door=door)))


def test_it_says_role_since_by_source_reason_end_and_what_ends_it(admin, cy) -> None:
    row = RoleAssignment.unscoped.get(account=account("Billing"), holder=cy)
    assert row.ends_at
    words = why(admin, "Billing", cy)
    assert "Cy Lindqvist is Developer on this account since" in words
    assert f"{row.began_at.astimezone(UTC):%-d %b %Y, %H:%M} UTC" in words
    assert "given by Ben Okafor (Direct), because “Connects the new shop”." in words
    assert f"Until: {row.ends_at.astimezone(UTC):%-d %b %Y, %H:%M} UTC." in words
    assert "Ends when somebody takes this role away here." in words
    assert row.sid in words
    assert "What it lets them do API credentials" in words
    assert "User management" not in words


def test_each_role_has_its_own_sentence(admin, dora) -> None:
    words = why(admin, "Marketing", dora)
    assert "Dora Marín is Billing Manager on this account" in words
    assert "Dora Marín is Support on this account" in words
    assert "Until: No end." in words


def test_the_owner_made_it_and_changes_by_change_owner_alone(admin, cy) -> None:
    words = why(admin, "Marketing", cy)
    assert "Cy Lindqvist is Owner on this account" in words
    assert "given by themselves (Direct)" in words
    assert "Ends when the account gets another owner." in words
    assert "The owner of an account changes by Change Owner alone." in words
    assert "Remove access" not in words


def test_access_comes_from_the_account_above(admin) -> None:
    emil = User.objects.get(email="emil@acme.example")
    words = why(admin, "Platform tests", emil)
    assert "Emil Novák is Owner on Platform, the account above this one, since" in words
    assert "Remove access" not in words
    with assert_no_effect():
        _, refused = send(admin, at("Platform tests", f"users/{emil.sid}/remove/"))
    assert notices(refused) == [
        "This access comes from the account above. Take the role away there."
    ]


def test_a_role_of_the_account_above_says_where_it_ends(admin, cy) -> None:
    platform = account("Platform")
    set_roles(platform, holder=cy, roles=[AccountRole.SUPPORT], actor=acting(platform.owner))
    words = why(admin, "Platform tests", cy)
    assert "Ends when somebody takes this role away on Platform." in words


def test_somebody_who_never_had_a_role_has_none(admin, cy) -> None:
    words = why(admin, "Platform", cy)
    assert "Why this person has no access" in words
    assert "Cy Lindqvist is a managed user and has no role on this account. Give them one." in words
    assert "they were" not in words
    assert "Give roles" in words


def test_somebody_who_had_one_is_told_apart(admin, dora, cy) -> None:
    remove_access(account("Marketing"), holder=dora, actor=acting(cy))
    words = why(admin, "Marketing", dora)
    assert "Why this person has no access" in words
    assert "they were Support here." in words


def test_whoever_has_left_is_told_by_the_address_they_had(admin) -> None:
    nadia = outsider(account("Marketing"), "nadia@ext.example")
    remove_access(account("Marketing"), holder=nadia, actor=acting(account("Marketing").owner))
    for page in (f"users/{nadia.sid}/", f"users/{nadia.sid}/roles/"):
        words = text(admin.get(at("Marketing", page)))
        assert "nadia@ext.example" in words
        assert nadia.get_full_name() not in words


def test_a_suspended_login_opens_nothing(admin, dora) -> None:
    User.objects.filter(pk=dora.pk).update(status=UserStatus.SUSPENDED)
    words = why(admin, "Marketing", dora)
    assert "Dora Marín holds a role, but their login is suspended, so it opens nothing." in words
    User.objects.filter(pk=dora.pk).update(status=UserStatus.ACTIVE)


def test_a_closed_account_gives_access_to_nobody(admin) -> None:
    fay = User.objects.get(email="fay@acme.example")
    assert "holds a role, but the account is closed." in why(admin, "Trade fair", fay)


def test_it_notes_who_governs_without_a_role(admin, ana, cy) -> None:
    words = why(admin, "Marketing", ana)
    assert "Governs this account" in words
    assert "Why this person has no role" in words
    assert "has no role on this account" in words
    assert "Governs this account" not in why(admin, "Marketing", cy)


def test_the_same_is_told_at_both_doors(admin, standard, dora) -> None:
    inside, outside = (
        why(client, "Marketing", dora, door=door).partition("Why this person has access")[2]
        for client, door in ((admin, LIST), (standard, CONSOLE))
    )
    assert inside == outside != ""


def test_the_list_says_when_the_first_role_of_somebody_ends(admin, cy) -> None:
    row = RoleAssignment.unscoped.get(account=account("Billing"), holder=cy)
    assert row.ends_at
    words = text(admin.get(at("Billing", "users/")))
    assert f"Developer {row.began_at.astimezone(UTC):%-d %b %Y, %H:%M} UTC" in words
    assert f"{row.ends_at.astimezone(UTC):%-d %b %Y, %H:%M} UTC" in words
    assert "No end" in words


def test_it_leads_to_the_person_for_those_who_govern(admin, standard, cy, ida, dora) -> None:
    for name, person, page in (("Billing", cy, ""), ("Support line", ida, "independent/")):
        shown = admin.get(at(name, f"users/{person.sid}/")).content.decode()
        assert f'href="/admin-center/users/{page}{person.sid}/"' in shown
    shown = standard.get(at("Marketing", f"users/{dora.sid}/", door=CONSOLE))
    assert f"/admin-center/users/{dora.sid}/" not in shown.content.decode()


def test_whoever_is_asked_about_and_only_invited_is_shown_with_the_invitation(admin) -> None:
    invitation = Invitation.unscoped.get(email="max@contractor.example")
    where, shown = send(
        admin, at("Support line", "users/look-up/"), {"who": "Max@contractor.example"}
    )
    assert where == at("Support line", f"pending-users/{invitation.sid}/")
    assert notices(shown) == [
        "This person has not answered the invitation yet, so they have no access."
    ]


@pytest.mark.parametrize("name", ["Billing", "Marketing"])
def test_everybody_may_ask_it_about_themselves(name, standard, cy, ben) -> None:
    page = at(name, "my-access/", door=CONSOLE)
    assert f'href="{page}"' in standard.get(at(name, door=CONSOLE)).content.decode()
    shown = standard.get(page)
    assert "Why this person has access" in text(shown)
    assert f'href="{at(name, "users/", door=CONSOLE)}"' not in shown.content.decode()
    of_another = standard.get(at("Billing", f"users/{ben.sid}/", door=CONSOLE))
    assert of_another.status_code == 403


def test_somebody_from_elsewhere_finds_no_members_of_the_organization(sign_in, ida, cy) -> None:
    line = account("Support line")
    set_roles(line, holder=ida, roles=[AccountRole.ADMINISTRATOR], actor=acting(line.owner))
    client = sign_in(ida)
    page = at("Support line", f"users/{cy.sid}/", door=CONSOLE)
    assert client.get(page).status_code == 404
    with assert_no_effect():
        refused = client.post(at("Support line", "users/look-up/", door=CONSOLE), {"who": cy.email})
    assert "Nobody with access to this account" in beside(refused, "who")
    assert "Ida Berg is Administrator" in why(client, "Support line", ida, door=CONSOLE)


@pytest.mark.parametrize("by", ["email", "sid"])
def test_it_is_found_by(by, admin, cy) -> None:
    where, done = send(admin, at("Billing", "users/look-up/"), {"who": getattr(cy, by)})
    assert where == at("Billing", f"users/{cy.sid}/")
    assert notices(done) == []


@pytest.mark.parametrize("who", ["nobody@acme.example", "eve@globex.example", f"US{'0' * 32}", "x"])
def test_whoever_is_unknown_here_is_not_found(who, admin) -> None:
    with assert_no_effect():
        refused = admin.post(at("Billing", "users/look-up/"), {"who": who})
    assert "Nobody with access to this account" in beside(refused, "who")
    assert f'value="{who}"' in refused.content.decode()


# Changing and taking roles


def test_roles_are_changed_with_an_end_and_a_reason(admin, dora) -> None:
    page = at("Marketing", f"users/{dora.sid}/roles/")
    form = admin.get(page).context["form"]
    assert set(form["roles"].value()) == {"billing_manager", "support"}
    last_day = (clock.now() + timedelta(days=30)).date()
    typed = {"roles": ["administrator"], "ends_on": f"{last_day}", "reason": "Covers for Cy"}
    where, done = send(admin, page, typed)
    assert where == at("Marketing", f"users/{dora.sid}/")
    assert notices(done) == ["The roles of dora@acme.example on Marketing are changed."]
    (row,) = RoleAssignment.unscoped.in_force().filter(account=account("Marketing"), holder=dora)
    midnight = datetime.combine(last_day, datetime.min.time(), tzinfo=UTC) + timedelta(days=1)
    assert (row.role, row.ends_at, row.reason) == ("administrator", midnight, "Covers for Cy")
    again = admin.get(page).context["form"]
    assert (again["ends_on"].value(), again["reason"].value()) == (last_day, "Covers for Cy")


@pytest.mark.parametrize(
    ("roles", "words"),
    [
        ([], "Choose at least one role."),
        (["administrator", "developer"], "Administrator includes the other roles."),
        (["support", "billing_manager"], "These are the roles already."),
        (["owner"], "owner"),
    ],
)
def test_roles_that_cannot_be_are_refused_beside_the_boxes(roles, words, admin, dora) -> None:
    with assert_no_effect():
        refused = admin.post(at("Marketing", f"users/{dora.sid}/roles/"), {"roles": roles})
    assert words in beside(refused, "roles")


def test_the_roles_of_the_owner_are_not_changed(admin, cy) -> None:
    with assert_no_effect():
        refused = admin.post(at("Marketing", f"users/{cy.sid}/roles/"), {"roles": ["support"]})
        assert "Its owner changes by Change Owner alone." in text(refused)
        _, refused = send(admin, at("Marketing", f"users/{cy.sid}/remove/"))
    assert "Its owner changes by Change Owner alone." in notices(refused)[0]


def test_a_managed_user_gets_first_roles_there(admin, dora) -> None:
    send(admin, at("Billing", f"users/{dora.sid}/roles/"), {"roles": ["support"]})
    assert held_on("Billing", dora.email) == {"support"}


def test_access_is_taken_away(admin, sign_in, dora) -> None:
    theirs = sign_in(dora)
    assert theirs.get(at("Marketing", door=CONSOLE)).status_code == 200
    where, done = send(admin, at("Marketing", f"users/{dora.sid}/remove/"))
    assert where == at("Marketing", "users/")
    assert notices(done) == ["dora@acme.example no longer has a role on Marketing."]
    assert theirs.get(at("Marketing", door=CONSOLE)).status_code == 404
    assert "Marketing" not in text(theirs.get("/console/"))
    with assert_no_effect():
        _, refused = send(admin, at("Marketing", f"users/{dora.sid}/remove/"))
    assert notices(refused) == ["This person no longer has a role on the account."]


def test_somebody_demoted_a_moment_ago_takes_nothing_away(admin, ben, ana, dora) -> None:
    change_role(stay_of(ben), role=Role.STANDARD, actor=acting(ana))
    with assert_no_effect():
        refused = admin.post(at("Marketing", f"users/{dora.sid}/remove/"))
    assert refused.status_code == 403


def test_the_domain_of_another_organization_is_named_by_no_name(admin, globex) -> None:
    founder("sam@elsewhere.example")
    prove(globex, "elsewhere.example")
    with assert_no_effect():
        refused = admin.post(
            at("Marketing", "users/invite/"),
            {"email": "sam@elsewhere.example", "roles": ["support"]},
        )
    said = beside(refused, "email")
    assert "rganization" in said
    assert "Globex" not in said
