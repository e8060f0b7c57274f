"""The HTML report: one well-formed file that asks for nothing from elsewhere, into which no text of
a capture gets as markup, and which says what the JSON report says. Of every capture that the
repository carries."""

import collections
import json
import os
import re
import subprocess
import tempfile
from html.parser import HTMLParser
from pathlib import Path

from harness import CAPTURES, Run, Verdict, captures

VOID = {"meta", "link", "input", "br", "hr", "img"}
FULL = ["--min-severity", "info"]


class Page(HTMLParser):
    """Elements in their order, with text; `faults` is what is wrong with the markup."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        # An element's own place, and the first behind what is in it.
        self.places, self.ends = {}, {}
        self.faults, self.elements, self.open = [], [], []
        self.feed(text)
        self.close()
        for element in self.open:
            self.ends[id(element)] = len(self.elements)
        if self.open:
            self.faults.append(f"never closed: {[element['tag'] for element in self.open]}")

    def add(self, tag, attributes):
        names = [name for name, _ in attributes]
        if len(set(names)) != len(names):
            self.faults.append(f"<{tag}>: an attribute stands twice")
        element = {"tag": tag, "text": "", "inside": list(self.open), **dict(attributes)}
        self.places[id(element)] = len(self.elements)
        self.elements.append(element)
        return element

    def handle_starttag(self, tag, attributes):
        element = self.add(tag, attributes)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag, attributes):
        element = self.add(tag, attributes)
        if not any(above["tag"] == "svg" for above in element["inside"]):
            self.faults.append(f"<{tag}/> is closed in itself outside of a drawing")

    def handle_endtag(self, tag):
        if not self.open or self.open[-1]["tag"] != tag:
            self.faults.append(f"</{tag}> where {[element['tag'] for element in self.open][-3:]} is open")
            return
        self.ends[id(self.open.pop())] = len(self.elements)

    def handle_data(self, data):
        for element in self.open:
            element["text"] += data

    def handle_comment(self, data):
        self.faults.append(f"a comment: {data[:60]}")

    def all(self, tag=None, klass=None, under=None):
        inside = self.elements
        if under is not None:
            first = self.places[id(under)] + 1
            inside = inside[first:self.ends.get(id(under), first)]
        return [element for element in inside
                if (tag is None or element["tag"] == tag)
                and (klass is None or klass in (element.get("class") or "").split())]

    def by_id(self, name):
        return next((element for element in self.elements if element.get("id") == name), None)


def check_markup(verdict, name, page):
    verdict.check(not page.faults, f"{name}: {page.faults[:3]}")
    ids = [element["id"] for element in page.elements if element.get("id")]
    verdict.check(len(set(ids)) == len(ids), f"{name}: an id stands twice")
    for element in page.elements:
        tag = element["tag"]
        for attribute, value in element.items():
            if attribute in ("tag", "text", "inside"):
                continue
            verdict.check(not attribute.startswith("on") and attribute not in ("style", "src", "srcset", "action"),
                          f"{name}: <{tag} {attribute}>")
            if attribute == "href":
                verdict.check(value == "data:," if tag == "link" else value[1:] in ids and value[0] == "#",
                              f"{name}: a link leads to {value}")
            else:
                verdict.check("://" not in (value or ""), f"{name}: <{tag} {attribute}={value}>")
        verdict.check(tag not in ("iframe", "object", "embed", "base", "form", "img", "image", "use",
                                  "foreignobject", "animate"), f"{name}: <{tag}>")
    tags = [element["tag"] for element in page.elements]
    verdict.check(tags.count("script") == tags.count("style") == 1, f"{name}: not one style and one script")
    policy = [element for element in page.all("meta") if element.get("http-equiv") == "Content-Security-Policy"]
    if verdict.check(len(policy) == 1, f"{name}: no content security policy"):
        verdict.check(re.fullmatch(r"default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; "
                                   r"style-src 'sha256-[\w+/]{43}='; script-src 'sha256-[\w+/]{43}='",
                                   policy[0]["content"]), f"{name}: the policy is {policy[0]['content']}")
        verdict.check(page.elements.index(policy[0]) < tags.index("style"), f"{name}: the policy comes late")


def digits(text):
    return int(text.replace(",", ""))


def check_ends(verdict, name, page, summary):
    """How the connections ended, kind by kind."""
    told = {}
    for legend in page.all("ul", "legend"):
        for item in page.all("li", under=legend):
            kind = page.all("rect", under=item)[0]["class"].removeprefix("k-")
            told[kind] = digits(page.all("b", under=item)[0]["text"])
    expected = {kind: count for kind, count in summary["connections"]["close"].items() if count}
    verdict.check(told == expected, f"{name}: ended {told}, not {expected}")


def check_services(verdict, name, page, summary):
    """All connections are in the table, and each service's as the summary has them."""
    tables = page.all("table", "services")
    if not tables:
        verdict.check(not summary["services"], f"{name}: no services")
        return
    told = {}
    for row in page.all("tr", under=tables[0])[1:]:
        cells = [cell["text"] for cell in page.all("td", under=row)]
        told[cells[0]] = [digits(cell) for cell in cells[1:7]]
    verdict.check(sum(numbers[0] for numbers in told.values()) == summary["connections"]["total"],
                  f"{name}: services do not add up")
    for service in summary["services"]:
        ip, port = service["service"]["ip"], service["service"]["port"]
        server = f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"
        closes = collections.Counter(service["close"])
        numbers = [service["connections"], closes["graceful"] + closes["simultaneous"], closes["reset"],
                   closes["vanished"], closes["mid_close"] + closes["half_closed"] + closes["open"], closes["none"]]
        told_numbers = told.get(server, numbers)
        verdict.check(told_numbers == numbers, f"{name}: {server} {told_numbers}, not {numbers}")


def one_anomaly(anomaly):
    return (anomaly["rule"]["id"], anomaly["severity"], anomaly["confidence"], anomaly["event"]["reason"])


def check_anomalies(verdict, name, page, document):
    """Each listed one is an anomaly of the document; all are there while they fit; the rest is counted."""
    rows = page.all("tr", "row")
    told = collections.Counter()
    for row in rows:
        cells = page.all("td", under=row)
        rule = page.all("a", "rule", under=cells[2])[0]["text"]
        told[(rule, cells[0]["text"], cells[5]["text"], cells[2]["text"].removeprefix(rule).strip())] += 1
    found = collections.Counter(map(one_anomaly, document["anomalies"]))
    verdict.check(not told - found, f"{name}: not in the document: {list(told - found)[:1]}")
    verdict.check(len(rows) == min(200, len(document["anomalies"])), f"{name}: {len(rows)} rows")
    rest = page.by_id("rest")
    counted = sum(digits(number) for number in re.findall(r" ([\d,]*\d)(?:,|\.$)", rest["text"].split("Not listed:")[1])) if rest else 0
    verdict.check(len(rows) + counted == sum(document["summary"]["anomaly_counts"].values()),
                  f"{name}: {len(rows)} listed and {counted} not are not all")


def check_cases(verdict, name, page, document, many):
    """The evidence of each case, and the states in its ladder."""
    by_sentence = collections.defaultdict(list)
    for anomaly in document["anomalies"]:
        by_sentence[anomaly["event"]["reason"]].append(anomaly)
    connections = {connection["tcp"]["connection"]: connection for connection in document["connections"]}
    ladders = 0
    for case in page.all("details", "case"):
        sentence = page.all("span", "quiet", under=case)[0]["text"]
        frames = [page.all("td", under=row)[0]["text"] for table in page.all("table", "evidence", under=case)
                  for row in page.all("tr", under=table)[1:]]
        candidates = [anomaly for anomaly in by_sentence[sentence]
                      if [f"{piece['file'] + 1}:{piece['frame']}" if many else str(piece["frame"])
                          for piece in anomaly["evidence"][:16]] == frames]
        if not verdict.check(candidates, f"{name}: evidence {frames} of: {sentence}"):
            continue
        figure = page.all("figure", "ladder", under=case)
        anomaly = candidates[0]
        verdict.check(len(figure) == ("tcp" in anomaly), f"{name}: ladder or none of: {sentence}")
        if not figure:
            continue
        ladders += 1
        states = {(entry["state"], entry["certainty"]) for one in candidates for end in ("client", "server")
                  for entry in connections[one["tcp"]["connection"]][end]["states"] if not entry.get("retracted")}
        drawn = {(text["text"].removesuffix(" ?"), "presumed" if text["text"].endswith(" ?") else "confirmed")
                 for text in page.all("text", "state", under=figure[0])}
        verdict.check(drawn and drawn <= states, f"{name}: states {drawn - states} of: {sentence}")
        bars = {bar["class"].removeprefix("s-") for bar in page.all("rect", under=figure[0])
                if bar["class"].startswith("s-")}
        verdict.check(bars <= {state for state, _ in states}, f"{name}: bars {bars}")
    return ladders


def check_capture(verdict, path):
    """How many ladders it has."""
    document = Run(["--connections", *FULL, path])
    html = Run(["--format", "html", *FULL, path])
    for run in (document, html):
        fault = run.fault()
        if not verdict.check(not fault, f"{path.name}: {fault}"):
            return 0
    verdict.check(document.status == html.status, f"{path.name}: status {html.status}, not {document.status}")
    said = json_of(document)
    page = Page(html.out.decode("utf-8"))
    check_markup(verdict, path.name, page)
    check_ends(verdict, path.name, page, said["summary"])
    check_services(verdict, path.name, page, said["summary"])
    check_anomalies(verdict, path.name, page, said)
    return check_cases(verdict, path.name, page, said, False)


def json_of(run):
    return json.loads(run.out)


HOSTILE = "</title><script>alert(1)</script>\"'><img src=x onerror=alert(2)>\x1b[2J\u202e&amp;.pcap"


def check_hostile(verdict):
    """A file whose name is markup; interface names, comments and payload that are."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / HOSTILE.replace("/", "\u2215")
        path.write_bytes((CAPTURES / "reset_says_why.pcap").read_bytes())
        run = Run(["--format", "html", *FULL, "--observer", HOSTILE, "--filter", "tcp or udp", path])
        verdict.check(not run.fault(), f"hostile name: {run.fault()}")
        page = Page(run.out.decode("utf-8"))
        check_markup(verdict, "hostile name", page)
        for octet in (b"\x1b", "\u202e".encode(), b"<img", b"<script>a"):
            verdict.check(octet not in run.out, f"{octet} comes through")
        verdict.check(HOSTILE.replace("\x1b", "\\u{1b}").replace("\u202e", "\\u{202e}")
                      in [element["text"] for element in page.all("dd")], "the observer is not named as it is")
    run = Run(["--format", "html", *FULL, CAPTURES / "hostile_names.pcapng"])
    check_markup(verdict, "hostile_names.pcapng", Page(run.out.decode("utf-8")))


def check_pipe(verdict):
    """What cannot be read twice has no ladders, and the page says why."""
    path = CAPTURES / "lost_last_ack.pcap"
    run = Run(["--format", "html", "-"], stdin=path.read_bytes())
    page = Page(run.out.decode("utf-8"))
    verdict.check(run.status == 0 and not run.err, f"a pipe: status {run.status}, {run.err}")
    check_markup(verdict, "a pipe", page)
    why = page.by_id("no-ladders")
    verdict.check(why and why["text"] == "The ladders are left out: standard input cannot be read a second time.",
                  f"a pipe: {why}")
    verdict.check(page.all("table", "evidence") and not page.all("figure", "ladder"), "a pipe: a ladder, or no evidence")


def check_many(verdict):
    """Many files on one timeline: frames are told with their file."""
    paths = sorted(CAPTURES.glob("ring_buffer_*.pcap"))
    run = Run(["--format", "html", *FULL, *paths])
    said = json_of(Run(["--connections", *FULL, *paths]))
    page = Page(run.out.decode("utf-8"))
    check_markup(verdict, "ring_buffer", page)
    check_anomalies(verdict, "ring_buffer", page, said)
    check_cases(verdict, "ring_buffer", page, said, True)
    files = page.by_id("files")
    verdict.check(files and [item["text"] for item in page.all("li", under=files)] == [str(path) for path in paths],
                  "the files are not listed")


def check_worst(verdict):
    path = CAPTURES / "close_wait_leak.pcap"
    for worst, rows in (("0", 0), ("1", 1), ("13", 13), ("5000", 13)):
        page = Page(Run(["--format", "html", "--stuck", "5", "--worst", worst, path]).out.decode())
        check_markup(verdict, f"--worst {worst}", page)
        verdict.check(len(page.all("tr", "row")) == rows, f"--worst {worst} does not list {rows}")
        rest = page.by_id("rest")
        verdict.check(bool(rest) == (rows < 13) and (not rest or "of 13 are listed" in rest["text"]),
                      f"--worst {worst} tells of the rest: {rest and rest['text']}")
    for worst in ("5001", "-1", "ten", ""):
        run = Run(["--format", "html", "--worst", worst, path])
        verdict.check(run.status == 1 and "from 0 to 5000" in run.err, f"--worst {worst!r} is taken")


def check_same_bytes(verdict):
    path = CAPTURES / "time_waits_at_their_limit.pcap"
    outputs = {Run(["--format", "html", path]).out for _ in range(2)}
    verdict.check(len(outputs) == 1, "the same input gives other bytes")


def check_fifo(verdict):
    """So does one with a name, which is text from outside as well."""
    with tempfile.TemporaryDirectory() as folder:
        fifo = Path(folder) / "<b>fifo"
        os.mkfifo(fifo)
        with subprocess.Popen(["sh", "-c", 'exec cat "$0" >"$1"', CAPTURES / "lost_last_ack.pcap", fifo]):
            run = Run(["--format", "html", fifo])
        why = Page(run.out.decode()).by_id("no-ladders")
        verdict.check(why and f"{fifo} cannot be read a second time" in why["text"], f"a fifo: {why}")


def main():
    verdict = Verdict()
    ladders = sum(check_capture(verdict, path) for path in captures())
    verdict.check(ladders > 100, f"only {ladders} ladders were looked at")
    check_hostile(verdict)
    check_pipe(verdict)
    check_fifo(verdict)
    check_many(verdict)
    check_worst(verdict)
    check_same_bytes(verdict)
    verdict.finish()


main()
