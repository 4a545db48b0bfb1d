"""How long mailed links work and guarded sessions wait, for sentences on pages and in mails."""

from datetime import timedelta

from django.conf import settings


def in_words() -> dict[str, str]:
    """`sign_up_lifetime`, `reset_lifetime` and `email_change_lifetime`, such as "24 hours".

    `idle_lifetime`, such as "15 minutes", is that of a session which has opened a HIPAA account.
    """
    return {
        "sign_up_lifetime": _hours(settings.SIGN_UP_LIFETIME),
        "email_change_lifetime": _hours(settings.EMAIL_CHANGE_LIFETIME),
        "reset_lifetime": _hours(timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)),
        "idle_lifetime": _minutes(settings.HIPAA_IDLE_TIMEOUT),
    }


def _hours(lifetime: timedelta) -> str:
    hours = lifetime.total_seconds() / 3600
    return "1 hour" if hours == 1 else f"{hours:g} hours"


def _minutes(lifetime: timedelta) -> str:
    minutes = lifetime.total_seconds() / 60
    return "1 minute" if minutes == 1 else f"{minutes:g} minutes"
