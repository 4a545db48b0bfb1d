"""A world for measuring is true, the same for a seed, and never made by accident."""

from collections import Counter
from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts.models import Account, AccountRole, RoleAssignment
from accounts.operations import create_account
from adminctr.core import search
from audit.models import AuditEvent
from domains.models import Domain
from invitations.models import Invitation
from invitations.operations import invite_user
from organizations.models import Membership, Organization, Role
from tests.conftest import acting
from tests.populated import name_of_database, populated
from users.models import User, UserStatus

SIZE = {"organizations": 4, "users": 300, "accounts": 40, "invitations": 20, "events": 30}


def populate(**options: object) -> Organization:
    return populated(**(SIZE | options))


@pytest.fixture
def large(db: None) -> Organization:
    return populate()


def names(organization: Organization) -> list[tuple[str, str]]:
    stays = Membership.unscoped.filter(organization=organization).order_by("pk")
    return list(stays.values_list("name_key", "role"))


def test_there_is_as_much_as_was_asked_for(db: None) -> None:
    models = (Organization, User, Account, Invitation)
    before = [model._base_manager.count() for model in models]
    large = populate()
    made = [model._base_manager.count() - had for model, had in zip(models, before, strict=True)]
    assert made == [4, 300, 40, 20]
    assert AuditEvent.unscoped.filter(chain=large.sid).count() == 30
    assert Membership.unscoped.filter(organization=large).count() == 300 - 3 * 2
    assert Account.unscoped.filter(organization=large).count() == 40 - 3


def test_every_other_organization_has_an_owner_a_standard_user_and_an_account(
    large: Organization,
) -> None:
    for organization in Organization.objects.filter(pk__gt=large.pk):
        stays = Membership.unscoped.filter(organization=organization)
        assert sorted(stays.values_list("role", flat=True)) == [Role.OWNER, Role.STANDARD]
        assert Account.unscoped.filter(organization=organization).count() == 1


def test_people_differ(db: None) -> None:
    stays = Membership.unscoped.filter(organization=populate(users=3000))
    roles = Counter(stays.values_list("role", flat=True))
    statuses = Counter(stays.values_list("status", flat=True))
    assert roles[Role.OWNER] == 1
    assert 10 < roles[Role.ADMINISTRATOR] < 100
    assert 10 < statuses[UserStatus.SUSPENDED] < 60
    assert 10 < statuses[UserStatus.INACTIVE] < 60
    assert 200 < stays.filter(last_sign_in_at=None).count() < 600
    joined = stays.values_list("began_at__year", flat=True)
    assert len(set(joined)) >= 5


def test_members_have_more_roles_on_accounts(large: Organization) -> None:
    held = RoleAssignment.unscoped.on_accounts().filter(organization=large)
    main = Account.unscoped.filter(organization=large, parent=None).count()
    assert held.filter(role=AccountRole.OWNER).count() == main
    assert held.granted().count() > main * 0.9


def test_accounts_are_in_every_state(db: None) -> None:
    large = populate(accounts=1500, users=1000, organizations=40, invitations=300)
    accounts = Account.unscoped.filter(organization=large)
    seen = set(accounts.values_list("status", "suspended_by", "parent__status"))
    assert {
        ("active", "", None), ("active", "", "active"), ("closed", "", None),
        ("suspended", "organization", None), ("suspended", "support", None),
    } <= seen  # fmt: skip
    assert {("suspended", "parent", "suspended"), ("closed", "", "closed")} & seen
    assert large.managed_accounts == accounts.filter(parent=None).count() < accounts.count()
    assert large.baa_effective_on
    family = accounts.filter(parent=accounts.filter(type="full", parent=None).earliest("pk"))
    assert family.count() > 1
    for column in ("type", "product", "second_factor", "is_hipaa", "last_active_at"):
        assert len(set(accounts.values_list(column, flat=True))) > 1, column


def test_people_have_roles_beyond_their_organization(db: None) -> None:
    large = populate(accounts=300, organizations=40)
    roles = RoleAssignment.unscoped.independent()
    assert roles.filter(organization=large).exists()
    assert roles.filter(holder_organization=large).exists()


def test_every_kind_of_invitation_waits(large: Organization) -> None:
    kinds = Counter(Invitation.unscoped.filter(organization=large).values_list("kind", flat=True))
    assert kinds == {"join": 16, "access": 2, "add_account": 2}
    assert (large.pending_users, large.pending_accounts) == (16, 2)


def test_some_invitations_are_expired_and_most_are_not(large: Organization) -> None:
    pending = Invitation.unscoped.filter(organization=large)
    assert 0 < pending.expired().count() < pending.count() / 2


def test_the_same_seed_makes_the_same_people(db: None) -> None:
    first = populate(seed=7)
    assert names(populate(seed=7)) == names(first)
    assert names(populate(seed=8)) != names(first)


def test_its_trail_is_written_and_says_so(large: Organization) -> None:
    event = AuditEvent.unscoped.filter(chain="system").latest("sequence")
    assert event.action == "system.populated"
    assert event.details.data["users"] == 300


def test_nobody_can_log_in_without_a_password(large: Organization) -> None:
    for user in User.objects.filter(pk__gte=large.owner_id):
        assert not user.has_usable_password()


def test_the_owner_alone_can_log_in_with_the_password_given(db: None) -> None:
    large = populate(password="a password for measuring")
    login = {"login": large.owner.email, "password": "a password for measuring"}
    response = Client().post(reverse("account_login"), login)
    assert response.status_code == 302
    can = [
        one.pk for one in User.objects.filter(pk__gte=large.owner_id) if one.has_usable_password()
    ]
    assert can == [large.owner_id]


def test_life_goes_on_behind_the_rows(large: Organization) -> None:
    """The database numbers on, the domain lets people in and the limit leaves room."""
    owner = large.owner
    name = Domain.unscoped.get(organization=large).name
    invite_user(large, email=f"new@{name}", role=Role.STANDARD, actor=acting(owner))
    create_account(large, name="One more", owner=owner, actor=acting(owner))


@pytest.mark.parametrize("page", ["users:list", "users:pending", "accounts:list", "audit:list"])
def test_its_pages_are_shown(
    page: str, large: Organization, sign_in: Callable[..., Client]
) -> None:
    response = sign_in(large.owner).get(reverse(page))
    assert response.status_code == 200
    assert response.context["rows"]


def test_everybody_is_found_by_a_part_of_their_name(
    large: Organization, sign_in: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "_FEW_ROWS", 0)  # also on SQLite by the index alone
    last = Membership.unscoped.filter(organization=large).latest("pk")
    page = sign_in(large.owner).get(reverse("users:list"), {"search": last.name_key[2:]})
    assert last.email in {row["email"] for row in page.context["rows"]}


def refused(**options: object) -> str:
    before = Organization.objects.count()
    with pytest.raises(CommandError) as error:
        call_command("populate", **{**SIZE, **options})
    assert Organization.objects.count() == before
    return str(error.value)


def test_a_database_with_organizations_is_left_alone(db: None) -> None:
    assert "There are organizations" in refused()


def test_whoever_adds_must_name_the_database(db: None) -> None:
    assert "not another" in refused(add_to="another")


def test_where_people_work_nothing_is_made_up(db: None, settings) -> None:
    settings.IS_HTTPS = True
    assert "people work here" in refused(add_to=name_of_database())


@pytest.mark.parametrize(
    "wrong",
    [
        {"organizations": 0},
        {"users": 6},
        {"accounts": 2},
        {"invitations": -1},
        {"events": -1},
    ],
)
def test_a_size_that_cannot_be_is_refused(wrong: dict[str, int], db: None) -> None:
    assert refused(add_to=name_of_database(), **wrong)


def test_a_small_world_needs_no_trail_and_no_invitations(db: None) -> None:
    large = populate(organizations=1, users=1, accounts=0, invitations=0, events=0)
    assert names(large) != []
    assert not AuditEvent.unscoped.filter(chain=large.sid).exists()
