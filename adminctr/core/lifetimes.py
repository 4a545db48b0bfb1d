"""How long links, codes and sessions live, for sentences on pages and in messages."""

from datetime import timedelta

from django.conf import settings


def in_words() -> dict[str, str]:
    """`sign_up_lifetime`, `reset_lifetime` and `email_change_lifetime`, such as "24 hours".

    `idle_lifetime`, such as "15 minutes", is that of a session which has opened a HIPAA account,
    `phone_code_lifetime` that of a code sent to a phone, and `remembered_lifetime`, such as
    "30 days", how long a browser is remembered.
    """
    return {
        "sign_up_lifetime": _hours(settings.SIGN_UP_LIFETIME),
        "email_change_lifetime": _hours(settings.EMAIL_CHANGE_LIFETIME),
        "reset_lifetime": _hours(timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)),
        "idle_lifetime": _minutes(settings.HIPAA_IDLE_TIMEOUT),
        "phone_code_lifetime": _minutes(settings.PHONE_CODE_LIFETIME),
        "remembered_lifetime": _days(settings.REMEMBERED_BROWSER_AGE),
    }


def _days(lifetime: timedelta) -> str:
    days = lifetime.total_seconds() / 86400
    return "1 day" if days == 1 else f"{days:g} days"


def _hours(lifetime: timedelta) -> str:
    hours = lifetime.total_seconds() / 3600
    return "1 hour" if hours == 1 else f"{hours:g} hours"


def _minutes(lifetime: timedelta) -> str:
    minutes = lifetime.total_seconds() / 60
    return "1 minute" if minutes == 1 else f"{minutes:g} minutes"
