"""Inviting many in a browser without scripts: paste or upload, read, correct, send, look back."""

import csv
import io
import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from adminctr.core import clock
from adminctr.core.limits import Limit
from adminctr.core.sids import make_sid
from adminctr.web.display import moment
from invitations import batches
from invitations.batch_models import Cause, InvitationBatch, Phase, RowState
from invitations.models import Invitation
from invitations.operations import correct_row, send_batch
from invitations.views import flaws, many
from organizations.models import Organization, Role
from tests.bulk.runs import some_accounts
from tests.invitations.tables import (
    addresses,
    confirm,
    draft,
    fresh,
    invited_by,
    rows_of,
    sent,
    shown,
)
from tests.pages.effects import assert_no_effect
from tests.users.people import prove
from tests.world import PASSWORD

MANY = reverse("invitations:many")


@pytest.fixture(autouse=True)
def domain(acme: Organization) -> None:
    prove(acme, "acme.test")


def text_of(response) -> str:
    return response.content.decode()


def paste(client: Client, table: str, *, role: Role = Role.STANDARD):
    return client.post(MANY, {"table": table, "role": role.value})


def upload(client: Client, content: bytes, name: str = "people.csv"):
    file = SimpleUploadedFile(name, content, "text/csv")
    return client.post(MANY, {"file": file, "role": Role.STANDARD.value})


def url(name: str, batch: InvitationBatch, *more: int) -> str:
    return reverse(f"invitations:{name}", args=[batch.sid, *more])


def newest() -> InvitationBatch:
    return InvitationBatch.unscoped.select_related("organization").latest("pk")


def typed(email: str, role: str = "standard", account: str = "", roles: str = "") -> dict[str, str]:
    return {"email": email, "role": role, "account": account, "account_roles": roles}


# From the table to the invitations


def test_what_was_pasted_is_read_sent_and_told(acme, ana, sign_in, work) -> None:
    client = sign_in(ana)
    answer = paste(client, addresses(3))
    batch = newest()
    assert answer["Location"] == batch.get_absolute_url()
    page = text_of(client.get(answer["Location"]))
    assert "Nobody is invited yet. See what would happen." in page
    assert "Send 3 invitations" in page
    assert not Invitation.unscoped.filter(email__endswith="@acme.test").exists()

    answer = client.post(url("batch-send", batch), {"expected": shown(batch), "when": "now"})
    page = text_of(client.get(answer["Location"]))
    assert "They are being sent, one after the other." in page
    assert "refreshes every 3 seconds" in page
    work()
    page = text_of(client.get(answer["Location"]))
    assert "http-equiv" not in page
    assert "Invited as Standard User (Account Creation)." in page
    assert invited_by(batch).count() == 3
    listed = text_of(client.get(MANY))
    assert batch.get_absolute_url() in listed
    assert "Sent" in listed


def test_what_was_uploaded_is_the_same(acme, ana, sign_in) -> None:
    content = "\ufeffEmail;Role\r\na@acme.test;Administrator\r\nb@acme.test;\r\n".encode()
    client = sign_in(ana)
    assert upload(client, content)["Location"] == newest().get_absolute_url()
    assert [row.role for row in rows_of(newest())] == ["Administrator", "Standard User"]
    assert upload(client, content)["Location"] == newest().get_absolute_url()
    assert InvitationBatch.unscoped.count() == 1


def test_what_a_mail_program_writes_is_read_as_addresses(acme, ana, sign_in) -> None:
    paste(sign_in(ana), "a@acme.test; b@acme.test, Karl <k@acme.test>\n")
    assert [row.email for row in rows_of(newest())] == ["a@acme.test", "b@acme.test", "k@acme.test"]


@pytest.mark.parametrize("header", ["E-mail", "E-Mail Address", "Email address", "EMAIL"])
def test_the_addresses_may_be_headed_as_people_write_it(header, acme, ana, sign_in) -> None:
    paste(sign_in(ana), f"{header};Role\na@acme.test;Administrator")
    assert [(row.email, row.role) for row in rows_of(newest())] == [
        ("a@acme.test", "Administrator"),
    ]


def test_the_help_names_the_columns_that_a_refusal_names(acme, ana, sign_in) -> None:
    client = sign_in(ana)
    [said] = paste(client, "name,phone\nBo,1").context["form"].errors["table"]
    listed = said.partition("The columns are: ")[2].rstrip(".")
    assert f"The columns are {listed};" in text_of(client.get(MANY))


def test_every_cause_says_what_to_do() -> None:
    assert set(flaws._REMEDIES) == set(Cause)


def test_the_template_can_be_filled_in_and_uploaded(acme, ana, sign_in) -> None:
    client = sign_in(ana)
    template = client.get(reverse("invitations:many-template")).content
    filled = template.replace(b"name@example.com", b"new@acme.test")
    assert upload(client, filled).status_code == 303
    assert [row.state for row in rows_of(newest())] == [RowState.WAITING]


def test_what_cannot_be_sent_is_grouped_by_cause_with_what_to_do(acme, ana, sign_in) -> None:
    strangers = addresses(7, "corporate.example")
    batch = draft(acme, f"good@acme.test\nnobody\n{strangers}", ana)
    page = sign_in(ana).get(batch.get_absolute_url())
    told = {one["text"]: one for one in page.context["groups"]}
    assert list(told) == ["1 row: not an email address", "7 rows: domain not verified"]
    unverified = told["7 rows: domain not verified"]
    assert unverified["remedy"] == "Verify corporate.example, or leave these rows out."
    assert [row["line"] for row in unverified["rows"]] == [3, 4, 5, 6, 7]
    assert "2 more: 7 rows: domain not verified" in text_of(page)
    assert "<dt>Cannot be sent</dt><dd>8</dd>" in text_of(page)
    assert {row["state"] for row in page.context["rows"]} == {"Ready", "Cannot be sent"}
    alone = sign_in(ana).get(batch.get_absolute_url() + unverified["url"])
    assert {row["email"] for row in alone.context["rows"]} == set(strangers.split())
    assert "Send 1 invitation" in text_of(page)


def test_a_row_says_what_it_asks_for_once_and_names_the_account(acme, ana, sign_in) -> None:
    account, unknown = some_accounts(acme, 1)[0], make_sid("AC")
    table = (
        "email,role,account,account roles\n"
        f"a@acme.test,Administrator,{account.sid},Developer\n"
        f"b@acme.test,,{unknown},Support\n"
        "c@acme.test,,,\n"
    )
    batch = draft(acme, table, ana)
    page = sign_in(ana).get(batch.get_absolute_url())
    assert [row["asked"] for row in page.context["rows"]] == [
        f"Administrator; Developer on {account.name}",
        f"Support on {unknown}",
        "Standard User",
    ]
    rows = text_of(page).partition("<tbody>")[2]
    assert account.sid not in rows
    assert (
        f'<div>a@acme.test</div><a href="{url("batch-row", batch, 1)}">Correct line 2</a>' in rows
    )
    assert rows.count(unknown) == 1


def test_a_draft_offers_nothing_that_is_red(acme, ana, sign_in) -> None:
    page = text_of(sign_in(ana).get(draft(acme, "nobody", ana).get_absolute_url()))
    assert "Cancel this table" in page
    assert "button--danger" not in page


def test_the_bad_rows_are_left_out_together(acme, ana, sign_in) -> None:
    batch = draft(acme, "good@acme.test\nnobody\nnothing", ana)
    client = sign_in(ana)
    answer = client.post(url("batch-leave-out", batch))
    page = text_of(client.get(answer["Location"]))
    assert "The rows that cannot be sent were taken out." in page
    assert [row.email for row in rows_of(batch)] == ["good@acme.test"]
    page = text_of(client.get(client.post(url("batch-leave-out", batch))["Location"]))
    assert "Every row of this draft can be sent." in page


def test_what_is_sent_later_waits_for_the_moment_of_its_person(acme, ana, sign_in) -> None:
    batch = draft(acme, addresses(2), ana)
    client = sign_in(ana)
    later = timezone.localtime(clock.now() + timedelta(days=2)).replace(second=0, microsecond=0)
    form = {"expected": shown(batch), "when": "later", "on": f"{later:%Y-%m-%d}"}
    page = text_of(client.post(url("batch-send", batch), form))
    assert "Choose the time." in page
    answer = client.post(url("batch-send", batch), form | {"at": f"{later:%H:%M}"})
    assert fresh(batch).starts_at == later
    page = text_of(client.get(answer["Location"]))
    assert "It is sent on " in page
    assert "Invite many: scheduled" in page
    assert "looks again" not in page


@pytest.mark.parametrize("when", ["now", "later"])
def test_a_borrowed_session_invites_no_administrator_among_many(when, acme, ana, sign_in) -> None:
    table = "email,role\na@acme.test,Standard User\nb@acme.test,administrator"
    batch, client = draft(acme, table, ana), sign_in(ana)
    later = timezone.localtime(clock.now() + timedelta(days=2))
    form = {"when": when, "on": f"{later:%Y-%m-%d}", "at": f"{later:%H:%M}"}
    form |= {"expected": shown(batch)}
    assert 'name="password"' in text_of(client.get(batch.get_absolute_url()))
    for wrong in ({}, {"password": "wrong words"}):
        with assert_no_effect():
            page = text_of(client.post(url("batch-send", batch), form | wrong))
        assert 'id="id_password_error"' in page
    answer = client.post(url("batch-send", batch), form | {"password": PASSWORD})
    assert answer.status_code == 303
    assert fresh(batch).confirmed_at


def test_a_row_corrected_while_the_form_is_on_its_way_makes_no_administrator(
    acme, ana, sign_in, monkeypatch
) -> None:
    batch, client = draft(acme, addresses(1), ana), sign_in(ana)

    def send_after_a_correction(subject: InvitationBatch, **asked) -> InvitationBatch:
        correct_row(
            subject,
            position=1,
            email="new000@acme.test",
            role=Role.ADMINISTRATOR,
            account="",
            account_roles="",
            actor=asked["actor"],
        )
        return send_batch(subject, **asked | {"expected": shown(batch)})

    monkeypatch.setattr(many, "send_batch", send_after_a_correction)
    form = {"expected": shown(batch), "when": "now"}
    page = text_of(client.post(url("batch-send", batch), form))
    assert "which needs your password" in page
    assert fresh(batch).phase is Phase.DRAFT


@pytest.mark.parametrize("role", ["Standard User", "Owner"])
def test_who_invites_no_administrator_among_many_needs_no_password(
    role, acme, ana, sign_in
) -> None:
    """A row that cannot be sent invites nobody as anything."""
    table = f"email,role\na@acme.test,Standard User\nb@acme.test,{role}\nno address,administrator"
    batch, client = draft(acme, table, ana), sign_in(ana)
    assert 'name="password"' not in text_of(client.get(batch.get_absolute_url()))
    form = {"expected": shown(batch), "when": "now"}
    assert client.post(url("batch-send", batch), form).status_code == 303


def test_the_day_and_the_time_stand_below_the_choice_of_a_later_one(acme, ana, sign_in) -> None:
    page = text_of(sign_in(ana).get(draft(acme, addresses(1), ana).get_absolute_url()))
    only_later = page.partition('<div class="only-other">')[2].partition("<button")[0]
    assert [name in only_later for name in ('name="when"', 'name="on"', 'name="at"')] == [
        False, True, True,
    ]  # fmt: skip


def test_a_table_says_when_it_starts_has_started_or_was_to_start(acme, ana, sign_in, work) -> None:
    client = sign_in(ana)
    scheduled, cancelled = (draft(acme, addresses(number), ana) for number in (1, 2))
    for one in (scheduled, cancelled):
        confirm(one, ana, starts_at=clock.now() + timedelta(days=1))
    client.post(url("batch-cancel", cancelled))
    done = sent(acme, addresses(3), ana)
    work()
    waiting = draft(acme, addresses(4), ana)
    said = {
        word
        for one in (scheduled, cancelled, done, waiting)
        for word in re.findall(
            "<dt>(Starts|Started|Was to start)<", text_of(client.get(one.get_absolute_url()))
        )
    }
    assert said == {"Starts", "Started", "Was to start"}
    listed = {one["url"]: one["starts"] for one in client.get(MANY).context["batches"]}
    told = [listed[one.get_absolute_url()] for one in (scheduled, cancelled, done, waiting)]
    assert told == [
        moment(fresh(scheduled).starts_at),
        moment(None),
        moment(fresh(done).starts_at),
        moment(None, never="Not yet"),
    ]


def test_tables_are_told_apart_by_their_first_address(acme, ana, sign_in) -> None:
    client = sign_in(ana)
    for table in ("lone@acme.test", "first@acme.test\nnobody\nlast@acme.test"):
        draft(acme, table, ana)
    client.post(url("batch-cancel", draft(acme, addresses(2), ana)))
    shorter = draft(acme, "gone@acme.test\nkept@acme.test", ana)
    client.post(url("batch-row-leave-out", shorter, 1))
    page = client.get(MANY)
    assert [one["name"] for one in page.context["batches"]] == [
        "kept@acme.test",
        "Table of 2 rows",
        "first@acme.test and 2 more",
        "lone@acme.test",
    ]
    assert f'<a href="{shorter.get_absolute_url()}">kept@acme.test</a>' in text_of(page)


def test_a_day_that_is_over_is_told_beside_it(acme, ana, sign_in) -> None:
    batch = draft(acme, addresses(2), ana)
    form = {"expected": shown(batch), "when": "later", "on": "2020-01-01", "at": "09:00"}
    answer = sign_in(ana).post(url("batch-send", batch), form)
    assert answer.context["form"].errors["on"] == ["Choose a day and time in the future."]
    assert 'value="2020-01-01"' in text_of(answer)


@pytest.mark.parametrize("is_confirmed", [False, True])
def test_what_has_not_begun_is_cancelled(is_confirmed, acme, ana, sign_in) -> None:
    batch = draft(acme, addresses(2), ana)
    if is_confirmed:
        confirm(batch, ana, starts_at=clock.now() + timedelta(days=1))
    client = sign_in(ana)
    said = text_of(client.get(url("batch-cancel", batch)))
    assert "Nobody is invited by this table. Its 2 rows are deleted." in said
    assert "Keep it" in said
    assert fresh(batch).phase is not Phase.CANCELLED
    answer = client.post(url("batch-cancel", batch))
    assert answer["Location"] == MANY
    assert "It was cancelled; nobody was invited." in text_of(client.get(MANY))
    assert fresh(batch).phase is Phase.CANCELLED
    assert "Its rows were deleted" in text_of(client.get(batch.get_absolute_url()))
    assert "It was cancelled already." in text_of(client.get(url("batch-cancel", batch)))


def test_what_was_sent_is_not_cancelled(acme, ana, sign_in, work) -> None:
    batch = sent(acme, addresses(2), ana)
    work()
    client = sign_in(ana)
    assert url("batch-cancel", batch) not in text_of(client.get(batch.get_absolute_url()))
    assert "Sending has begun" in text_of(client.get(url("batch-cancel", batch)))
    assert "Sending has begun" in text_of(client.post(url("batch-cancel", batch)))
    assert invited_by(batch).count() == 2


def test_only_what_is_under_way_is_called_progress(acme, ana, sign_in, work) -> None:
    client, batch = sign_in(ana), draft(acme, addresses(2), ana)
    headed = []
    for change in (lambda: None, lambda: confirm(batch, ana), work):
        change()
        page = text_of(client.get(batch.get_absolute_url()))
        headed.append((">Progress</h2>" in page, ">Summary</h2>" in page))
    assert headed == [(False, True), (True, False), (False, True)]


def test_failures_are_a_file_that_can_be_corrected_and_uploaded(acme, ana, sign_in) -> None:
    account = some_accounts(acme, 1)[0]
    table = f"email,role,account,account roles\nnobody,,{account.sid},Support\ngood@acme.test,,,\n"
    batch = draft(acme, table, ana)
    client = sign_in(ana)
    answer = client.post(url("batch-export", batch))
    file = b"".join(answer.streaming_content)
    header, *rows = csv.reader(io.StringIO(file.decode("utf-8-sig")))
    assert tuple(header) == batches.COLUMNS
    assert [row[:4] for row in rows] == [["nobody", "", account.sid, "Support"]]
    assert rows[0][4]
    upload(client, file.replace(b"nobody", b"guest@contractor.example"))
    assert [row.state for row in rows_of(newest())] == [RowState.WAITING]


# What cannot be read


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "This file is empty."),
        (b"PK\x03\x04zip", "This is not a CSV file."),
        ("email\nå@acme.test\n".encode("latin-1"), "Line 2 is not in UTF-8."),
        (b"name,phone\nBo,1\n", "Line 1 must name the columns, and “email” is not there."),
        (b'email\n"a@acme.test\n', "a quotation mark is opened and never closed"),
    ],
)
def test_a_file_that_is_no_table_is_told_beside_the_field(
    content, said, acme, ana, sign_in
) -> None:
    answer = upload(sign_in(ana), content)
    assert answer.status_code == 200
    assert said in answer.context["form"].errors["file"][0]
    assert not InvitationBatch.unscoped.exists()


def test_what_was_pasted_and_cannot_be_read_is_still_there(acme, ana, sign_in) -> None:
    table = "email,phone\na@acme.test,1"
    answer = paste(sign_in(ana), table, role=Role.ADMINISTRATOR)
    assert "“phone”, which is none of the columns" in answer.context["form"].errors["table"][0]
    assert table in text_of(answer)
    assert answer.context["form"]["role"].value() == Role.ADMINISTRATOR


def test_more_rows_than_a_table_may_have_are_refused(acme, ana, sign_in) -> None:
    answer = paste(sign_in(ana), addresses(batches.MOST_ROWS + 1))
    [said] = answer.context["form"].errors["table"]
    assert said.startswith("Line 1001 is one row too many. A table has 1,000 rows at most")
    assert not InvitationBatch.unscoped.exists()
    assert paste(sign_in(ana), addresses(batches.MOST_ROWS)).status_code == 303


def test_neither_and_both_are_told_beside_the_field(acme, ana, sign_in) -> None:
    client = sign_in(ana)
    assert "Paste addresses, or choose a file." in text_of(paste(client, "  \n"))
    form = {
        "table": "a@acme.test",
        "file": SimpleUploadedFile("people.csv", b"b@acme.test"),
        "role": "standard",
    }
    assert "not both." in text_of(client.post(MANY, form))


def test_so_many_tables_are_read_in_an_hour(acme, ana, sign_in, monkeypatch) -> None:
    monkeypatch.setattr(many, "UPLOADS", Limit("invitation_tables", times=1, seconds=3600))
    client = sign_in(ana)
    paste(client, addresses(1))
    assert "Too many tries" in text_of(paste(client, addresses(2)))


@pytest.mark.parametrize("door", ["batch-check", "batch-row", "batch-row-leave-out"])
def test_an_organization_looks_at_its_drafts_so_often_in_a_minute(
    door, acme, ana, ben, sign_in, monkeypatch
) -> None:
    monkeypatch.setattr(many, "LOOKS_PER_MINUTE", Limit("looks", times=1, seconds=60))
    batch = draft(acme, addresses(2), ana)
    sign_in(ben).post(url("batch-check", batch))
    client = sign_in(ana)
    place = [] if door == "batch-check" else [1]
    answer = client.post(url(door, batch, *place), typed("other@acme.test"))
    page = answer if answer.status_code == 200 else client.get(answer["Location"])
    assert "Too many tries" in text_of(page)
    assert [row.email for row in rows_of(batch)] == ["new000@acme.test", "new001@acme.test"]


# One row


def test_a_row_is_corrected_where_it_stands(acme, ana, sign_in) -> None:
    batch = draft(acme, "good@acme.test\nbo@acme test", ana)
    client = sign_in(ana)
    row = url("batch-row", batch, 2)
    assert f'<a href="{row}">Line 2</a>' in text_of(client.get(batch.get_absolute_url()))
    page = text_of(client.get(row))
    assert "This row cannot be sent" in page
    assert 'value="bo@acme test"' in page
    answer = client.post(row, typed("bo@corporate.example"))
    assert answer["Location"] == row
    page = text_of(client.get(row))
    assert "Line 2 was changed and cannot be sent yet." in page
    assert 'value="bo@corporate.example"' in page
    answer = client.post(row, typed("bo@acme.test"))
    assert answer["Location"] == batch.get_absolute_url()
    page = text_of(client.get(answer["Location"]))
    assert "Line 2 can be sent now." in page
    assert "Send 2 invitations" in page


def test_a_row_becomes_an_invitation_to_an_account(acme, ana, sign_in, work) -> None:
    account = some_accounts(acme, 1)[0]
    batch = draft(acme, "guest@contractor.example", ana)
    form = typed("guest@contractor.example", "", account.sid, "Support, Developer")
    client = sign_in(ana)
    client.post(url("batch-row", batch, 1), form)
    confirm(batch, ana)
    work()
    assert [row.message for row in rows_of(batch)] == [
        f"Invited to {account.name} as Developer, Support."
    ]


def test_a_row_without_an_address_is_told_beside_the_field(acme, ana, sign_in) -> None:
    batch = draft(acme, "nobody", ana)
    answer = sign_in(ana).post(url("batch-row", batch, 1), typed(""))
    assert answer.context["form"].errors["email"]
    assert [row.email for row in rows_of(batch)] == ["nobody"]


def test_one_row_is_left_out(acme, ana, sign_in) -> None:
    batch = draft(acme, addresses(2), ana)
    client = sign_in(ana)
    assert "Leave this row out" in text_of(client.get(url("batch-row", batch, 1)))
    for said in ("The row was left out.", "This row was left out already."):
        answer = client.post(url("batch-row-leave-out", batch, 1))
        assert said in text_of(client.get(answer["Location"]))
    assert [row.position for row in rows_of(batch)] == [2]
    assert client.get(url("batch-row", batch, 1)).status_code == 404


def test_nobody_is_led_to_correct_what_somebody_else_has_drafted(acme, ana, ben, sign_in) -> None:
    batch = draft(acme, "nobody", ana)
    client, row = sign_in(ben), url("batch-row", batch, 1)
    assert row not in text_of(client.get(batch.get_absolute_url()))
    page = text_of(client.get(row))
    assert "Only the person who created this draft can change or send it." in page
    assert 'name="email"' not in page
    assert client.post(row, typed("a@acme.test")).status_code == 403
    assert [row.email for row in rows_of(batch)] == ["nobody"]


def test_a_row_that_was_sent_is_not_corrected(acme, ana, sign_in, work) -> None:
    batch = sent(acme, addresses(1), ana)
    work()
    client, row = sign_in(ana), url("batch-row", batch, 1)
    assert row not in text_of(client.get(batch.get_absolute_url()))
    page = text_of(client.get(row))
    assert "This is no longer a draft." in page
    assert "Leave this row out" not in page
    assert "This is no longer a draft." in text_of(client.post(row, typed("a@acme.test")))


# Whose it is


def test_another_organizations_table_is_not_there(acme, globex, ana, eve, sign_in) -> None:
    batch = draft(acme, "nobody\ngood@acme.test", ana)
    client = sign_in(eve)
    unknown = client.get(reverse("invitations:batch", args=[make_sid("IB")]))
    names = ("batch-send", "batch-check", "batch-leave-out", "batch-cancel", "batch-export")
    urls = [url(name, batch) for name in names]
    urls += [url(f"batch-row{end}", batch, 1) for end in ("", "-leave-out")]
    assert client.get(batch.get_absolute_url()).content == unknown.content
    for one in urls:
        assert client.get(one).content == unknown.content
        assert client.post(one, typed("a@acme.test")).status_code == 404
    assert fresh(batch).phase is Phase.DRAFT
    assert len(rows_of(batch)) == 2
    assert batch.sid not in text_of(client.get(MANY))
