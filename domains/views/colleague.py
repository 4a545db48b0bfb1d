"""The page for a colleague who is to publish the proof: the record, and whether it is there."""

from typing import cast

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods

from adminctr.core.actor import Actor
from adminctr.core.errors import RuleViolation
from adminctr.web import errors
from adminctr.web.http import ConsoleRequest
from domains import operations, record_links
from domains.forms import method_asked
from domains.views import showing


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def record(request: HttpRequest, token: str) -> HttpResponse:
    """Shown to whoever holds the link; POST looks for the record and changes nothing."""
    domain = record_links.find(token)
    if domain is None:
        return errors.dead_link(request)
    found = problem = ""
    if request.method == "POST":
        method = method_asked(request.POST, domain)
        actor = Actor.somebody(cast(ConsoleRequest, request).origin)
        try:
            found = operations.look_for_colleague(domain, method=method, actor=actor)
        except RuleViolation as refused:
            problem = refused.message
    context = showing.for_colleague(domain) | {"found": found, "problem": problem}
    return TemplateResponse(request, "domains/record.html", context)
