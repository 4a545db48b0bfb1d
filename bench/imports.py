"""Lines 11 and 12: importing people by a file, and the same file again."""

import csv
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path

from django.db import transaction
from django.urls import reverse

from accounts.models import RoleAssignment
from adminctr.core import clock, text
from adminctr.core.periods import Source
from adminctr.core.tenancy import tenant
from adminctr.web import spreadsheets
from audit import chain
from audit.models import AuditDetails, AuditEvent
from bench.engines import ROOT
from bench.measure import interleaved, percentile
from bench.results import Findings, Result
from bench.stage import Stage
from domains.models import Domain, DomainStatus
from imports import files
from imports.candidates import outsiders
from imports.models import ImportRun
from organizations.models import Membership, Organization, Role
from tests.imports import crowd
from users.models import User

_ROWS_BY_HAND = 2_000
_MOST_SECONDS_OF_A_STEP = 0.5
_MOST_MORE_MEBIBYTES = 30.0
_FEW, _MOST = 10_000, 100_000
_LOOKS = 30
_SALT = "0" * 32

_numbers = count(1)


def line_11(stage: Stage, rounds: int, findings: Findings) -> None:
    """Ten thousand, then as many as the organization has: in quiet, and while pages are seen."""
    number = min(stage.large.managed_users, _MOST)
    by_hand = _by_hand(stage.large, min(rounds, 3))
    few = _import(stage, min(number, _FEW))
    many = _import(stage, number)
    watched = _import(stage, min(number, _FEW), is_watched=True)
    rate = many["imported"] / many["seconds"]
    for name, taken, least in (("save()", by_hand[0], 5.0), ("bulk_create", by_hand[1], 0.8)):
        findings.results.append(
            Result(
                11,
                f"{number:,} people imported by a file",
                f"{name} of the same rows",
                rate,
                _ROWS_BY_HAND / taken * 1000,
                unit="people/s",
                at_least=least,
            )
        )
    pages = watched["during"] / watched["before"]
    findings.notes.append(
        f"line 11: longest transaction {many['longest']:.2f} s; p95 of a page "
        f"{watched['during']:.0f} ms meanwhile, {watched['before']:.0f} before ({pages:.1f}x); "
        f"peak "
        f"{many['peak']:.0f} MiB, {few['peak']:.0f} MiB for {_FEW:,}"
    )
    if many["longest"] > _MOST_SECONDS_OF_A_STEP:
        findings.faults.append(f"line 11: a transaction took {many['longest']:.2f} s")
    if many["peak"] - few["peak"] > _MOST_MORE_MEBIBYTES:
        findings.faults.append(f"line 11: it grew from {few['peak']:.0f} to {many['peak']:.0f} MiB")


def line_12(stage: Stage, rounds: int, findings: Findings) -> None:
    """What an upload does before it says that this file was imported already."""
    number = min(stage.large.managed_users, _MOST)
    with _file(stage.large, number) as path:

        def again() -> None:
            with path.open("rb") as file, tenant(stage.large):
                digest = files.read(file, stage.large.sid).digest
                ImportRun.objects.of_file(digest).exists()

        took = interleaved({"again": again, "parse": lambda: _parse(path)}, min(rounds, 3))
    findings.results.append(
        Result(
            12,
            f"a file of {number:,} people again",
            "csv.reader alone",
            took["again"].median,
            took["parse"].median,
            at_most=8,
        )
    )


def _import(stage: Stage, number: int, *, is_watched: bool = False) -> dict[str, float]:
    """Import so many people in another process, perhaps while somebody looks at a page."""
    url = reverse("users:list")
    before = [_taken(stage, url) for _ in range(_LOOKS)] if is_watched else []
    with _file(stage.large, number) as path:
        command = ["-m", "bench.importing", "--organization", stage.large.sid, "--file", str(path)]
        done = subprocess.Popen([sys.executable, *command], cwd=ROOT, stdout=subprocess.PIPE)
        answer: list[bytes] = []
        reader = threading.Thread(target=lambda: answer.append(done.communicate()[0]))
        reader.start()
        during = []
        while is_watched and reader.is_alive():
            during.append(_taken(stage, url))
        reader.join()
    found: dict[str, float] = json.loads(answer[0])
    if not is_watched:
        return found
    return found | {"before": percentile(before, 95), "during": percentile(during, 95)}


def _taken(stage: Stage, url: str) -> float:
    begun = time.perf_counter()
    stage.owner.visit(url)
    return (time.perf_counter() - begun) * 1000


@contextmanager
def _file(organization: Organization, number: int) -> Iterator[Path]:
    """The list of so many people of a domain of their own, who were not there before."""
    domain = f"import-{next(_numbers)}-{number}.example"
    now = clock.now()
    Domain.unscoped.create(
        organization=organization,
        name=domain,
        status=DomainStatus.VERIFIED,
        verified_at=now,
        proven_at=now,
        next_check_at=now + timedelta(days=1),
    )
    Organization.objects.filter(pk=organization.pk).update(has_import=True)
    organization.refresh_from_db()
    crowd.logins(domain, number)
    prover = files.Prover(organization.sid, files.make_list_key())
    with tempfile.TemporaryDirectory() as folder, tenant(organization):
        path = Path(folder, "list.csv")
        with path.open("wb") as file:
            file.write(spreadsheets.beginning(files.COLUMNS))
            for batch in outsiders(organization, [domain]):
                rows = (
                    files.cells_of(files.Line.of(one), prover, spreadsheets.harmless)
                    for one in batch
                )
                file.write(spreadsheets.lines(rows))
        yield path


def _parse(path: Path) -> None:
    with path.open(encoding="utf-8-sig", newline="") as file:
        for _ in csv.reader(file):
            pass


def _by_hand(organization: Organization, rounds: int) -> tuple[float, float]:
    """What the same rows cost without any check, by save() and by bulk_create."""
    people = crowd.logins(f"by-hand-{next(_numbers)}.example", _ROWS_BY_HAND)

    def save() -> None:
        with transaction.atomic():
            for rows in _rows(people, organization):
                for row in rows:
                    row.save(force_insert=True)
            transaction.set_rollback(True)

    def create() -> None:
        with transaction.atomic():
            stays, roles, events, details = _rows(people, organization)
            Membership.unscoped.bulk_create(stays, batch_size=1000)
            RoleAssignment.unscoped.bulk_create(roles, batch_size=1000)
            AuditEvent.unscoped.bulk_create(events, batch_size=1000)
            AuditDetails.objects.bulk_create(details, batch_size=1000)
            transaction.set_rollback(True)

    took = interleaved({"save": save, "create": create}, rounds)
    return took["save"].median, took["create"].median


def _rows(
    people: Sequence[User], home: Organization
) -> tuple[list[Membership], list[RoleAssignment], list[AuditEvent], list[AuditDetails]]:
    stays = [
        Membership(
            organization=home,
            user=one,
            email=one.email,
            name_key=text.sort_key(one.get_full_name()),
            role=Role.STANDARD,
            status=one.status,
            source=Source.IMPORT,
        )
        for one in people
    ]
    roles = [
        RoleAssignment.new(one, role=Role.STANDARD, home=home, source=Source.IMPORT)
        for one in people
    ]
    events = [
        AuditEvent(
            chain="bench",
            sequence=number,
            at=clock.now(),
            action="user.imported",
            details_digest=chain.digest_of_details(_SALT, {"subject": one.email}),
        )
        for number, one in enumerate(people)
    ]
    details = [
        AuditDetails(event=event, salt=_SALT, data={"subject": one.email})
        for event, one in zip(events, people, strict=True)
    ]
    return stays, roles, events, details
