"""The least that a page can do: nothing, or say who is signed in."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse


@login_not_required
def hello(request: HttpRequest) -> HttpResponse:
    return HttpResponse("Hello.")


@login_not_required
def hello_auth(request: HttpRequest) -> HttpResponse:
    """One session and one user."""
    return HttpResponse(f"Hello {request.user.get_username()}.")
