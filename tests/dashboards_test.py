"""docs/dashboards answers its ten questions, with one database: dashboards_test.py sqlite|postgresql|duckdb

What to answer is in testdata/dashboards/, and is the same whichever database is asked. PostgreSQL is
started for this test alone, in a folder of its own, on a socket. DuckDB is @duckdb/node-api, which
`npm ci` installs in tests/dashboards.
"""

import json
import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from harness import CAPTURES, SOURCE, TESTDATA, Run, Verdict, dataset, skip
from untimed import without_times

RECIPES = SOURCE / "docs" / "dashboards"
QUESTIONS = sorted((RECIPES / "questions").glob("*.sql"))
ANSWERS = TESTDATA / "dashboards"
VIEWS = ("connections", "endpoints", "anomalies", "hosts", "host_states", "host_services",
         "socket_samples", "event_samples", "captures")

# The captures of the incident that is asked about, each a report of its own.
INCIDENT = (
    ("close_wait_leak", "--stuck", "5"), ("close_wait_stuck",), ("ports_closed_by_client",),
    ("ordinary_browser_resets",), ("ordinary_health_checks",), ("idle_reset",), ("idle_put_away",),
    ("reset_after_data",), ("refused_and_again",), ("time_wait_reuse",), ("reuse_old_number",),
    ("reuse_server_time_wait",), ("reuse_from_the_other_side",), ("fin_never_acked",),
    ("last_ack_missing",), ("peer_vanished",), ("keepalive_unanswered",), ("idle_dropped",),
    ("syn_refused",), ("syn_unanswered",), ("syn_ack_unanswered",), ("handshake_aborted",),
    ("fin_retransmitted",), ("lost_last_ack",), ("fin_crossed",), ("simultaneous_close",),
    ("ipv6_extension_headers",))

# Each breaks out of something: SQL, CSV, JSON, a separator of one of the loaders, a line, a terminal.
HOSTILE = ("'); DROP TABLE finwait_records; --", '"},{"', "\\.", "\\N", "NULL", '","', "$$;$$", "a\nb\r",
           "\x01\x02", "\x1e\x1f", "\x1b[2J", "\u202e\u2028\ud7ff\U0001f980", "", " ", "{}", "%s", ":x", "\\copy")


class Failed(Exception):
    """A database refused something."""


def told(done):
    if done.returncode:
        raise Failed(done.stderr.decode("utf-8", "replace"))
    return done.stdout.decode()


def rows(text):
    return [line.split("\t") for line in text.splitlines()]


class Sqlite:
    folder = "sqlite"

    def __init__(self, folder):
        if not shutil.which("sqlite3"):
            skip("sqlite3 is not installed")
        self.database = folder / "incident.db"

    def sqlite3(self, stdin, *arguments):
        return told(subprocess.run(["sqlite3", "-bail", *arguments], input=stdin, capture_output=True,
                                   check=False))

    def load(self, lines):
        self.sqlite3(lines, self.database, f".read {RECIPES}/sqlite/load.sql")

    def ask(self, files):
        return [rows(self.sqlite3(b"", "-tabs", "-nullvalue", "", self.database, f".read {file}"))
                for file in files]

    def stop(self):
        pass


class Postgresql:
    folder = "postgresql"

    def __init__(self, folder):
        programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        programs = programs[-1].parent if programs else None
        if not programs or not shutil.which("psql"):
            skip("PostgreSQL is not installed (Debian: postgresql)")
        # The path of a socket has to be short.
        self.home = Path(tempfile.mkdtemp(prefix="fw", dir="/tmp"))
        self.as_user = []
        if os.geteuid() == 0:
            # The server refuses to run as root.
            user = next((name for name in ("postgres", "nobody") if self.known(name)), None)
            if not user or not shutil.which("setpriv"):
                skip("PostgreSQL cannot be started as another user than root")
            entry = pwd.getpwnam(user)
            os.chown(self.home, entry.pw_uid, entry.pw_gid)
            self.as_user = ["setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups"]
        self.pg_ctl = programs / "pg_ctl"
        self.data = self.home / "data"
        self.run(programs / "initdb", "-D", self.data, "-A", "trust", "-U", "finwait", "-E", "UTF8",
                 "--locale=C", "--no-sync")
        self.run(self.pg_ctl, "-D", self.data, "-w", "-l", self.home / "log", "-o",
                 f"-c listen_addresses='' -c fsync=off -k {self.home}", "start")

    @staticmethod
    def known(name):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            return None

    def run(self, *arguments):
        with open(os.devnull, "wb") as nothing:
            done = subprocess.run([*self.as_user, *map(str, arguments)], cwd=self.home, stdin=nothing,
                                  stdout=nothing, stderr=subprocess.PIPE if "start" not in arguments else nothing,
                                  check=False, env={**os.environ, "LC_ALL": "C"})
        if done.returncode:
            shutil.rmtree(self.home, ignore_errors=True)
            skip(f"PostgreSQL cannot be started here: {arguments[0]} {done.stderr!r}")

    def psql(self, stdin, *arguments):
        return told(subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", self.home, "-U", "finwait",
                                    "-d", "postgres", *arguments], input=stdin, capture_output=True, check=False,
                                   env={**os.environ, "PGCLIENTENCODING": "UTF8"}))

    def load(self, lines):
        self.psql(lines, "-f", RECIPES / "postgresql" / "load.sql")

    def ask(self, files):
        return [rows(self.psql(b"", "-A", "-t", "-F", "\t", "-f", file)) for file in files]

    def stop(self):
        self.run(self.pg_ctl, "-D", self.data, "-m", "immediate", "stop")
        shutil.rmtree(self.home)


class Duckdb:
    folder = "duckdb"

    def __init__(self, folder):
        self.home = SOURCE / "tests" / "dashboards"
        if not shutil.which("node"):
            skip("node is not installed")
        if not (self.home / "node_modules" / "@duckdb" / "node-api").exists():
            skip("@duckdb/node-api is not installed (npm ci in tests/dashboards)")
        self.database = folder / "incident.duckdb"

    def node(self, stdin, *files):
        return told(subprocess.run(["node", self.home / "duckdb.mjs", self.database, *files], input=stdin,
                                   capture_output=True, check=False))

    def load(self, lines):
        self.node(lines, RECIPES / "duckdb" / "load.sql")

    def ask(self, files):
        return [rows(part) for part in re.split(r"^== .*\n", self.node(b"", *files), flags=re.MULTILINE)[1:]]

    def stop(self):
        pass


def incident():
    """The lines of the reports, with one of a capture without times and one of a hostile observer."""
    lines = []
    options = ("--format", "ndjson", "--connections", "--min-severity", "info")
    for name, *more in INCIDENT:
        lines += Run([*options, *more, CAPTURES / f"{name}.pcap"]).out.decode("ascii").splitlines()
    untimed, _ = without_times(CAPTURES / "four_segment_close.pcap")
    lines += Run([*options, "--observer", HOSTILE[0], "-"], stdin=untimed).out.decode("ascii").splitlines()
    lines += Run([*options, "--observer", HOSTILE[1], CAPTURES / "hostile_names.pcapng"]).out.decode(
        "ascii").splitlines()
    return lines


def hostile_records(line):
    """Records as nobody writes them: each text of HOSTILE as a reason, an observer and a word."""
    for number, text in enumerate(HOSTILE):
        record = json.loads(line)
        record["event"]["id"] = f"{number:040x}"
        record["event"]["reason"] = record["figures"]["outcome"] = text
        record["observer"] = {"name": text}
        # A rule that no question asks for.
        record["rule"]["id"] = "hostile"
        record["rule"]["category"] = "hostile"
        yield json.dumps(record)


class Asker:
    """Statements by their text, through files as the recipes are."""

    def __init__(self, database, folder):
        self.database, self.folder = database, folder

    def ask(self, *statements):
        files = [self.folder / f"{number}.sql" for number in range(len(statements))]
        for file, statement in zip(files, statements):
            file.write_text(statement + ";\n")
        return self.database.ask(files)

    def counts(self, *sources):
        return [int(answer[0][0]) for answer in self.ask(*(f"SELECT count(*) FROM {s}" for s in sources))]

    def views(self):
        return self.ask(*(f"SELECT * FROM finwait_{view} ORDER BY 1, 2, 3, 4, 5" for view in VIEWS))


def check_answers(verdict, database, when):
    for question, got in zip(QUESTIONS, database.ask(QUESTIONS)):
        wanted = rows((ANSWERS / f"{question.stem}.tsv").read_text())[1:]
        verdict.check(got == wanted, f"{question.stem} {when}: answers\n  " +
                      "\n  ".join(map("\t".join, got)) + "\nand not\n  " + "\n  ".join(map("\t".join, wanted)))


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def expected_rows(records):
    """How many rows each view has."""
    def of(name):
        return [record for record in records if dataset(record) == name]

    def members(name, member):
        return sum(len(record.get(member, ())) for record in of(name))

    connections = len(of("connection"))
    return {"connections": connections, "endpoints": 2 * connections, "anomalies": len(of("anomaly")),
            "hosts": len(of("host")), "host_states": members("host", "states"),
            "host_services": members("host", "services"), "socket_samples": members("sample", "states"),
            "event_samples": sum("opens" in record for record in records), "captures": len(of("summary"))}


def check_rows(verdict, asker, records):
    wanted = expected_rows(records)
    for view, got in zip(VIEWS, asker.counts(*(f"finwait_{view}" for view in VIEWS))):
        verdict.check(got == wanted[view] > 0, f"finwait_{view} has {got} rows and not {wanted[view]}")
    observed = [sum(r.get("observer", {}).get("name") == text for r in records if dataset(r) == "connection")
                for text in HOSTILE[:2]]
    untimed = [sum("@timestamp" not in r for r in records if dataset(r) == name)
               for name in ("connection", "summary")]
    got = asker.counts("finwait_records", "finwait_connections WHERE started IS NULL",
                       "finwait_captures WHERE started IS NULL",
                       *(f"finwait_connections WHERE observer = {quoted(text)}" for text in HOSTILE[:2]))
    verdict.check(got == [len(records), *untimed, *observed] and untimed == [1, 1] and all(observed),
                  f"records, without a time, of observers: {got} and not {[len(records), *untimed, *observed]}")
    exact = sorted([str(r["event"]["start_ns"]), r["event"]["start"]] for r in records
                   if dataset(r) == "connection" and "start" in r["event"])
    got = asker.ask("SELECT start_ns, started FROM finwait_connections WHERE started IS NOT NULL")[0]
    verdict.check(sorted(got) == exact, "times are not kept to the nanosecond")


def check(verdict, database, folder):
    def load(these):
        database.load("".join(line + "\n" for line in these).encode("ascii"))

    asker, lines = Asker(database, folder), incident()
    load(lines)
    check_answers(verdict, database, "after loading")
    check_rows(verdict, asker, [json.loads(line) for line in lines])

    before = asker.views()
    load(lines[::-1])
    for view, then, now in zip(VIEWS, before, asker.views()):
        verdict.check(then == now, f"loading twice changes finwait_{view}")

    anomaly = next(line for line in lines if '"finwait.anomaly"' in line)
    load(hostile_records(anomaly))
    counts = asker.counts(*(f"finwait_anomalies WHERE rule = 'hostile' AND reason = {quoted(text)} "
                            f"AND outcome = {quoted(text)} AND observer = {quoted(text)}" for text in HOSTILE))
    for text, count in zip(HOSTILE, counts):
        verdict.check(count == 1, f"{text!r} was not loaded as what it is")
    check_answers(verdict, database, "after hostile records")

    count = asker.counts("finwait_records")
    changed = anomaly.replace(json.loads(anomaly)["event"]["id"], "f" * 40)
    for broken in ('{"event": {', "not a record", '{"event": {"dataset": "finwait.connection"}}'):
        try:
            load([changed, broken])
            verdict.fail(f"{broken!r} was loaded")
        except Failed:
            verdict.check(asker.counts("finwait_records") == count, f"{broken!r}: half of it was loaded")


def main():
    verdict = Verdict()
    verdict.check(len(QUESTIONS) == 10, f"{len(QUESTIONS)} questions")
    kind = {"sqlite": Sqlite, "postgresql": Postgresql, "duckdb": Duckdb}[sys.argv[1]]
    with tempfile.TemporaryDirectory() as name:
        database = kind(Path(name))
        try:
            check(verdict, database, Path(name))
        finally:
            database.stop()
    verdict.finish()


main()
