"""The world that tests share: the demo, built once for each database."""

from adminctr.web.demo import DemoMaker
from users.passwords import hash_password

PASSWORD = "correct horse battery staple"


def build() -> None:
    DemoMaker(hash_password(PASSWORD)).build()
