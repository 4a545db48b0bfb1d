"""The entry of web servers."""

import os

from django.core.wsgi import get_wsgi_application

from adminctr.web.charset import utf8_only

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "adminctr.settings")
application = utf8_only(get_wsgi_application())
