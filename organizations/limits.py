"""Of how much support lets an organization have more."""

from adminctr.core.errors import RuleViolation


def require_settable(limit: int, *, present: int, held: int, highest: int, things: str) -> None:
    """Called with the organization locked.

    Raises RuleViolation: limit_out_of_range, limit_below_held, limit_unchanged.
    """
    if not 1 <= limit <= highest:
        raise _refused("limit_out_of_range", f"Choose 1 to {highest:,} {things}.")
    if limit < held:
        raise _refused(
            "limit_below_held", f"This organization has {held} {things}; the limit cannot be lower."
        )
    if limit == present:
        raise _refused("limit_unchanged", "This is the limit already.")


def _refused(code: str, message: str) -> RuleViolation:
    return RuleViolation(code, message, field="limit")
