"""Tidewater, where people come, are governed and leave: what a person can be, beside Acme's.

`manage.py demo` alone builds it. Tests count the rows of the world that `adminctr.web.demo` makes,
so what they have no need of stands here.
"""

from dataclasses import dataclass
from datetime import timedelta

import pyotp

from accounts.models import Account, AccountRole
from accounts.operations import create_account, set_roles
from adminctr.core import clock
from adminctr.core.actor import Actor
from adminctr.core.tenancy import every_tenant, tenant
from adminctr.web.demo_arrivals import DemoArrivals
from adminctr.web.demo_organizations import Company, Founder, acting, owner_of
from imports.operations import switch_import
from organizations.models import Role, SecondFactor
from organizations.operations import save_view
from users import app_codes, offboarding, phones
from users.models import Offboarding, User, WayOut
from users.offboarding import Choices
from users.operations import (
    deactivate_user,
    enrol_app,
    enrol_phone,
    make_recovery_codes,
    offboard_user,
    require_second_factor,
    reset_second_factor,
    reset_user_password,
    schedule_offboarding,
    send_code,
    suspend_login,
)
from users.passwords import PasswordHash

PEOPLE = {
    "mara@tidewater.example": "owns Tidewater, where people come and leave",
    "nils@tidewater.example": "administers Tidewater; the codes for his phone are in the mailbox",
}

_DOMAIN = "tidewater.example"
_COLLEAGUES = (
    ("nils", "Nils", "Aalto", Role.ADMINISTRATOR),
    ("ulla", "Ulla", "Brandt", Role.ADMINISTRATOR),
    ("oskar", "Oskar", "Dahl", Role.STANDARD),
    ("pia", "Pia", "Ferrari", Role.STANDARD),
    ("quentin", "Quentin", "Gray", Role.STANDARD),
    ("runa", "Rúna", "Hansen", Role.STANDARD),
    ("sami", "Sami", "Ito", Role.STANDARD),
    ("tove", "Tove", "Jansen", Role.STANDARD),
    ("vera", "Vera", "Kowalska", Role.STANDARD),
    ("wim", "Wim", "Lambert", Role.STANDARD),
)
_PHONES = {"nils": "+15005550011", "pia": "+15005550012", "tove": "+15005550013"}
_A_MONTH = timedelta(days=30)
_LAST_REASON = "Wants their data to be deleted"
_OPERATOR = Actor.operator("demo")


@dataclass(frozen=True, slots=True)
class DemoPeople:
    """Builds it; everybody gets the same password."""

    password: PasswordHash

    def build(self) -> None:
        founder = Founder(self.password)
        # Before the domain is Tidewater's, which from then on decides who signs up with it.
        _leave_outside(founder)
        company = _founded(founder)
        arrivals = DemoArrivals(company)
        _enrol(company)
        _give_work(company)
        arrivals.import_everybody()
        arrivals.invite_many(_open("Ticket shop", company.owner, company))
        _save_views(company)
        _govern(company)
        _schedule_offboarding(company)
        _let_go(company, arrivals)


def exists() -> bool:
    """Whether it was made to its end: the sheet of who was deleted last stays for good."""
    with every_tenant():
        return Offboarding.objects.filter(how=WayOut.DELETE, reason=_LAST_REASON).exists()


def _leave_outside(founder: Founder) -> None:
    """Two who can be imported, and two who cannot."""
    founder.found(f"ines@{_DOMAIN}", "Inês", "Moreira", "Inês's trial")
    founder.found(f"joost@{_DOMAIN}", "Joost", "Nagy", "Joost's trial")
    boats = founder.found(f"kaya@{_DOMAIN}", "Kaya", "Olsen", "Kaya's boats")
    founder.verify(boats, "kayas-boats.example")
    trial = founder.found(f"lars@{_DOMAIN}", "Lars", "Petit", "Lars's trial")
    suspend_login(owner_of(trial), actor=_OPERATOR)


def _founded(founder: Founder) -> Company:
    tidewater = founder.found(f"mara@{_DOMAIN}", "Mara", "Lund", "Tidewater")
    founder.verify(tidewater, _DOMAIN)
    switch_import(tidewater, is_on=True, actor=_OPERATOR)
    for name, first_name, last_name, role in _COLLEAGUES:
        founder.bring_in(tidewater, f"{name}@{_DOMAIN}", first_name, last_name, role)
    return Company(tidewater, _DOMAIN)


def _enrol(company: Company) -> None:
    """An app with recovery codes, and phones, whose messages are in the demo's mailbox."""
    oskar = company.person("oskar")
    secret = app_codes.make_secret()
    code = pyotp.TOTP(secret).at(clock.now())
    enrol_app(oskar, secret=secret, code=code, actor=acting(oskar))
    make_recovery_codes(oskar, actor=acting(oskar))
    for name, number in _PHONES.items():
        person = company.person(name)
        sent = send_code(person, number=number, actor=acting(person))
        enrol_phone(person, code=phones.code_of(sent), actor=acting(person))


def _give_work(company: Company) -> None:
    """What hangs on those who are going to leave."""
    ulla, vera = company.person("ulla"), company.person("vera")
    _open("Harbour alerts", ulla, company)
    for name, holder in (("Ferry times", ulla), ("Crew messages", company.person("wim"))):
        account = _open(name, vera, company)
        roles = [AccountRole.DEVELOPER]
        set_roles(account, holder=holder, roles=roles, reason="On call", actor=acting(vera))
    company.invite("ivar", by=ulla)
    _save_view("Administrators", "role=administrator", company, by=ulla)


def _save_views(company: Company) -> None:
    _save_view("No second factor", "factor=no", company, by=company.owner)
    _save_view("Deactivated", "status=inactive", company, by=company.owner, is_shared=False)


def _govern(company: Company) -> None:
    """Deactivated, waiting for a new password, asked for a second factor, and without theirs."""
    actor = company.acting
    deactivate_user(company.stay("quentin"), actor=actor)
    reset_user_password(company.stay("runa"), actor=actor)
    require_second_factor(company.stay("sami"), level=SecondFactor.EVERY_LOG_IN, actor=actor)
    reset_second_factor(company.stay("tove"), actor=actor)


def _schedule_offboarding(company: Company) -> None:
    choices = _everything_to_nils(company)
    schedule_offboarding(
        company.stay("ulla"),
        how=WayOut.REMOVE,
        choices=choices,
        due_at=clock.now() + _A_MONTH,
        digest=_digest("ulla", WayOut.REMOVE, choices, company),
        reason="Moves to a partner company",
        actor=company.acting,
    )


def _let_go(company: Company, arrivals: DemoArrivals) -> None:
    """Somebody is removed, who could be imported again, and somebody is deleted."""
    choices = _everything_to_nils(company)
    _offboard_user("vera", WayOut.REMOVE, choices, "Contract has ended", company)
    arrivals.list_everybody()
    _offboard_user("wim", WayOut.DELETE, Choices(), _LAST_REASON, company)


def _offboard_user(name: str, how: WayOut, choices: Choices, reason: str, company: Company) -> None:
    offboard_user(
        company.stay(name),
        how=how,
        choices=choices,
        digest=_digest(name, how, choices, company),
        reason=reason,
        actor=company.acting,
    )


def _digest(name: str, how: WayOut, choices: Choices, company: Company) -> str:
    """Of the plan that is shown before it is confirmed."""
    with tenant(company.organization):
        return offboarding.plan(company.stay(name), how, choices).digest


def _everything_to_nils(company: Company) -> Choices:
    return Choices(owner=company.person("nils").sid)


def _open(name: str, owner: User, company: Company) -> Account:
    return create_account(company.organization, name=name, owner=owner, actor=acting(owner))


def _save_view(
    name: str, query: str, company: Company, *, by: User, is_shared: bool = True
) -> None:
    save_view(
        company.organization,
        listed="users:list",
        name=name,
        query=query,
        is_shared=is_shared,
        actor=acting(by),
    )
