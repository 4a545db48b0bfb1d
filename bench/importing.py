"""`python -m bench.importing`: one import from its file to its end, in a process of its own.

Prints what it took and weighed as JSON; started by the lines 11 and 12.
"""

import argparse
import json
import time
from pathlib import Path

import django

from bench.processes import own_peak


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--organization", required=True)
    parser.add_argument("--file", type=Path, required=True)
    asked = parser.parse_args()
    django.setup()
    print(json.dumps(_imported(asked.organization, asked.file)))


def _imported(sid: str, path: Path) -> dict[str, float]:
    # These import models, which stand only after the set-up.
    from adminctr.core.tenancy import tenant
    from imports import files, gathering
    from imports.models import Way
    from imports.operations import (
        File,
        choose_notice,
        prepare_import,
        start_import,
        take_import_step,
    )
    from imports.plans import plan_of
    from organizations import policy
    from organizations.models import Organization

    organization = Organization.objects.select_related("owner").get(sid=sid)
    if organization.owner is None:
        raise RuntimeError("The organization has ended")
    actor = policy.actor_for(organization.owner, via="import")
    begun = time.perf_counter()
    with path.open("rb") as file:
        reviewed = files.read(file, sid)
    with tenant(organization):
        who = gathering.named(organization, reviewed.sids, reviewed.domains)
    listing = prepare_import(
        organization,
        way=Way.FILE,
        domains=reviewed.domains,
        who=who,
        file=File(path.name, reviewed.digest),
        actor=actor,
    )
    choose_notice(listing, is_notifying=False, actor=actor)
    listing.refresh_from_db()
    with tenant(organization):
        digest = plan_of(listing, organization).digest
    run = start_import(listing, digest=digest, actor=actor)
    run.claim()
    steps = []
    while run.finished_at is None:
        before = time.perf_counter()
        take_import_step(run, actor=actor)
        steps.append(time.perf_counter() - before)
    return {
        "seconds": time.perf_counter() - begun,
        "imported": run.imported,
        "longest": max(steps),
        "peak": own_peak(),
    }


if __name__ == "__main__":
    main()
