"""A Django project as `startproject` makes it, with one page: what a worker costs at least."""

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.urls import path

from bench.middleware import OF_STARTPROJECT

settings.configure(
    ALLOWED_HOSTS=["*"],
    SECRET_KEY="bench",  # noqa: S106
    ROOT_URLCONF=__name__,
    MIDDLEWARE=OF_STARTPROJECT,
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "django.contrib.staticfiles",
    ],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
)
django.setup()

from bench import hello  # noqa: E402

urlpatterns = [path("bench/hello/", hello.hello)]
application = WSGIHandler()
