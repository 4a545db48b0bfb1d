"""The worker looks at every held domain day by day, and says early what is about to be lost."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_tasks_db.models import DBTaskResult
from icalendar import Calendar
from pytest_django import Settings

from adminctr.core.actor import Actor
from adminctr.core.errors import NotAllowed
from adminctr.core.tenancy import tenant
from adminctr.queue.batches import enqueue_unless_waiting
from audit.models import AuditEvent
from domains import jobs
from domains.jobs import forget_old_checks, look_at_due_domains
from domains.models import Domain, DomainCheck, DomainStatus, Method
from domains.operations import keep_domains, settle_check, settle_recheck
from domains.probes import Finding, Outcome
from domains.states import Turn
from invitations.models import Invitation
from organizations.models import Membership, Organization, Role
from tests.conftest import acting
from tests.pages.effects import assert_no_effect
from tests.servers.dns import Answer, NameServer
from tests.users.people import doubt, member, prove
from users.models import Departure, User

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
BEGINNING = datetime(2026, 12, 1, 9, tzinfo=UTC)
WORKER = Actor.system("domain checks")

Work = Callable[[], int]
Deliver = Callable[[], list[EmailMessage]]


@pytest.fixture
def domain(acme: Organization, deliver: Deliver) -> Domain:
    """Acme's, proven at the beginning; no other domain is due, and no mail of the demo waits."""
    deliver()
    Domain.unscoped.held().exclude(organization=acme).update(next_check_at=BEGINNING + 400 * DAY)
    prove(acme, "acme.example")
    domain = Domain.unscoped.get(organization=acme, name="acme.example")
    domain.verified_at = domain.proven_at = domain.checked_at = BEGINNING
    domain.next_check_at = BEGINNING + DAY
    domain.save()
    return domain


def stored(domain: Domain) -> Domain:
    return Domain.unscoped.select_related("organization").get(pk=domain.pk)


def look_on(day: float, deliver: Deliver) -> list[EmailMessage]:
    """Let the worker do whatever is due at that moment; returns the mails that left.

    The clock goes on, since a question to a silent server ends by it; so each day is begun a little
    later than the one before.
    """
    with time_machine.travel(BEGINNING + day * DAY + day * timedelta(minutes=1)):
        look_at_due_domains.enqueue()
        return deliver()


def test_a_proof_that_stands_is_noted_day_by_day(
    names: NameServer, domain: Domain, deliver: Deliver
) -> None:
    names.publish(domain.record_name, domain.record_value)
    events = AuditEvent.unscoped.count()
    for day in (1, 2, 3):
        assert look_on(day, deliver) == []
    proven_at = stored(domain).proven_at
    assert proven_at
    assert proven_at.date() == (BEGINNING + 3 * DAY).date()
    checks = DomainCheck.unscoped.filter(domain=domain, at__gt=BEGINNING)
    assert [(one.is_proof, one.answer) for one in checks] == [(True, [domain.record_value])] * 3
    assert checks[0].server.startswith("127.0.0.1")
    assert checks[0].ttl == 60
    assert AuditEvent.unscoped.count() == events


def test_nothing_is_asked_before_it_is_due(
    names: NameServer, domain: Domain, deliver: Deliver
) -> None:
    names.publish(domain.record_name, domain.record_value)
    look_on(0.5, deliver)
    assert names.queries == []
    look_on(1, deliver)
    look_on(1.1, deliver)
    assert len(names.queries) == 1


def test_a_lapse_of_33_days_is_slow_and_loud_and_keeps_the_owner(
    names: NameServer, domain: Domain, acme: Organization, deliver: Deliver
) -> None:
    told: dict[int, list[EmailMessage]] = {}
    people = set(Membership.unscoped.open().filter(organization=acme).values_list("email"))
    for day in range(1, 36):
        if mails := look_on(day, deliver):
            told[day] = mails
        if day == 3:
            assert stored(domain).is_verified()
        if 5 <= day < 34:
            assert stored(domain).is_uncertain()
            assert Membership.unscoped.open().filter(organization=acme).count() == len(people)
    assert stored(domain).status == DomainStatus.UNVERIFIED
    assert acme.owner
    left = Membership.unscoped.open().filter(organization=acme, domain="acme.example")
    assert [stay.user for stay in left] == [acme.owner]

    administrators = {"ana@acme.example", "ben@acme.example", "fay@acme.example"}
    reminders = [
        mail for mails in told.values() for mail in mails if "left to verify" in mail.subject
    ]
    assert Counter(mail.subject.partition(" ")[0] for mail in reminders) == {
        "30": 3, "14": 3, "7": 3, "1": 3,
    }  # fmt: skip
    assert {address for mail in reminders for address in mail.to} == administrators
    subject = "acme.example is no longer verified"
    lost = [mail for mail in told[max(told)] if mail.subject == subject]
    assert {address for mail in lost for address in mail.to} == administrators


@pytest.mark.parametrize("stands_still_after", [2, 10])
def test_a_worker_that_stood_still_for_31_days_loses_nothing_unsaid(
    names: NameServer, domain: Domain, deliver: Deliver, stands_still_after: int
) -> None:
    days = [*range(1, stands_still_after + 1), *range(stands_still_after + 31, 70)]
    subjects = []
    for day in days:
        subjects += [mail.subject for mail in look_on(day, deliver)]
        if day < 34 + 28:
            assert stored(domain).is_held()
    assert not stored(domain).is_held()
    assert Counter(
        subject.partition(" ")[0] for subject in subjects if "left to verify" in subject
    ) == {"30": 3, "14": 3, "7": 3, "1": 3}


def test_the_day_of_a_loss_moves_on_while_nobody_answers(
    names: NameServer, domain: Domain, acme: Organization, deliver: Deliver
) -> None:
    for day in range(1, 6):
        look_on(day, deliver)
    before = stored(domain)
    names[domain.record_name] = Answer(code="SERVFAIL")
    for day in (6, 9, 40):
        assert look_on(day, deliver) == []
    after = stored(domain)
    acme.refresh_from_db()
    assert after.lost_on - before.lost_on == after.checked_at - before.checked_at
    assert acme.domain_deadline == after.lost_on


def test_asking_by_hand_neither_puts_a_loss_off_nor_brings_it_nearer(
    names: NameServer, domain: Domain, acme: Organization, ana: User, deliver: Deliver
) -> None:
    for day in range(1, 6):
        look_on(day, deliver)
    before = stored(domain)
    for day, outcome in ((6, Outcome.TIMED_OUT), (20, Outcome.NO_NAME)):
        with time_machine.travel(BEGINNING + day * DAY):
            settle_check(stored(domain), finding=Finding(outcome), actor=acting(ana))
    assert (stored(domain).lost_on, stored(domain).checked_at) == (
        before.lost_on,
        before.checked_at,
    )
    look_on(40, deliver)
    assert stored(domain).lost_on - before.lost_on >= 33 * DAY


def test_a_reminder_carries_the_day_for_the_calendar(
    names: NameServer, domain: Domain, deliver: Deliver
) -> None:
    mails = [mail for day in range(1, 5) for mail in look_on(day, deliver)]
    assert len(mails) == 3
    [(name, content, kind)] = mails[0].attachments
    assert name == "domain-deadline.ics"
    assert kind.startswith("text/calendar")
    [event] = Calendar.from_ical(content).walk("VEVENT")
    lost_on = stored(domain).lost_on
    assert lost_on
    assert event["DTSTART"].dt == lost_on.replace(microsecond=0)


def test_the_proof_that_returns_on_the_29th_day_saves_everything(
    names: NameServer, domain: Domain, acme: Organization, deliver: Deliver
) -> None:
    for day in range(1, 33):
        look_on(day, deliver)
    names.publish(domain.record_name, domain.record_value)
    mails = look_on(33, deliver)
    assert stored(domain).is_verified()
    assert {mail.subject for mail in mails} == {"acme.example is verified again"}
    acme.refresh_from_db()
    assert acme.domain_deadline is None
    with time_machine.travel(BEGINNING + 34 * DAY):
        member(acme, "new@acme.example")


def test_an_uncertain_domain_lets_nobody_new_in(
    names: NameServer, domain: Domain, acme: Organization, ana: User, deliver: Deliver
) -> None:
    for day in range(1, 6):
        look_on(day, deliver)
    acme.refresh_from_db()
    assert acme.domain_deadline == stored(domain).lost_on
    with time_machine.travel(BEGINNING + 6 * DAY), pytest.raises(Exception, match="not verified"):
        member(acme, "new@acme.example")


@pytest.mark.parametrize(
    "answer", [Answer(code="SERVFAIL"), Answer(code="REFUSED"), Answer(silent=True)]
)
def test_a_server_that_fails_for_40_days_takes_nothing_away(
    names: NameServer, domain: Domain, deliver: Deliver, answer: Answer
) -> None:
    names[domain.record_name] = answer
    for day in (1, 2, 3, 4, 5, 20, 40):
        assert look_on(day, deliver) == []
    assert stored(domain).is_verified()
    assert stored(domain).missing_since is None
    assert DomainCheck.unscoped.filter(domain=domain, is_proof=False).count() == 7


def test_one_resolver_that_has_the_proof_is_enough(
    names: NameServer, domain: Domain, deliver: Deliver, settings: Settings
) -> None:
    with NameServer() as other:
        other.publish(domain.record_name, domain.record_value)
        settings.DNS_RESOLVERS = [("127.0.0.1", names.port), ("127.0.0.1", other.port)]
        look_on(1, deliver)
    assert names.queries
    assert other.queries
    assert stored(domain).missing_since is None


def test_a_resolver_that_fails_does_not_vote_for_a_removal(
    names: NameServer, domain: Domain, deliver: Deliver, settings: Settings
) -> None:
    with NameServer() as other:
        other[domain.record_name] = Answer(code="SERVFAIL")
        settings.DNS_RESOLVERS = [("127.0.0.1", names.port), ("127.0.0.1", other.port)]
        look_on(1, deliver)
    assert stored(domain).missing_since is None


def test_a_domain_that_was_removed_meanwhile_is_left_alone(domain: Domain) -> None:
    Domain.unscoped.filter(pk=domain.pk).delete()
    assert settle_recheck(domain, findings=[Finding(Outcome.NO_NAME)], actor=WORKER) is Turn.NOTHING


def test_a_look_says_nothing_once_the_domain_is_proven_in_another_way(domain: Domain) -> None:
    Domain.unscoped.filter(pk=domain.pk).update(method=Method.HTTPS)
    missing = [Finding(Outcome.NO_NAME)]
    assert settle_recheck(domain, findings=missing, actor=WORKER) is Turn.NOTHING
    assert stored(domain).missing_since is None


def test_a_look_at_a_former_value_keeps_nothing(domain: Domain) -> None:
    proof = Finding(Outcome.FOUND, (domain.record_value.encode(),))
    Domain.unscoped.filter(pk=domain.pk).update(token="0" * 32)
    assert keep_domains([(domain, proof)], actor=WORKER) == 0


def test_domains_that_are_kept_together_are_looked_at_again_each_at_its_own_moment(
    domain: Domain, acme: Organization
) -> None:
    with tenant(acme):
        others = Domain.objects.bulk_create(_held_like(domain, number) for number in range(20))
    proven = [
        (one, Finding(Outcome.FOUND, (one.record_value.encode(),))) for one in (domain, *others)
    ]
    with (
        time_machine.travel(BEGINNING + DAY, tick=False),
        CaptureQueriesContext(connection) as queries,
    ):
        assert keep_domains(proven, actor=WORKER) == 21
    assert sum(query["sql"].startswith("UPDATE") for query in queries) == 1
    kept = Domain.unscoped.filter(pk__in=[one.pk for one, _ in proven])
    moments = set(kept.values_list("next_check_at", flat=True))
    assert len(moments) >= 20
    assert all(BEGINNING + 1.95 * DAY <= moment <= BEGINNING + 2 * DAY for moment in moments)


def _held_like(domain: Domain, number: int) -> Domain:
    return Domain(
        organization=domain.organization,
        name=f"n{number}.{domain.name}",
        status=domain.status,
        verified_at=domain.verified_at,
        next_check_at=domain.next_check_at,
    )


def test_what_became_uncertain_meanwhile_is_not_kept_by_an_older_look(domain: Domain) -> None:
    proof = Finding(Outcome.FOUND, (domain.record_value.encode(),))
    Domain.unscoped.filter(pk=domain.pk).update(missing_since=BEGINNING)
    assert keep_domains([(domain, proof)], actor=WORKER) == 0


def test_a_domain_that_cannot_be_settled_holds_up_no_other(
    names: NameServer, domain: Domain, ana: User
) -> None:
    """Its people are on their way back, so that they cannot leave at the same time."""
    doubt(domain.name, BEGINNING - 31 * DAY)
    Domain.unscoped.filter(pk=domain.pk).update(next_check_at=BEGINNING, reminded_days=1)
    Departure.unscoped.create(
        organization=domain.organization, domain_name=domain.name, is_return=True, by=ana
    )
    other = Domain.unscoped.get(name="globex.example")
    Domain.unscoped.filter(pk=other.pk).update(next_check_at=BEGINNING)
    names.publish(other.record_name, other.record_value)
    with time_machine.travel(BEGINNING + DAY), pytest.raises(ExceptionGroup):
        look_at_due_domains.call()
    assert stored(domain).is_uncertain()
    assert stored(other).proven_at > BEGINNING


def test_a_look_that_breaks_off_holds_up_no_other(
    names: NameServer, domain: Domain, settings: Settings
) -> None:
    """As a fault of ours would: the settings of one of the two ways to look are damaged."""
    settings.HTTPS_CHECK_LIFETIME = None
    Domain.unscoped.filter(pk=domain.pk).update(next_check_at=BEGINNING, method=Method.HTTPS)
    other = Domain.unscoped.get(name="globex.example")
    Domain.unscoped.filter(pk=other.pk).update(next_check_at=BEGINNING + timedelta(hours=1))
    names.publish(other.record_name, other.record_value)
    with time_machine.travel(BEGINNING + DAY), pytest.raises(ExceptionGroup):
        look_at_due_domains.call()
    assert stored(domain).proven_at == BEGINNING
    assert stored(other).proven_at > BEGINNING


def test_others_get_their_turn_while_domains_are_looked_at(
    names: NameServer, domain: Domain, work: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each look takes a whole turn."""
    monkeypatch.setattr(jobs, "_AT_ONCE", 1)
    monkeypatch.setattr(jobs, "TURN", timedelta())
    DBTaskResult.objects.all().delete()
    Domain.unscoped.exclude(name__in=[domain.name, "globex.example"]).update(next_check_at=None)
    both = Domain.unscoped.exclude(next_check_at=None)
    both.update(next_check_at=BEGINNING)
    for one in both:
        names.publish(one.record_name, one.record_value)
    looked_at = both.filter(proven_at__gt=BEGINNING)
    with time_machine.travel(BEGINNING + DAY):
        look_at_due_domains.call()
        assert looked_at.count() == 1
        assert [task.task_path for task in DBTaskResult.objects.ready()] == [
            look_at_due_domains.module_path
        ]
        assert work() >= 1
    assert looked_at.count() == both.count() == 2


def test_a_look_at_domains_that_waits_already_is_not_enqueued_again() -> None:
    DBTaskResult.objects.all().delete()
    for _ in range(2):
        enqueue_unless_waiting(look_at_due_domains)
    assert DBTaskResult.objects.ready().count() == 1


@pytest.mark.parametrize("who", ["ana", "eve"])
def test_only_the_worker_settles_what_it_has_seen(
    domain: Domain, who: str, request: pytest.FixtureRequest
) -> None:
    actor = acting(request.getfixturevalue(who))
    with assert_no_effect(), pytest.raises(NotAllowed):
        settle_recheck(domain, findings=[Finding(Outcome.NO_NAME)], actor=actor)
    with assert_no_effect(), pytest.raises(NotAllowed):
        keep_domains([(domain, Finding(Outcome.NO_NAME))], actor=actor)


def test_checking_by_hand_saves_an_uncertain_domain_too(
    names: NameServer, domain: Domain, acme: Organization, ana: User, deliver: Deliver
) -> None:
    for day in range(1, 6):
        look_on(day, deliver)
    proof = Finding(Outcome.FOUND, (domain.record_value.encode(),))
    with time_machine.travel(BEGINNING + 6 * DAY):
        settle_check(stored(domain), finding=proof, actor=acting(ana))
    acme.refresh_from_db()
    assert (stored(domain).is_verified(), acme.domain_deadline) == (True, None)


def test_old_checks_are_forgotten(domain: Domain, work: Work) -> None:
    proof = Finding(Outcome.FOUND, (domain.record_value.encode(),))
    for days in (0, 50):
        with time_machine.travel(BEGINNING + days * DAY, tick=False):
            assert keep_domains([(domain, proof)], actor=WORKER) == 1
    with time_machine.travel(BEGINNING + 101 * DAY):
        forget_old_checks.enqueue()
        work()
    assert [one.at for one in DomainCheck.unscoped.all()] == [BEGINNING + 50 * DAY]


def test_pending_invitations_wait_while_the_domain_is_uncertain(
    names: NameServer, domain: Domain, acme: Organization, deliver: Deliver
) -> None:
    before = Invitation.unscoped.open().filter(organization=acme).count()
    for day in range(1, 6):
        look_on(day, deliver)
    assert Invitation.unscoped.open().filter(organization=acme).count() == before
    assert Membership.unscoped.open().filter(organization=acme, role=Role.OWNER).exists()
