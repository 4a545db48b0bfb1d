"""Whatever ends somebody's sessions for them ends what was on its way to one too."""

from collections.abc import Callable

import pytest

from adminctr.core.actor import Actor
from adminctr.core.tenancy import tenant
from audit.models import AuditEvent
from bulk import actions
from organizations import policy
from organizations.models import Organization, SecondFactor
from tests.conftest import acting
from tests.pages.effects import browser, link_in, mails_to
from tests.users import departures
from tests.users.enrolled import (
    app_code,
    is_signed_in,
    next_code,
    type_code,
    type_password,
    with_app,
)
from tests.users.people import email_change_of, remembered_browser_of, session_of, stay_of
from tests.world import PASSWORD
from users import app_codes, second_factor_plan, standing
from users.models import RememberedBrowser, Session, User
from users.operations import (
    change_email,
    deactivate_user,
    end_other_sessions,
    end_user_sessions,
    enrol_app,
    lift_suspension,
    reactivate_user,
    remove_user,
    request_password_reset,
    require_second_factor_of_all,
    reset_second_factor,
    reset_user_password,
    suspend_login,
)
from users.reset_tokens import ResetTokens
from users.sign_in import PasswordBackend
from users.stages import SecondFactorStage

Act = Callable[[User, User, User], object]


def close_and_open(cy: User, ben: User, sue: User) -> None:
    deactivate_user(stay_of(cy), actor=acting(ben))
    reactivate_user(stay_of(cy), actor=acting(ben))


def suspend_and_lift(cy: User, ben: User, sue: User) -> None:
    lead = policy.staff_actor(sue).with_reason("Stolen laptop")
    suspend_login(cy, actor=lead)
    lift_suspension(cy, actor=lead)


def reset_factors(cy: User, ben: User, sue: User) -> None:
    if not stay_of(cy).has_second_factor:
        with_app(cy)
    reset_second_factor(stay_of(cy), actor=acting(ben))


def end_sessions(cy: User, ben: User, sue: User) -> None:
    session_of(cy)
    end_user_sessions(stay_of(cy), actor=acting(ben))


def end_sessions_of_many(cy: User, ben: User, sue: User) -> None:
    session_of(cy)
    _, bulk = actions.named("end-sessions")
    with tenant(stay_of(cy).organization):
        bulk.perform(cy.sid, {}, acting(ben))


def reset_the_password(cy: User, ben: User, sue: User) -> None:
    reset_user_password(stay_of(cy), actor=acting(ben))


def remove(cy: User, ben: User, sue: User) -> None:
    remove_user(stay_of(cy), owner=ben, actor=acting(ben))


def log_out_everywhere_else(cy: User, ben: User, sue: User) -> None:
    end_other_sessions(cy, keep=session_of(cy).sid, actor=acting(cy))


def change_address(cy: User, ben: User, sue: User) -> None:
    change_email(email_change_of(cy), keep=session_of(cy).sid, actor=acting(cy))


ACTS = {
    act.__name__: act
    for act in (
        close_and_open,
        suspend_and_lift,
        reset_factors,
        end_sessions,
        end_sessions_of_many,
        reset_the_password,
        remove,
        log_out_everywhere_else,
        change_address,
    )
}


@pytest.fixture(params=ACTS)
def act(request) -> Act:
    return ACTS[request.param]


def logged_out(user: User) -> int:
    return User.objects.get(pk=user.pk).log_outs


def test_half_a_log_in_is_over_once_others_have_ended_the_sessions(act, cy, ben, sue) -> None:
    secret = with_app(cy)
    client = browser()
    type_password(client, cy)
    act(cy, ben, sue)
    assert type_code(client, next_code(secret)).headers["Location"] == "/login/"
    assert not is_signed_in(client)


def test_half_a_log_in_opens_no_set_up_after_a_reset(cy, ben) -> None:
    with_app(cy)
    client = browser()
    type_password(client, cy)
    reset_second_factor(stay_of(cy), actor=acting(ben))
    assert client.get("/second-factor/set-up/app/").headers["Location"] == "/login/"


def test_a_mailed_link_to_a_new_password_is_dead_once_others_have_ended_the_sessions(
    act, cy, ben, sue, deliver
) -> None:
    request_password_reset(cy.email, actor=Actor.stranger(cy.email))
    link = link_in(mails_to(cy.email, deliver())[-1])
    act(cy, ben, sue)
    client = browser()
    opened = client.get(link)
    client.post(opened.headers.get("Location", link), {"password1": "plum harbour lantern"})
    assert "Location" not in opened.headers  # which leads to the form
    assert not User.objects.get(pk=cy.pk).check_password("plum harbour lantern")


def test_a_mailed_link_lives_while_nobody_ends_a_session(cy) -> None:
    token = ResetTokens().make_token(cy)
    assert ResetTokens().check_token(User.objects.get(pk=cy.pk), token)


def test_the_link_that_an_administrator_has_mailed_works(cy, ben, deliver) -> None:
    reset_user_password(stay_of(cy), actor=acting(ben))
    link = link_in(mails_to(cy.email, deliver())[-1])
    client = browser()
    client.post(client.get(link).headers["Location"], {"password1": "plum harbour lantern"})
    assert User.objects.get(pk=cy.pk).check_password("plum harbour lantern")


def test_who_is_logged_out_while_the_password_is_looked_at_types_it_again(
    cy, ben, monkeypatch
) -> None:
    look = PasswordBackend._check_password

    def slow(self, user, password):
        found = look(self, user, password)
        if user:
            end_sessions(cy, ben, ben)
        return found

    monkeypatch.setattr(PasswordBackend, "_check_password", slow)
    client = browser()
    assert type_password(client, cy, PASSWORD).headers["Location"] == "/login/"
    assert not is_signed_in(client)
    newest = AuditEvent.unscoped.filter(actor_sid=cy.sid).latest("pk")
    assert newest.action == "user.log_in_refused"


def test_who_is_logged_out_while_the_code_is_looked_at_logs_in_again(cy, ben, monkeypatch) -> None:
    secret = with_app(cy)
    client = browser()
    type_password(client, cy)
    leave = SecondFactorStage.exit

    def slow(self):
        end_sessions(cy, ben, ben)
        return leave(self)

    monkeypatch.setattr(SecondFactorStage, "exit", slow)
    assert type_code(client, next_code(secret)).headers["Location"] == "/login/"
    assert not is_signed_in(client)


def test_a_session_that_is_saved_just_after_others_have_ended_all_is_none(
    act, cy, ben, sue, sign_in
) -> None:
    client = sign_in(cy)
    late = Session.objects.get(user=cy)
    act(cy, ben, sue)
    late.save(force_insert=True)
    assert not is_signed_in(client)


def test_a_session_that_is_saved_just_after_the_first_factor_was_set_up_is_none(
    cy, sign_in
) -> None:
    """It has proven none."""
    client = sign_in(cy)
    late = Session.objects.get(user=cy)
    secret = app_codes.make_secret()
    keep, code = session_of(cy).sid, app_code(secret)
    enrol_app(cy, secret=secret, code=code, keep=keep, actor=acting(cy))
    late.save(force_insert=True)
    assert not is_signed_in(client)


def test_no_new_secret_key_brings_it_to_life(cy, ben, sign_in, settings) -> None:
    client = sign_in(cy)
    late = Session.objects.get(user=cy)
    end_sessions(cy, ben, ben)
    late.save(force_insert=True)
    current = sign_in(cy)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key of this installation, long enough to sign with"
    assert is_signed_in(current)
    assert not is_signed_in(client)


# Many at once


def ask_everybody(acme: Organization, ben: User) -> None:
    with tenant(acme):
        digest = second_factor_plan.plan(acme, SecondFactor.EVERY_LOG_IN).digest
    require_second_factor_of_all(
        acme,
        level=SecondFactor.EVERY_LOG_IN,
        end_sessions=True,
        digest=digest,
        actor=acting(ben),
    )


def test_asking_everybody_for_a_second_factor_ends_what_was_on_its_way_too(
    acme, ana, ben, cy
) -> None:
    for person in (ana, ben, cy):
        session_of(person)
    tokens = {person: ResetTokens().make_token(person) for person in (ana, ben, cy)}
    ask_everybody(acme, ben)
    alive = {
        person.email
        for person, token in tokens.items()
        if ResetTokens().check_token(User.objects.get(pk=person.pk), token)
    }
    assert alive == {ana.email, ben.email}


def test_leaving_with_a_domain_and_coming_back_each_log_out_once(db, work) -> None:
    company = departures.company()
    departures.departed(company.organization, work)
    assert [logged_out(one) for one in company.leavers] == [1, 1, 1]
    assert logged_out(company.dee) == 0
    departures.called_back(company)
    work()
    assert [logged_out(one) for one in company.leavers] == [2, 2, 2]


def test_logging_many_out_costs_the_same_for_few_and_for_many(cy, ben, ana, count_queries) -> None:
    few = count_queries(lambda: standing.log_out_all([cy.pk]))
    for person in (ana, ben, cy):
        session_of(person)
        remembered_browser_of(person)
    keys = [ana.pk, ben.pk, cy.pk]
    assert count_queries(lambda: standing.log_out_all(keys)) == few
    assert not Session.objects.filter(user__in=keys).exists()
    assert RememberedBrowser.objects.filter(user__in=keys).count() == 3
