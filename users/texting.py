"""Text messages about one's own sign-in. Codes are computed when one is sent, never queued."""

from urllib.parse import urlsplit

from django.conf import settings
from django.tasks import task

from adminctr.core import lifetimes, sms
from adminctr.queue import priorities
from users import phones
from users.models import PhoneCode


@task(priority=priorities.SOMEBODY_WAITS)
def send_phone_code(pk: int) -> None:
    """Nothing is sent of a code that was used, replaced or has expired meanwhile."""
    row = PhoneCode.objects.filter(pk=pk).first()
    if row is None or row.is_expired():
        return
    code = phones.code_of(row)
    # Kept anew, since SECRET_KEY may have changed after the row was written.
    PhoneCode.objects.filter(pk=pk).update(code_hash=phones.hash_of(row, code))
    sms.send(row.number, _text(code))


def _text(code: str) -> str:
    """The last line lets a phone offer the code on our own pages, and on no others."""
    lifetime = lifetimes.in_words()["phone_code_lifetime"]
    host = urlsplit(settings.BASE_URL).hostname
    return (
        f"{code} is your {settings.PRODUCT_NAME} code. It works for {lifetime}. We never ask you "
        f"for it.\n\n@{host} #{code}"
    )
