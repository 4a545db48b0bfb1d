"""Every address that is answered: a page that names its action, or one that is listed here."""

import inspect
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, get_type_hints

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.views import redirect_to_login
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.views.frames import ADMIN_CENTER, AccountPage
from accounts.views.frames import CONSOLE as CONSOLE_DOOR
from adminctr.core.plans import Plan
from adminctr.core.sids import make_sid
from adminctr.core.tenancy import tenant
from adminctr.core.tokens import make_token
from adminctr.web.plans import PlanExportFrame, PlanFrame
from adminctr.web.views import (
    ActionFrame,
    ConsolePage,
    DetailFrame,
    Done,
    ExportPage,
    FileFrame,
    ListFrame,
    OperationFrame,
)
from audit.models import AuditEvent
from imports.views.frames import ImportDownload, ImportPage
from invitations.models import Invitation
from organizations.models import Organization, Role
from organizations.policy import GRANTS, Action
from tests.conftest import Once
from tests.pages.addresses import SUBJECTS, path_to, path_with, sids_of
from tests.pages.effects import comparable
from users.models import User
from users.views.frames import UserPage
from users.views.offboarding import OffboardingSheet

# Who is not signed in gets this; the page itself decides what it shows to whom.
PUBLIC = {
    "healthz": 200,
    "readyz": 503,  # no worker is alive in a test
    "metrics": 404,  # for whoever has the token
    "gallery": 200,  # mounted in a demo only, as is the mailbox
    "mailbox": 200,
    "users:sign-up": 200,
    "users:sign-up-finish": 410,  # 410 for a link that is dead
    "domains:record": 410,
    "invitations:show": 410,
    "invitations:decline": 410,
    "profile:idle": 302,  # to the log-in, which says that it is too late
    "users:second-factor": 303,  # to the log-in: nobody stands at the door
    "users:second-factor-app": 303,
    "users:second-factor-cancel": 303,
    "users:second-factor-passkey": 303,
    "users:second-factor-phone": 303,
    "users:second-factor-phone-send": 303,
    "users:second-factor-recovery": 303,
    "users:second-factor-set-up": 303,
    "users:second-factor-set-up-app": 303,
    "users:second-factor-set-up-passkey": 303,
    "users:second-factor-set-up-phone": 303,
    "users:second-factor-set-up-phone-again": 303,
    "users:second-factor-set-up-phone-code": 303,
}
# Pages about oneself: every signed-in person may see them.
OWN = {
    "console:root": 302,
    "console:home": 200,
    "shortcuts": 200,
    "profile:show": 200,
    "profile:name": 200,
    "profile:email": 200,
    "profile:email-cancel": 303,  # a button: GET leads back
    "profile:email-confirm": 410,  # 410 for a link that is dead
    "profile:password": 200,
    "profile:preferences": 200,
    "profile:idle-left": 200,
    "profile:stay": 303,
    "profile:sessions": 200,
    "profile:sessions-end": 303,
    "profile:session-end": 404,  # 404 for a session that is nobody's
    "profile:second-factors": 200,
    "profile:second-factor-remove": 404,
    "profile:passkey-rename": 404,
    "profile:recovery-codes": 200,
    "profile:recovery-codes-new": 303,  # there are no new ones
    "profile:browsers": 200,
    "profile:browsers-forget": 303,
    "profile:browser-forget": 404,
}
# allauth's: what somebody who is not signed in gets.
FOREIGN = {
    "account_login": 200,
    "account_logout": 302,
    "account_inactive": 200,
    "account_reset_password": 200,
    "account_reset_password_done": 200,
    "account_reset_password_from_key": 200,
    "account_reset_password_from_key_done": 200,
}


def patterns(resolver: Any = None, namespace: str = "") -> Iterator[tuple[str, URLPattern]]:
    for one in (resolver or get_resolver()).url_patterns:
        if isinstance(one, URLResolver):
            inner = f"{namespace}{one.namespace}:" if one.namespace else namespace
            yield from patterns(one, inner)
        else:
            yield f"{namespace}{one.name}", one


PAGES = dict(patterns())
CONSOLE = {
    name: page.callback.view_class
    for name, page in PAGES.items()
    if issubclass(getattr(page.callback, "view_class", object), ConsolePage)
}
# The staff site, nothing of which is there for anybody but support staff: tests/staff.
STAFF = {
    "staff:accounts_account_changelist": 404,
    "staff:accounts_account_detail": 404,
    "staff:accounts_account_disable-hipaa": 404,
    "staff:accounts_account_enable-hipaa": 404,
    "staff:accounts_account_owner": 404,
    "staff:accounts_account_reactivate": 404,
    "staff:accounts_account_suspend": 404,
    "staff:accounts_account_upgrade": 404,
    "staff:accounts_roleassignment_changelist": 404,
    "staff:accounts_roleassignment_detail": 404,
    "staff:app_list": 404,
    "staff:audit_auditevent_changelist": 404,
    "staff:domains_domain_changelist": 404,
    "staff:domains_domain_detail": 404,
    "staff:domains_domain_withdraw-sharing": 404,
    "staff:domains_maildomain_add": 404,
    "staff:domains_maildomain_changelist": 404,
    "staff:domains_maildomain_detail": 404,
    "staff:domains_maildomain_forget": 404,
    "staff:domains_maildomain_turn": 404,
    "staff:index": 404,
    "staff:invitations_invitation_changelist": 404,
    "staff:invitations_invitation_detail": 404,
    "staff:organizations_organization_account-limit": 404,
    "staff:organizations_organization_approve-sharing": 404,
    "staff:organizations_organization_changelist": 404,
    "staff:organizations_organization_detail": 404,
    "staff:organizations_organization_domain-limit": 404,
    "staff:organizations_organization_import": 404,
    "staff:organizations_organization_ownership": 404,
    "staff:organizations_organization_record-baa": 404,
    "staff:organizations_organization_rename": 404,
    "staff:users_user_changelist": 404,
    "staff:users_user_deactivate": 404,
    "staff:users_user_detail": 404,
    "staff:users_user_end-sessions": 404,
    "staff:users_user_lift-suspension": 404,
    "staff:users_user_reactivate": 404,
    "staff:users_user_reset-2fa": 404,
    "staff:users_user_reset-password": 404,
    "staff:users_user_suspend": 404,
}
LISTED = PUBLIC | OWN | FOREIGN | STAFF
# Console pages that an Administrator is refused too.
OWNERS = {"organizations:ownership"}
# Those that every member may open, and those for whoever has a role on the account.
MEMBERS = {"account:new", "account:new-review"}
AT_THE_CONSOLE = {name for name in CONSOLE if name.startswith("account:")} - MEMBERS
ADMINISTRATORS = set(CONSOLE) - AT_THE_CONSOLE - MEMBERS


@pytest.fixture(autouse=True)
def _no_wait_for_name_servers(settings: Any) -> None:
    settings.DNS_LIFETIME = timedelta(milliseconds=20)


@pytest.fixture(scope="module")
def sids_elsewhere(once: Once) -> dict[str, str]:
    return once(lambda: sids_of(Organization.objects.get(name="Globex")))


@pytest.fixture
def address(sids: dict[str, str]) -> Any:
    """Where a page of Acme's stands, whatever it needs in its address."""

    def find(name: str) -> str:
        converters = PAGES[name].pattern.converters
        if name == "profile:session-end":
            return reverse(name, args=[make_sid("SE")])
        if name == "profile:browser-forget":
            return reverse(name, args=[make_sid("RB")])
        if name in {"profile:second-factor-remove", "profile:passkey-rename"}:
            return reverse(name, args=[make_sid("FA")])
        if "token" in converters:
            return reverse(name, args=[make_token("invitation", sids["invitation"], 99)])
        if name == "account_reset_password_from_key":
            return reverse(name, kwargs={"uidb36": "US" + "0" * 32, "key": "set-password"})
        return path_to(name, sids)

    return find


@pytest.fixture
def loner(db: None) -> User:
    """Somebody who has left and founded nothing yet."""
    user = User.objects.create(email="loner@nowhere.example", first_name="Lo")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def ask(client: Client, name: str, url: str) -> Any:
    view = CONSOLE.get(name)
    buttons = (ActionFrame, ExportPage, PlanExportFrame)
    is_button = view is not None and issubclass(view, buttons)
    return client.post(url) if is_button else client.get(url)


def test_the_resolver_is_walked_whole() -> None:
    assert len(PAGES) >= 25
    assert "users:change-role" in CONSOLE


@pytest.mark.parametrize("name", PAGES)
def test_a_page_names_its_action_or_is_listed(name: str) -> None:
    assert (name in CONSOLE) != (name in LISTED)


def test_the_list_names_no_page_that_is_gone() -> None:
    assert set(LISTED) <= set(PAGES)
    assert set(CONSOLE) >= OWNERS


def test_no_two_pages_share_a_name_and_none_is_nameless() -> None:
    names = [name for name, _ in patterns()]
    assert sorted(names) == sorted(set(names))
    assert not [name for name in names if name.endswith("None")]


@pytest.mark.parametrize("name", CONSOLE)
def test_a_console_page_names_an_action_of_the_rule_book(name: str) -> None:
    assert isinstance(CONSOLE[name].action, Action)
    assert CONSOLE[name].action in GRANTS[Role.OWNER]
    assert (CONSOLE[name].action in GRANTS[Role.ADMINISTRATOR]) == (name not in OWNERS)
    assert (CONSOLE[name].action in GRANTS[Role.STANDARD]) == (name in MEMBERS)


@pytest.mark.parametrize("name", CONSOLE)
def test_a_page_does_not_take_over_the_asking_who_may(name: str) -> None:
    page = CONSOLE[name]
    own = (AccountPage, UserPage, ImportPage)
    frame = next((one for one in own if issubclass(page, one)), ConsolePage)
    assert page.dispatch is ConsolePage.dispatch
    assert page.one is ConsolePage.one
    assert page.admit is frame.admit
    assert page.surroundings is frame.surroundings


@pytest.mark.parametrize("name", sorted(AT_THE_CONSOLE))
def test_a_page_about_an_account_stands_at_both_doors(name: str) -> None:
    governed = PAGES[name.replace("account:", "accounts:")].callback
    own = PAGES[name].callback
    assert own.view_class is governed.view_class
    assert (own.view_initkwargs, governed.view_initkwargs) == (
        {"door": CONSOLE_DOOR},
        {"door": ADMIN_CENTER},
    )


FRAMES = (
    ImportDownload, PlanFrame, OperationFrame, ActionFrame, ListFrame, DetailFrame, FileFrame,
    ExportPage, PlanExportFrame, OffboardingSheet,
)  # fmt: skip
PLANS = {
    name: page.callback.view_class
    for name, page in PAGES.items()
    if issubclass(getattr(page.callback, "view_class", object), PlanFrame)
}


@pytest.mark.parametrize("name", CONSOLE)
def test_a_page_fills_in_one_frame_and_answers_as_the_frame_does(name: str) -> None:
    page = CONSOLE[name]
    frame, *others = [one for one in FRAMES if issubclass(page, one)]
    assert others == ([OperationFrame] if frame is PlanFrame else [])
    handlers = {one: getattr(frame, one) for one in ("get", "post") if hasattr(frame, one)}
    assert {one: getattr(page, one, None) for one in ("get", "post") if hasattr(page, one)} == (
        handlers
    )
    assert page.page is ConsolePage.page
    if frame in {OperationFrame, ActionFrame, PlanFrame}:
        assert get_type_hints(page.perform)["return"] is Done
        parameters = ["self", "subject", "data"][: 2 if frame is ActionFrame else 3]
        assert list(inspect.signature(page.perform).parameters) == parameters


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_page_says_what_it_would_do_and_has_a_file_of_it(name: str) -> None:
    """The file stands at the same door as the page."""
    page = CONSOLE[name](**PAGES[name].callback.view_initkwargs)
    assert get_type_hints(page.plan)["return"] is Plan
    assert CONSOLE[name].acknowledgements is not PlanFrame.acknowledgements
    space = name.partition(":")[0]
    export_name, shown_at = page.export_name, name
    if isinstance(page, AccountPage):  # which names its door's pages without the door
        export_name, shown_at = f"{space}:{page.export_name}", name.removeprefix(f"{space}:")
    callback = PAGES[export_name].callback
    file = callback.view_class(**callback.view_initkwargs)
    assert (file.of, file.shown_at) == (CONSOLE[name], shown_at)
    assert callback.view_initkwargs == PAGES[name].callback.view_initkwargs
    assert str(PAGES[export_name].pattern).startswith(str(PAGES[name].pattern))


@pytest.mark.parametrize("name", sorted(set(CONSOLE) | set(OWN)))
def test_who_is_not_signed_in_is_asked_to(name: str, client: Client, address: Any) -> None:
    url = address(name)
    response = ask(client, name, url)
    assert response.status_code == 302
    assert response["Location"] == redirect_to_login(url, reverse("account_login")).url


@pytest.mark.parametrize("name", sorted(set(PUBLIC) | set(FOREIGN)))
def test_a_public_page_answers_as_listed(name: str, client: Client, address: Any) -> None:
    assert client.get(address(name)).status_code == LISTED[name]


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("who", ["ana", "cy", "eve", "sue"])
def test_everybody_has_a_page_of_their_own(
    name: str, who: str, address: Any, sign_in: Any, request: pytest.FixtureRequest
) -> None:
    client = sign_in(request.getfixturevalue(who))
    assert client.get(address(name)).status_code == OWN[name]


@pytest.mark.parametrize("name", sorted(ADMINISTRATORS))
def test_a_standard_user_is_refused_and_that_is_noted(
    name: str, cy: User, acme: Organization, sign_in: Any, address: Any
) -> None:
    client = sign_in(cy)
    response = ask(client, name, address(name))
    assert response.status_code == 403
    newest = AuditEvent.unscoped.filter(chain=acme.sid).latest("sequence")
    assert newest.action == f"{CONSOLE[name].action}.refused"
    assert newest.actor_sid == cy.sid


@pytest.mark.parametrize("name", sorted(ADMINISTRATORS))
@pytest.mark.parametrize("who", ["ana", "ben"])
def test_an_administrator_is_answered(
    name: str, who: str, sign_in: Any, address: Any, request: pytest.FixtureRequest
) -> None:
    client = sign_in(request.getfixturevalue(who))
    response = ask(client, name, address(name))
    expected = {403} if who == "ben" and name in OWNERS else {200, 303}
    assert response.status_code in expected


@pytest.mark.parametrize("name", sorted(MEMBERS))
@pytest.mark.parametrize("who", ["ana", "ben", "cy"])
def test_every_member_is_answered(
    name: str, who: str, sign_in: Any, address: Any, request: pytest.FixtureRequest
) -> None:
    assert sign_in(request.getfixturevalue(who)).get(address(name)).status_code == 200


@pytest.mark.parametrize("name", [name for name in CONSOLE if name in SUBJECTS])
def test_another_organization_is_told_that_there_is_nothing(
    name: str, sids: dict[str, str], sids_elsewhere: dict[str, str], eve: User, sign_in: Any
) -> None:
    """The same bytes as for what does not exist, whichever part of the address is foreign."""
    client = sign_in(eve)
    own = {part: sids_elsewhere[kind] for part, kind in SUBJECTS[name].items()}
    for part, kind in SUBJECTS[name].items():
        foreign, unknown = (
            ask(client, name, path_with(name, own | {part: sid}))
            for sid in (sids[kind], sids[kind][:2] + "0" * 32)
        )
        assert foreign.status_code == unknown.status_code == 404, part
        assert comparable(foreign.content) == comparable(unknown.content), part


@pytest.mark.parametrize("name", sorted(ADMINISTRATORS | MEMBERS))
def test_who_has_no_organization_is_refused(
    name: str, sign_in: Any, address: Any, loner: User
) -> None:
    assert ask(sign_in(loner), name, address(name)).status_code == 403


def test_an_open_invitation_is_shown_to_who_holds_its_link(
    client: Client, acme: Organization
) -> None:
    with tenant(acme):
        invitation = Invitation.objects.pending()[0]
    assert client.get(reverse("invitations:show", args=[invitation.token()])).status_code == 200


@pytest.mark.parametrize("who", ["ana", "cy"])
def test_the_staff_site_is_as_unknown_as_anything(
    who: str, sids: dict[str, str], sign_in: Any, request: pytest.FixtureRequest
) -> None:
    client = sign_in(request.getfixturevalue(who))
    unknown = client.get("/nowhere/")
    for name in STAFF:
        answer = client.get(path_to(name, sids))
        assert answer.status_code == unknown.status_code == STAFF[name], name
        assert answer.content == unknown.content
