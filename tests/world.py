"""The world that tests share: the demo, built once for each database; its own mails leave first."""

PASSWORD = "correct horse battery staple"


def build() -> None:
    # Imported here, since processes that only talk to a server have no apps loaded.
    from django_tasks_db.models import DBTaskResult

    from adminctr.web.demo import DemoMaker
    from users.passwords import hash_password

    DemoMaker(hash_password(PASSWORD)).build()
    DBTaskResult.objects.update(priority=100)
