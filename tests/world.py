"""The world that tests share: the demo, built once for each database; its own mails have left."""

PASSWORD = "correct horse battery staple"


def build() -> None:
    # Imported here, since processes that only talk to a server have no apps loaded.
    from adminctr.web.demo import DemoMaker
    from tests.workers import run_what_is_due
    from users.passwords import hash_password

    DemoMaker(hash_password(PASSWORD)).build()
    run_what_is_due()
