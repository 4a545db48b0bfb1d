"""What a list needs to show the bar of its bulk actions (templates/components/bulk_bar.html)."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from adminctr.core.actor import Actor
from bulk import actions, selections
from organizations import policy
from organizations.models import Organization


def bar(
    kind_name: str,
    *,
    organization: Organization,
    actor: Actor,
    query: Mapping[str, str],
    below: str = "",
) -> dict[str, Any] | None:
    """None for whoever may do none of them; `query` is the selection's own, `below` a SID."""
    kind = actions.kind_named(kind_name)
    offered = [
        {"name": one.name, "label": one.label}
        for one in kind.actions.values()
        if policy.refusal(actor, one.action, organization) is None
    ]
    if not offered:
        return None
    salt = selections.salt_of(kind.name, organization.sid, actor.sid)
    return {
        "url": reverse(f"{kind.space}:choose"),
        "runs_url": reverse(f"{kind.space}:runs"),
        "actions": offered,
        "all": selections.sign_filter(query, below, salt=salt),
    }
