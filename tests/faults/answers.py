"""What an answer says to somebody whose request could not be done just now."""

from tests.servers.console import Answer


def assert_says_come_back(answer: Answer, *, words: str = "cannot be reached") -> None:
    """503, with all headers, styled, in our own words and without a trace."""
    assert answer.status == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert words in answer.text
    assert "Nothing was changed" in answer.text
    for detail in ("Traceback", "psycopg", "sqlite", "127.0.0.1", "locked"):
        assert detail not in answer.text
