"""What would come of an address, told step by step, and kept as what is expected of it."""

# ruff: noqa: RUF001 (letters that look like others are what is tested)

from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.tenancy import tenant
from audit.models import AuditEvent
from audit.presenters import line
from organizations.models import DomainSetting, Organization
from tests.conftest import acting
from tests.pages.effects import assert_no_effect, comparable, follow
from tests.users.people import choose, doubt, expectation_of, lose, prove, share
from users import foresight
from users.admission import decide
from users.foresight import foresee
from users.models import Expectation, Outcome, WayIn
from users.operations import forget_expectation, save_expectation

PAGE = "/admin-center/domains/what-if/"
EXPECT = f"{PAGE}expect/"
NEW = "zoe@acme.example"
ASKED = {"email": NEW, "way_in": "sign_up"}


@pytest.fixture
def admin(sign_in, ben) -> Client:
    return sign_in(ben)


@pytest.fixture
def ask(admin) -> Callable[..., str]:
    def show(email: str = NEW, way_in: str = "sign_up") -> str:
        response = admin.get(PAGE, {"email": email, "way_in": way_in})
        assert response.status_code == 200
        return response.content.decode()

    return show


def save(
    organization: Organization, email: str = NEW, way_in: WayIn = WayIn.SIGN_UP
) -> Expectation:
    assert organization.owner
    owner = acting(organization.owner)
    return save_expectation(organization, email=email, way_in=way_in, actor=owner)


# Foresight


@pytest.mark.parametrize("setting", DomainSetting)
@pytest.mark.parametrize("way_in", WayIn)
def test_what_is_foreseen_is_what_is_decided(way_in, setting, acme) -> None:
    choose(acme, setting)
    into = None if way_in in {WayIn.SIGN_UP, WayIn.EMAIL_CHANGE} else acme
    for address in (NEW, "zoe@fresh.example", "zoe@gmail.com"):
        assert foresee(acme, address, way_in) == decide(address, way_in, into=into)


@pytest.mark.parametrize("setting", DomainSetting)
def test_what_another_organization_decides_is_not_told(setting, acme, globex, ask) -> None:
    told = {}
    for state in ("verified", "uncertain", "shared"):
        choose(globex, setting)
        if state == "uncertain":
            doubt("globex.example")
        if state == "shared":
            lose("globex.example")
            prove(globex, "globex.example")
            share("globex.example")
        verdict = foresee(acme, "zoe@globex.example", WayIn.SIGN_UP)
        assert (verdict.outcome, verdict.code, verdict.joins) == (Outcome.ELSEWHERE, "", None)
        told[state] = comparable(ask("zoe@globex.example").encode())
    assert len(set(told.values())) == 1
    assert "Globex" not in told["verified"].decode()


def test_a_domain_that_is_shared_with_others_is_ours_to_know(acme, globex) -> None:
    share("acme.example", globex)
    for organization in (acme, globex):
        assert foresee(organization, NEW, WayIn.SIGN_UP).outcome == Outcome.OUTSIDE


def test_it_tells_nobody_who_has_a_login_elsewhere(ask) -> None:
    for known, unknown in (
        ("ida@freelance.example", "xyz@freelance.example"),
        ("eve@globex.example", "xyz@globex.example"),
    ):
        for way_in in WayIn:
            there = comparable(ask(known, way_in).encode(), known, known.replace("@", "%40"))
            not_there = comparable(
                ask(unknown, way_in).encode(), unknown, unknown.replace("@", "%40")
            )
            assert there == not_there


# The page


def test_the_page_shows_the_verdict_the_reason_and_every_step(ask) -> None:
    body = ask()
    assert f"<h2>{NEW} signs up</h2>" in body
    assert "Is refused" in body
    assert "They would read: “An organization manages" in body
    assert "by invitation only" in body
    for step in decide(NEW, WayIn.SIGN_UP).steps:
        assert step.question in body
        assert step.answer in body


def test_of_ones_own_people_it_says_that_nothing_changes(ask, cy) -> None:
    assert "managed user of yours already" in ask(cy.email)
    assert "managed user of yours" not in ask()


def test_asking_changes_nothing(ask) -> None:
    with assert_no_effect():
        for way_in in WayIn:
            ask(NEW, way_in)


@pytest.mark.parametrize(
    ("email", "problem"),
    [
        ("zoe", "Enter an address such as name@example.com."),
        ("", "This field is required."),
        ("zoe@ａcme.example", "After the @:"),
        ("ﬁn@acme.example", "Use plain letters, digits and signs"),
    ],
)
def test_what_is_no_address_is_refused_beside_its_field(email, problem, ask) -> None:
    body = ask(email)
    assert problem in body
    assert 'id="id_email_error"' in body
    assert "How this is decided" not in body


def test_what_is_no_event_is_refused_beside_its_field(ask) -> None:
    assert 'id="id_way_in_error"' in ask(NEW, "teleports")


def test_the_page_without_a_question_has_no_answer_and_no_error(admin) -> None:
    body = admin.get(PAGE).content.decode()
    assert "How this is decided" not in body
    assert "_error" not in body
    assert "None yet." in body


def test_an_answer_is_kept_with_one_button_and_removed_with_another(admin, acme) -> None:
    answer = admin.post(EXPECT, ASKED)
    assert answer["Location"] == f"{PAGE}?email=zoe%40acme.example&way_in=sign_up"
    body = follow(admin, answer).content.decode()
    assert "The expectation for zoe@acme.example is saved." in body
    assert "Holds" in body

    saved = Expectation.unscoped.get(organization=acme)
    assert (saved.email, saved.way_in, saved.outcome) == (NEW, WayIn.SIGN_UP, Outcome.REFUSED)
    answer = admin.post(f"{PAGE}{saved.sid}/forget/")
    assert "The expectation is removed." in follow(admin, answer).content.decode()
    assert not Expectation.unscoped.filter(pk=saved.pk).exists()


def test_what_is_expected_already_is_not_offered_again(ask, acme) -> None:
    assert f'action="{EXPECT}"' in ask()
    save(acme)
    assert f'action="{EXPECT}"' not in ask()
    assert f'action="{EXPECT}"' in ask(NEW, "invitation")


def test_what_is_broken_by_now_says_so(admin, acme) -> None:
    save(acme)
    choose(acme, DomainSetting.AUTO_ENROLLMENT)
    body = admin.get(PAGE).content.decode()
    assert "Not every expectation holds" in body
    assert "Broken" in body
    assert "Becomes a managed user of this organization" in body


@pytest.mark.parametrize("typed", [{}, {"email": "zoe"}, {"email": NEW, "way_in": "teleports"}])
def test_a_button_without_a_question_keeps_nothing(typed, admin) -> None:
    with assert_no_effect():
        body = follow(admin, admin.post(EXPECT, typed)).content.decode()
    assert "Enter an address and choose an event first." in body


def test_the_page_costs_the_same_however_much_is_expected(admin, acme, count_queries) -> None:
    save(acme)
    few = count_queries(lambda: admin.get(PAGE))
    for number in range(20):
        save(acme, f"zoe{number}@fresh{number}.example", list(WayIn)[number % 8])
    assert count_queries(lambda: admin.get(PAGE)) == few


def test_lists_and_settings_lead_to_the_page(admin) -> None:
    for url in ("/admin-center/domains/", "/admin-center/settings/"):
        assert f'href="{PAGE}"' in admin.get(url).content.decode()


# Expectations


def test_one_answer_is_kept_for_one_address_and_way_in(acme) -> None:
    save(acme)
    with assert_no_effect(), pytest.raises(RuleViolation) as refused:
        save(acme, "ZOE@acme.example")
    assert (refused.value.code, refused.value.field) == ("expectation_exists", "email")
    save(acme, NEW, WayIn.INVITATION)


def test_there_is_a_most_that_is_kept(acme, settings) -> None:
    settings.EXPECTATIONS_PER_ORGANIZATION = 2
    save(acme)
    save(acme, NEW, WayIn.INVITATION)
    with assert_no_effect(), pytest.raises(RuleViolation) as refused:
        save(acme, NEW, WayIn.SCIM)
    assert refused.value.code == "expectation_limit"


def test_keeping_and_removing_are_in_the_trail(acme, ana) -> None:
    saved = save(acme)
    forget_expectation(saved, actor=acting(ana))
    forget_expectation(saved, actor=acting(ana))  # twice is once
    told = [line(one) for one in AuditEvent.unscoped.filter(chain=acme.sid).order_by("sequence")]
    assert told[-2:] == [
        "ana@acme.example saved an expectation for zoe@acme.example, who signs up: is refused",
        "ana@acme.example removed the expectation for zoe@acme.example, who signs up",
    ]


def test_who_may_not_change_the_setting_keeps_and_removes_nothing(acme, cy, sue) -> None:
    saved = expectation_of(acme)
    for somebody in (cy, sue):
        with assert_no_effect(), pytest.raises(NotAllowed):
            save_expectation(acme, email=NEW, way_in=WayIn.SCIM, actor=acting(somebody))
        with assert_no_effect(), pytest.raises(NotAllowed):
            forget_expectation(saved, actor=acting(somebody))


def test_a_lost_domain_is_foreseen_without_losing_it(acme) -> None:
    save(acme)
    save(acme, NEW, WayIn.INVITATION)
    save(acme, "zoe@fresh.example")
    with tenant(acme):
        broken = foresight.broken(acme, without="acme.example")
        assert [one.expectation.way_in for one in broken] == ["invitation", "sign_up"]
        assert not foresight.broken(acme)


# The command


def run(*words: str) -> str:
    out = StringIO()
    call_command("what_if", *words, stdout=out)
    return out.getvalue()


def test_an_operator_reads_every_step_and_the_verdict(acme) -> None:
    choose(acme, DomainSetting.AUTO_ENROLLMENT)
    with assert_no_effect():
        told = run("ZOE@acme.example", "sign_up")
    assert told.startswith(
        "zoe@acme.example signs up\n- Has an organization verified acme.example?"
    )
    assert told.endswith(f"Becomes a managed user of this organization ({acme.sid}, Acme).\n")


def test_an_operator_sees_what_administrators_see(acme, globex) -> None:
    choose(acme, DomainSetting.AUTO_ENROLLMENT)
    told = run(NEW, "sign_up", "--organization", globex.sid)
    assert "Is decided by another organization." in told
    assert "Acme" not in told
    assert "domain_not_verified: " in run(NEW, "invitation", "--organization", globex.sid)


@pytest.mark.parametrize(
    "words", [("zoe", "sign_up"), (NEW, "sign_up", "--organization", "OR" + "0" * 32)]
)
def test_what_the_command_cannot_answer_is_an_error(words, db) -> None:
    with pytest.raises(CommandError):
        run(*words)
