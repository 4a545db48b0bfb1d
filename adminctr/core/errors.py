"""The two errors that a person may meet; anything else is a fault and is never caught."""

from django.core.exceptions import PermissionDenied


class RuleViolation(Exception):
    """What a person can put right: a stable code, what to do next, the field it stands beside."""

    def __init__(self, code: str, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field


class NotAllowed(PermissionDenied):
    """What this actor may not do, and why; Django answers it with 403.

    `action` is the one of the rule book that was asked for; `helpers` are the roles in the
    actor's own organization that may do it instead.
    """

    def __init__(self, reason: str, *, action: str = "", helpers: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.action = action
        self.helpers = helpers
