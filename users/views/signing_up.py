"""Signing up: an address that is to be proven, and what stands behind its mailed link."""

from dataclasses import asdict

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from adminctr.core.actor import Actor
from adminctr.core.limits import Limit
from adminctr.web import errors
from adminctr.web.newcomer import FounderForm, NewPersonForm
from adminctr.web.views import attempt, redirect_to
from users import operations
from users.admission import decide
from users.arrivals import Arrival, arrival_of
from users.forms import SignUpForm
from users.jobs import answer_sign_up
from users.models import SignUp, User, WayIn
from users.queries import find_sign_up
from users.sign_in import log_in_newcomer, origin_of

SIGN_UPS_PER_IP = Limit("sign_ups_per_ip", times=30, seconds=3600)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def sign_up(request: HttpRequest) -> HttpResponse:
    """Ask for an address; the answer is the same whether or not it is known."""
    if request.user.is_authenticated:
        return redirect_to(reverse("console:home"))
    form = SignUpForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and attempt(form, lambda data: _start(request, data["email"])):
        return TemplateResponse(
            request, "users/check_mail.html", {"email": form.cleaned_data["email"]}
        )
    return TemplateResponse(request, "users/sign_up.html", {"form": form})


@login_not_required
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def finish_sign_up(request: HttpRequest, token: str) -> HttpResponse:
    """Behind the mailed link: what comes of it, name and password, then all is made at once."""
    pending = find_sign_up(token)
    if pending is None:
        return errors.dead_link(request)
    if request.user.is_authenticated:
        return TemplateResponse(request, "users/log_out_first.html", {"email": pending.email})
    arrival = arrival_of(pending.email)
    form_class = NewPersonForm if arrival.organization else FounderForm
    form = form_class(request.POST if request.method == "POST" else None, email=pending.email)
    if request.method == "POST":
        user = attempt(form, lambda _: _finish(request, pending, arrival, form))
        if user:
            if arrival.organization:
                messages.success(request, f"Welcome to {arrival.organization}.")
            return log_in_newcomer(request, user, to=reverse("console:home"))
    context = {"form": form, "email": pending.email, "arrival": arrival}
    return TemplateResponse(request, "users/finish_sign_up.html", context)


def _start(request: HttpRequest, email: str) -> bool:
    origin = origin_of(request)
    SIGN_UPS_PER_IP.spend(origin.network)
    if not operations.MAILS_PER_ADDRESS.is_spent(email):
        operations.MAILS_PER_ADDRESS.note(email)
        decide(email, WayIn.SIGN_UP).require()
        answer_sign_up.enqueue(email, asdict(origin))
    return True


def _finish(request: HttpRequest, pending: SignUp, arrival: Arrival, form: NewPersonForm) -> User:
    """`joining` is which organization the page said that they join, none for one of their own."""
    origin, joining = origin_of(request), request.POST.get("joining", "")
    arrival.require_agreed(joining)  # shown early, before the password is hashed
    return operations.sign_up(
        pending,
        newcomer=form.newcomer(link=pending.sid, origin=origin),
        joining=joining,
        actor=Actor.stranger(pending.email, origin=origin),
    )
