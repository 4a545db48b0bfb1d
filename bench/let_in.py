"""Gives some administrators a password: `python -m bench.let_in COUNT FILE`."""

import json
import sys
from pathlib import Path

import django

from bench.engines import PASSWORD


def main() -> None:
    django.setup()
    from bench.stage import Stage
    from domains.models import Domain

    stage = Stage()
    emails = stage.let_in(int(sys.argv[1]), PASSWORD)
    domain = Domain.unscoped.get(organization=stage.large).name
    Path(sys.argv[2]).write_text(json.dumps({"emails": emails, "domain": domain}))


if __name__ == "__main__":
    main()
