"""A large organization beside the people of the demo, as `manage.py populate` makes it."""

from io import StringIO

from django.core.management import call_command
from django.db import connection

from organizations.models import Organization


def populated(**amounts: object) -> Organization:
    told = StringIO()
    call_command("populate", add_to=name_of_database(), stdout=told, **amounts)
    sid = told.getvalue().partition("first organization is ")[2][:34]
    return Organization.objects.get(sid=sid)


def name_of_database() -> str:
    return str(connection.settings_dict["NAME"]).rpartition("/")[2]
