"""Counts of what happens. Labels are names that stand in the source, never of people or tenants.

With METRICS_TOKEN the processes of one machine keep their counts in files that all of them can
add up; without it each keeps its own, which nobody reads.
"""

from pathlib import Path

from django.conf import settings
from prometheus_client import Counter
from prometheus_client.multiprocess import mark_process_dead

REFUSALS = Counter("adminctr_refusals", "Operations and pages that refused", ["code"])
MAILS = Counter("adminctr_mails", "Mails handed to the mail server", ["outcome"])
TEXT_MESSAGES = Counter("adminctr_text_messages", "Messages handed to the vendor", ["outcome"])
DATABASE_ERRORS = Counter("adminctr_database_errors", "Errors of the database", ["kind"])


def forget_open_requests(pid: int) -> None:
    """Called when a web process has ended; what it has counted stays."""
    if settings.METRICS_TOKEN:
        mark_process_dead(pid)  # type: ignore[no-untyped-call]


def forget_ended_processes() -> None:
    """Remove the counts of processes that have ended; called when the web server starts."""
    for file in settings.METRICS_DIR.glob("*.db"):
        if not _is_alive(int(file.stem.rpartition("_")[2])):
            file.unlink(missing_ok=True)


def _is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()
