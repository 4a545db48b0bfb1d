"""The name server and the websites that tests of looks ask, in place of the internet's."""

from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from tests.servers.dns import NameServer
from tests.servers.https import WebServer


@pytest.fixture
def names(settings: Settings) -> Iterator[NameServer]:
    with NameServer() as server:
        settings.DNS_RESOLVERS = [("127.0.0.1", server.port)]
        settings.DNS_LIFETIME = timedelta(seconds=0.4)
        yield server


@pytest.fixture
def web(settings: Settings, names: NameServer, tmp_path: Path) -> Iterator[WebServer]:
    """Websites whose names are still to be published."""
    with WebServer() as server:
        server.authority.cert_pem.write_to_path(tmp_path / "ca.pem")
        settings.HTTPS_CHECK_PORT = server.port
        settings.HTTPS_CHECK_NETWORKS = (ip_network("127.0.0.0/8"),)
        settings.HTTPS_CHECK_CA_FILE = str(tmp_path / "ca.pem")
        settings.HTTPS_CHECK_LIFETIME = timedelta(seconds=1.2)
        yield server
