"""The mail server or the worker is away: what was asked for is kept, and done later."""

import json
import sqlite3
from contextlib import closing

from tests.faults.mails import mails_to
from tests.servers.console import Browser, Console, until
from tests.servers.smtp import MailServer, Mode
from tests.world import PASSWORD

ANA = "ana@acme.example"
BEN = "ben@acme.example"
CY = "cy@acme.example"
NOBODY = "nobody@acme.example"
NELL = "nell@acme.example"
TASKS = "django_tasks_database_dbtaskresult"
TRIED = (
    "task_path IN ('users.mail.send_no_login', 'users.mail.send_password_reset', "
    "'users.mail.send_password_reset_for_you', 'users.mail.send_second_factor_reset') "
    "AND worker_ids <> '[]'"
)
GIVE_A_PHONE = (
    "from users.models import Factor, User; from users.factors import copy_onto_stay; "
    f"cy = User.objects.get(email='{CY}'); "
    "Factor.objects.create(user=cy, kind='phone', number='+4915112345678'); copy_onto_stay(cy)"
)
A_WHILE_AGO = "datetime('now', '-5 minutes')"


def test_a_reset_while_the_mail_server_is_down(on_sqlite) -> None:
    with MailServer(down=True) as mail:
        console = on_sqlite(
            EMAIL_URL=f"smtp://127.0.0.1:{mail.port}",
            TASK_FIRST_PAUSE_SECONDS="0.2",
            TASK_LEASE_SECONDS="2",
        )
        console.serve_web()
        worker = console.serve_worker()
        answers = []
        for address in (ANA, NOBODY):
            browser = Browser(console.url)
            sent = browser.submit("/password/reset/", email=address)
            page = browser.get(sent.location)
            answers.append((sent.status, sent.location, page.status, page.text))
            assert sent.seconds < 2
        assert answers[0] == answers[1]
        until(lambda: failures(console) == 2)
        assert "reset/key" not in str(answers) + console.log
        mail.listen()
        until(lambda: {ANA, NOBODY} <= set(recipients(mail)))
        assert [recipients(mail).count(one) for one in (ANA, NOBODY)] == [1, 1]
        assert worker.poll() is None


def test_an_administrator_resets_while_the_mail_server_is_down(on_sqlite) -> None:
    """What was reset is reset at once; the link leaves later, by mail alone."""
    with MailServer(down=True) as mail:
        console = on_sqlite(
            EMAIL_URL=f"smtp://127.0.0.1:{mail.port}",
            TASK_FIRST_PAUSE_SECONDS="0.2",
            TASK_LEASE_SECONDS="2",
        )
        console.serve_web()
        worker = console.serve_worker()
        cy, ben = Browser(console.url).log_in(CY), Browser(console.url).log_in(BEN)
        assert cy.get("/profile/").status == 200
        console.manage("shell", "--command", GIVE_A_PHONE)
        user = ben.get("/admin-center/users/?search=cy").text.partition('scope="row"><a href="')[2]
        page = user.partition('"')[0]
        shown = []
        for verb in ("reset-2fa", "reset-password"):
            answer = ben.submit(f"{page}{verb}/", password=PASSWORD)
            assert answer.status == 303, answer.text
            assert answer.seconds < 2
            shown.append(ben.get(answer.location).text)
        assert "Waiting for a new password" in shown[1]
        assert cy.get("/profile/").status == 302
        until(lambda: failures(console) == 2)
        assert "reset/key" not in str(shown) + console.log
        mail.listen()
        until(lambda: len(about_resets(mail, CY)) == 2)
        assert sum("/password/reset/key/" in one for one in about_resets(mail, CY)) == 1
        assert worker.poll() is None


def test_a_slow_mail_server_holds_up_nobody_and_sends_one_mail(on_sqlite) -> None:
    """It takes half a minute, and a worker waits ten seconds."""
    with MailServer() as mail:
        console = on_sqlite(
            EMAIL_URL=f"smtp://127.0.0.1:{mail.port}",
            TASK_FIRST_PAUSE_SECONDS="0.2",
            TASK_LEASE_SECONDS="2",
        )
        console.serve_web()
        worker = console.serve_worker()
        ana = Browser(console.url).log_in(ANA)
        until(lambda: is_idle(console))
        mail.mode, tries = Mode.SLOW, mail.tries
        answer = ana.submit("/admin-center/users/invite/", email=NELL, role="standard")
        assert answer.status == 303
        assert answer.seconds < 2
        assert mail.receiving.wait(30)
        assert "Being sent" in state(ana)
        let_time_pass(console)
        assert "Not sent yet" in state(ana)
        listed = ana.get("/admin-center/users/pending/").text.partition("<tbody")[2]
        page = listed.partition(NELL)[0].rpartition('href="')[2].partition('"')[0]
        assert f'action="{page}resend/"' in ana.get(page).text

        mail.mode = Mode.OK
        until(lambda: "Waiting" in state(ana))
        assert mail.tries == tries + 2
        assert recipients(mail).count(NELL) == 1
        assert worker.poll() is None


def about_resets(mail: MailServer, address: str) -> list[str]:
    """What somebody got about what an administrator has reset."""
    parts = [one.get_body(("plain",)) for one in mail.mails if one["To"] == address]
    texts = [part.get_content() for part in parts if part]
    return [text for text in texts if "An administrator of Acme has reset your" in text]


def recipients(mail: MailServer) -> list[str]:
    return [message["To"] for message in mail.mails]


def is_idle(console: Console) -> bool:
    with closing(sqlite3.connect(console.run_dir / "adminctr.sqlite3")) as database:
        open_tasks = f"SELECT count(*) FROM {TASKS} WHERE status <> 'SUCCESSFUL'"
        return database.execute(open_tasks).fetchone() == (0,)


def failures(console: Console) -> int:
    """How many of the two resets have been tried in vain."""
    with closing(sqlite3.connect(console.run_dir / "adminctr.sqlite3")) as database:
        found = database.execute(f"SELECT count(*) FROM {TASKS} WHERE {TRIED}").fetchone()
        return int(found[0])


def test_without_a_worker_work_is_kept_and_done_later(on_sqlite) -> None:
    console = on_sqlite(TASK_LEASE_SECONDS="2")
    console.serve_web()
    ana = Browser(console.url).log_in(ANA)
    form = {"email": NELL, "role": "standard"}
    assert ana.submit("/admin-center/users/invite/", **form).status == 303
    ready = ana.get("/readyz")
    assert ready.status == 503
    assert [name for name, passes in json.loads(ready.text).items() if not passes] == ["worker"]
    assert "Being sent" in state(ana)
    let_time_pass(console)
    assert "Not sent yet" in state(ana)

    console.serve_worker()
    until(lambda: mails_to(NELL, console))
    until(lambda: "Waiting" in state(ana))
    assert ana.get("/readyz").status == 200
    assert len(mails_to(NELL, console)) == 1


def let_time_pass(console: Console) -> None:
    """Every invitation was sent a while ago."""
    with closing(sqlite3.connect(console.run_dir / "adminctr.sqlite3")) as database, database:
        database.execute(f"UPDATE invitations_invitation SET last_sent_at = {A_WHILE_AGO}")


def state(browser: Browser) -> str:
    """What the row of the invitation on the Pending page says."""
    page = browser.get("/admin-center/users/pending/").text
    return page.partition("<tbody")[2].partition(NELL)[2].partition("</tr>")[0]
