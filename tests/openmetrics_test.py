"""--format openmetrics says what the samples of --format ndjson say, in a form that its readers accept.

Of every capture: a strict reader of OpenMetrics 1.0.0 written here, whose points are compared with the
samples. Of a few: promtool (Debian: prometheus) loads them into blocks of Prometheus, which are read
back and compared. `promtool check metrics` is no witness: it reads Prometheus's older format only.
Of docs/dashboards/grafana: every expression asks for metrics and labels that are there, and promtool
parses it.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
from datetime import datetime, timezone
from fractions import Fraction
from pathlib import Path

from harness import CAPTURES, SOURCE, Run, Verdict, captures, dataset
from untimed import without_times

LOADED = ("close_wait_leak.pcap", "ports_closed_by_client.pcap", "simultaneous_close.pcap", "tunnels.pcap",
          "large/many_time_waits.pcap.gz")
HOSTILE = 'tap "1"\n\\ {x="y"} 1 \u202e\u00e9'
COUNTED = ("SYN_SENT", "SYN_RECEIVED", "ESTABLISHED", "FIN_WAIT_1", "FIN_WAIT_2", "CLOSING",
           "TIME_WAIT", "CLOSE_WAIT", "LAST_ACK")

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = rf'({NAME})="((?:[^"\\\n]|\\[\\n"])*)"'
LINE = re.compile(rf"({NAME})(?:\{{((?:{LABEL})(?:,(?:{LABEL}))*)\}})? ([0-9]+) (-?[0-9]+\.[0-9]{{9}})")
SUFFIX = {"gauge": "", "counter": "_total", "info": "_info"}


def unescaped(value):
    return re.sub(r"\\(.)", lambda found: {"n": "\n"}.get(found[1], found[1]), value)


def nanoseconds(text):
    return int(Fraction(text) * 10**9)


def read(text):
    """{(name, labels): [(nanoseconds, value)]}; ValueError where it is not OpenMetrics as we write it."""
    if not text.endswith("\n# EOF\n") or text.count("# EOF") != 1:
        raise ValueError("does not end in # EOF")
    series, types, family, last = {}, {}, None, None
    for line in text.splitlines()[:-1]:
        meta = re.fullmatch(rf"# (TYPE|UNIT|HELP) ({NAME}) (.+)", line)
        if meta and meta[1] == "TYPE":
            if meta[2] in types:
                raise ValueError(f"two families {meta[2]}")
            family, types[meta[2]], last = meta[2], meta[3], None
        elif meta:
            if meta[2] != family or last is not None:
                raise ValueError(f"stands elsewhere than before its family's samples: {line}")
            if meta[1] == "UNIT" and not family.endswith("_" + meta[3]):
                raise ValueError(f"a unit that does not end the name: {line}")
        else:
            point = LINE.fullmatch(line)
            if not point or point[1] != family + SUFFIX[types[family]]:
                raise ValueError(f"not a sample of {family}: {line}")
            labels = [(label[1], unescaped(label[2])) for label in re.finditer(LABEL, point[2] or "")]
            if len(dict(labels)) != len(labels):
                raise ValueError(f"a label twice: {line}")
            key = (point[1], frozenset(labels))
            if key in series and key != last:
                raise ValueError(f"the series comes again: {line}")
            points = series.setdefault(key, [])
            at, value = nanoseconds(point.groups()[-1]), int(point.groups()[-2])
            if points and points[-1][0] >= at:
                raise ValueError(f"not in order of time: {line}")
            if points and types[family] == "counter" and points[-1][1] > value:
                raise ValueError(f"a counter that falls: {line}")
            points.append((at, value))
            last = key
    return series


def time_ns(text):
    """Of RFC 3339 with nanoseconds."""
    whole = datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)
    since = whole - datetime(1970, 1, 1, tzinfo=timezone.utc)
    return (since.days * 86400 + since.seconds) * 10**9 + int(text[20:29])


def expected(records, categories):
    """What the samples in NDJSON are as series, by name and labels."""
    observer = {("observer", r["observer"]["name"]) for r in records if "observer" in r}
    whole = [r for r in records if dataset(r) == "sample" and "opens" in r]
    series = {}
    for r in records:
        if dataset(r) == "sample" and "states" in r:
            host = r["host"]["ip"] if "host" in r else "others"
            for state in COUNTED:
                key = ("finwait_sockets", frozenset({("host", host), ("state", state)} | observer))
                series.setdefault(key, []).append((time_ns(r["@timestamp"]), r["states"][state]))
    if not whole:
        return series
    times = [time_ns(r["@timestamp"]) for r in whole]
    before = times[0] - (times[1] - times[0] if len(times) > 1 else 10**9)

    def count(name, labels, increments):
        total, points = 0, [(before, 0)]
        for at, increment in zip(times, increments):
            total += increment
            points.append((at, total))
        series[(name, frozenset(labels | observer))] = points

    for name in ("opens", "closes", "resets"):
        count(f"finwait_{name}_total", set(), [r[name] for r in whole])
    for rule in {rule for r in whole for rule in r["rules"]}:
        count("finwait_anomalies_total", {("rule", rule), ("category", categories[rule])},
              [r["rules"].get(rule, 0) for r in whole])
    capture = {("capture", whole[0]["capture"]["id"]), ("version", records[-1]["version"]),
               ("complete", "true" if records[-1]["complete"] else "false")}
    series[("finwait_capture_info", frozenset(capture | observer))] = [(times[0], 1)]
    return series


def series_of(verdict, categories, path, *options):
    """The exposition of a capture as bytes, and what is in it; checked against its NDJSON."""
    exposition = Run(["--format", "openmetrics", *options, path])
    lines = Run(["--format", "ndjson", *options, path])
    if exposition.status == 1 and lines.status == 1:
        return None, {}
    for run in (exposition, lines):
        verdict.check(run.fault() is None, f"{path.name}: {run.fault()}")
    try:
        got = read(exposition.out.decode())
    except ValueError as error:
        verdict.fail(f"{path.name}: {error}")
        return None, {}
    wanted = expected(lines.records(), categories)
    wrong = [key for key in got.keys() | wanted.keys() if got.get(key) != wanted.get(key)]
    verdict.check(not wrong, f"{path.name}: not as the samples say: {[sorted(w[1]) for w in wrong[:3]]}")
    return exposition.out, got


# ---- what it cannot give ---------------------------------------------------------------------------

def check_untimed(verdict):
    content, packets = without_times(CAPTURES / "four_segment_close.pcap")
    run = Run(["--format", "openmetrics", "-"], stdin=content)
    verdict.check(run.fault() is None, f"without times: {run.fault()}")
    verdict.check(read(run.out.decode()) == {}, "without times: samples all the same")
    verdict.check(f"{packets} of {packets} packets have no time" in run.err,
                  f"without times: says {run.err!r}")


def check_interrupted(verdict):
    """Interrupted while it waits for more of the capture, it still gives a whole exposition."""
    executable = os.environ["FINWAIT"]
    data = (CAPTURES / "close_wait_leak.pcap").read_bytes()
    with subprocess.Popen([executable, "--format", "openmetrics", "-"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdin.write(data[:24])
        process.stdin.flush()
        # More than a pipe holds: when it is written, the program has come beyond its beginning.
        packets = data[24:] * (3 * 65536 // len(data) + 1)
        process.stdin.write(packets)
        process.stdin.flush()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    verdict.check(process.returncode == 130, f"interrupted: status {process.returncode}, {err!r}")
    series = read(out.decode())
    told = [dict(labels)["complete"] for name, labels in series if name == "finwait_capture_info"]
    verdict.check(told == ["false"], f"interrupted: complete is {told}")


# ---- promtool --------------------------------------------------------------------------------------

def promtool(*arguments):
    done = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def dumped(folder):
    """{(name, labels): [(milliseconds, value)]} of the blocks in a folder."""
    (folder / "wal").mkdir()  # promtool wants the folder of a running server
    status, out, err = promtool("tsdb", "dump", folder)
    if status:
        raise ValueError(err)
    series = {}
    for line in out.splitlines():
        labels, value, at = re.fullmatch(r"\{(.*)\} (\S+) (-?\d+)", line).groups()
        pairs = {name: json.loads(f'"{text}"') for name, text in
                 re.findall(rf'({NAME})="((?:[^"\\]|\\.)*)"', labels)}
        key = (pairs.pop("__name__"), frozenset(pairs.items()))
        series.setdefault(key, []).append((int(at), int(float(value))))
    return {key: sorted(points) for key, points in series.items()}


def check_loading(verdict, name, exposition, series):
    with tempfile.TemporaryDirectory() as folder:
        source, blocks = Path(folder) / "x.om", Path(folder) / "blocks"
        source.write_bytes(exposition)
        status, out, err = promtool("tsdb", "create-blocks-from", "openmetrics", source, blocks)
        if not verdict.check(status == 0, f"{name}: promtool: {err}{out}"):
            return
        # Prometheus keeps milliseconds; the instants are multiples of 100 ms.
        wanted = {key: [(at // 10**6, value) for at, value in points] for key, points in series.items()}
        got = dumped(blocks)
        verdict.check(got == wanted, f"{name}: what promtool loaded differs in "
                      f"{[sorted(k[1]) for k in wanted.keys() | got.keys() if wanted.get(k) != got.get(k)][:3]}")


# ---- docs/dashboards/grafana -----------------------------------------------------------------------

VARIABLES = {"$host": ".*", "$observer": ".*", "$window": "1m", "$__range": "1h"}


def check_dashboard(verdict, series):
    dashboard = json.loads((SOURCE / "docs" / "dashboards" / "grafana" / "finwait.json").read_text())
    labels = {}
    for name, pairs in series:
        labels.setdefault(name, set()).update(dict(pairs))
    defined = {f"${variable['name']}" for variable in dashboard["templating"]["list"]} | {"$__range"}
    queries = [variable["query"]["query"] for variable in dashboard["templating"]["list"]
               if variable["type"] == "query"]
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    for text in queries + expressions:
        used = set(re.findall(r"\$\w+", text))
        verdict.check(used <= defined, f"grafana: {text} uses {used - defined}")
        names = re.findall(r"finwait_\w+", text)
        verdict.check(names and all(name in labels for name in names), f"grafana: no such metric in {text}")
        asked = set(re.findall(r"(\w+)=~?\"", text))
        for words in re.findall(r"by \(([^)]*)\)", text) + re.findall(r"label_values\(.*, (\w+)\)", text):
            asked |= set(re.findall(r"\w+", words))
        verdict.check(asked <= labels.get(names[0], set()), f"grafana: {text} asks for {asked}")
    shown = {name for text in expressions for name in re.findall(r"finwait_\w+", text)}
    verdict.check(shown == set(labels), f"grafana: not shown is {set(labels) - shown}")
    return expressions


def check_expressions(verdict, expressions):
    """A recording rule holds one expression: promtool parses it. Rules are YAML, of which JSON is a part."""
    def refused(expression):
        for variable, value in VARIABLES.items():
            expression = expression.replace(variable, value)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "rules.yml"
            file.write_text(json.dumps({"groups": [{"name": "grafana", "rules": [
                {"record": "finwait:expression", "expr": expression}]}]}))
            status, out, err = promtool("check", "rules", file)
        return out + err if status else ""

    for expression in expressions:
        verdict.check(not refused(expression), f"grafana: {expression}: {refused(expression)}")
    verdict.check(refused(expressions[0] + ")"), "promtool parses what is no expression")


def main():
    verdict = Verdict()
    rules = json.loads(Run(["rules", "--format", "json"]).out)["rules"]
    categories = {rule["id"]: rule["category"] for rule in rules}
    loadable = {}
    for path in captures():
        series_of(verdict, categories, path)
    for name in LOADED:
        loadable[name] = series_of(verdict, categories, CAPTURES / name, "--min-severity", "info",
                                   "--stuck", "5")
    loadable["hostile"] = series_of(verdict, categories, CAPTURES / "time_waits_at_their_limit.pcap",
                                    "--observer", HOSTILE)
    check_untimed(verdict)
    check_interrupted(verdict)
    expressions = check_dashboard(verdict, [key for _, series in loadable.values() for key in series])
    if shutil.which("promtool"):
        for name, (exposition, series) in loadable.items():
            verdict.check(series, f"{name}: no samples to load")
            check_loading(verdict, name, exposition, series)
        check_expressions(verdict, expressions)
    else:
        print("skipped: loading and parsing with promtool, which is not installed (Debian: prometheus)")
    verdict.finish()


main()
