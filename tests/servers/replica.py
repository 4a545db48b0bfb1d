"""A copy of a PostgreSQL cluster of the tests' own that follows it."""

from tests.servers.postgresql import PostgreSQL


class Replica(PostgreSQL):
    """Follows the primary while the context is open; `pause` keeps it as it is now."""

    def __init__(self, primary: PostgreSQL) -> None:
        super().__init__()
        self._primary = primary

    def _fill(self) -> None:
        source = f"--dbname={self._primary.url()}"
        self._run("pg_basebackup", "--write-recovery-conf", "--checkpoint=fast", source)

    def pause(self) -> None:
        self.execute("SELECT pg_wal_replay_pause()")

    def resume(self) -> None:
        self.execute("SELECT pg_wal_replay_resume()")

    def has_followed(self) -> bool:
        [[written]] = self._primary.execute("SELECT pg_current_wal_lsn()")
        [[is_there]] = self.execute(f"SELECT pg_last_wal_replay_lsn() >= '{written}'::pg_lsn")
        return bool(is_there)
