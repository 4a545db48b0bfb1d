"""Everything here is UTF-8, whatever a request says of itself."""

import re
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication

_CHARSET = re.compile(r";\s*charset\s*=[^;]*", re.IGNORECASE)


def utf8_only(application: WSGIApplication) -> WSGIApplication:
    """Hide the charset of a request: Django would decode by any codec it names, even `hex`."""

    def answer(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        environ["CONTENT_TYPE"] = _CHARSET.sub("", environ.get("CONTENT_TYPE", ""))
        return application(environ, start_response)

    return answer
