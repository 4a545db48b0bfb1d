"""Renaming an organization: by its Owner and Administrators, and told in the trail."""

from importlib import import_module

import pytest
from django.apps import apps

from adminctr.core.errors import NotAllowed, RuleViolation
from audit.models import AuditEvent
from organizations.models import Organization
from organizations.operations import rename_organization
from organizations.policy import ASK_AN_ADMINISTRATOR, NOT_A_MEMBER
from tests.conftest import acting
from tests.pages.effects import assert_no_effect


@pytest.mark.parametrize("who", ["ana", "ben"])
def test_owner_and_administrators_rename(who, acme, globex, request) -> None:
    user = request.getfixturevalue(who)
    rename_organization(acme, name="Acme Works", actor=acting(user))
    acme.refresh_from_db()
    globex.refresh_from_db()
    assert (acme.name, globex.name) == ("Acme Works", "Globex")
    assert (acme.name_key, globex.name_key) == ("acme works", "globex")
    (event,) = AuditEvent.unscoped.filter(action="organization.renamed")
    assert (event.chain, event.actor_sid, event.subject_sid) == (acme.sid, user.sid, acme.sid)
    told = event.details.data
    assert (told["before"], told["after"]) == ("Acme", "Acme Works")


def test_the_keys_of_older_names_are_filled_by_migrating(acme, globex) -> None:
    Organization.objects.filter(pk=acme.pk).update(name="STRASSE ß", name_key="")
    Organization.objects.filter(pk=globex.pk).update(name_key="")
    step = import_module("organizations.migrations.0005_fill_organization_name_key")
    step.fill(apps, None)
    acme.refresh_from_db()
    globex.refresh_from_db()
    assert (acme.name_key, globex.name_key) == ("strasse ss", "globex")


def test_two_organizations_may_have_one_name(acme, globex, ana) -> None:
    rename_organization(acme, name=globex.name, actor=acting(ana))
    acme.refresh_from_db()
    assert acme.name == globex.name


def test_the_name_that_is_there_already_is_said_so(acme, ana) -> None:
    with assert_no_effect(), pytest.raises(RuleViolation) as violation:
        rename_organization(acme, name="Acme", actor=acting(ana))
    assert (violation.value.code, violation.value.field) == ("name_unchanged", "name")


@pytest.mark.parametrize(
    ("who", "reason"),
    [
        ("cy", ASK_AN_ADMINISTRATOR),
        ("eve", NOT_A_MEMBER),
        ("ida", NOT_A_MEMBER),
        ("sue", NOT_A_MEMBER),
    ],
)
def test_nobody_else_renames(who, reason, acme, request) -> None:
    with assert_no_effect(), pytest.raises(NotAllowed) as refusal:
        rename_organization(acme, name="Mine", actor=acting(request.getfixturevalue(who)))
    assert refusal.value.reason == reason
