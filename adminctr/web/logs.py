"""What may stand in a log: no mailed link that still works."""

import logging
import re

_LINK = re.compile(r"(/(?:signup|invitations|profile/email)/|/password/reset/key/)[^/\s'\"]+")


class HideLinks(logging.Filter):
    """Blanks the secret part of mailed links in a record, whoever wrote it."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = _LINK.sub(r"\1…", record.getMessage())
        record.args = None
        return True
