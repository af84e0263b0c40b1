"""`serve` or the run that it has started is killed every few seconds while the demonstration's files arrive; then it is left in peace.

  killed.py TRUECOST FOLDER [SECONDS [SEED]]

Every feed is scheduled every five minutes, each minute some of them; files of the demonstration come in batches, ledgers come again with two lines exchanged, and rules are
edited. In the end `release verify --all` finds everything as written, and what is published is, byte for byte, what a partnership publishes
that took the same batches one after the other and in which nothing died. Ends in `N passed, N failed`.
"""

import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

# Between two kills.
EVERY = 3.0
# Whatever a machine under load may need to come to rest: a slot of each name is due within five minutes.
PATIENCE = 900
# Nothing may be scheduled more often than every five minutes, nor in the hour that comes twice in autumn; feeds take turns, minute by minute.
SCHEDULE = "{minute}-59/5 0,2-23 * * *"
# Tables that tell when and in which run something was taken, or in which order deliveries came.
OF_RUNS = ("check_result",)


class Partnership:
    """A copy of the demonstration, without what it has delivered and published."""

    def __init__(self, truecost, made, folder):
        self.truecost, self.folder, self.arrived = truecost, folder, 0
        folder.mkdir(parents=True)
        for part in ("pipelines", "schemas", "keys"):
            shutil.copytree(made / part, folder / part)
        for at, feed in enumerate(sorted((folder / "pipelines").glob("*/*.yaml"))):
            text = re.sub(r"^schedule:.*\n", "", feed.read_text(), flags=re.M)
            is_feed = feed.parent.name not in ("cost", "reference")
            feed.write_text(text + f'schedule: "{SCHEDULE.format(minute=at % 5)}"\n' if is_feed else text)
        partnership = folder / "pipelines" / "partnership.yaml"
        partnership.write_text(partnership.read_text() + "serve: {listen: 127.0.0.1:0}\n")
        for feed in (made / "drop").glob("*/*"):
            (folder / feed.relative_to(made)).mkdir(parents=True)

    def take(self, batch):
        """Puts a batch in place: files by rename, the older first, and none of them still arriving."""
        for name, content in batch:
            path = self.folder / name
            arriving = path.with_name(f".{path.name}.arriving") if name.startswith("pipelines/") else self.folder / "arriving"
            arriving.write_bytes(content)
            self.arrived += 1
            at = 1_600_000_000 + self.arrived
            os.utime(arriving, (at, at))
            arriving.rename(path)

    def run(self, *words):
        return subprocess.run([self.truecost, "-C", self.folder, *words], capture_output=True, text=True, env=environment())

    def published(self):
        """Part → hash of its bytes, of the latest release."""
        latest = (self.folder / "published" / "latest").resolve()
        parts = (path for path in latest.glob("*/*.parquet") if path.parent.name not in OF_RUNS)
        return {str(path.relative_to(latest)): hashlib.sha256(path.read_bytes()).hexdigest() for path in parts}

    def release(self):
        latest = self.folder / "published" / "latest.json"
        return json.loads(latest.read_text())["release"] if latest.exists() else None


def environment():
    return {name: value for name, value in os.environ.items() if not name.startswith("TRUECOST_")} | {"NO_COLOR": "1"}


def exchanged(text, draw):
    """The same lines, two neighbours exchanged: other bytes, the same sums."""
    lines = text.split(b"\n")
    at = draw.randrange(len(lines) // 4, len(lines) // 2)
    lines[at], lines[at + 1] = lines[at + 1], lines[at]
    return b"\n".join(lines)


def batches(made, draw, wanted):
    """What comes, in order: every file of the demonstration once, among them ledgers again and edited rules."""
    files = sorted(path for path in (made / "drop").glob("*/*/*") if path.is_file())
    own = {str(path.relative_to(made)): path.read_bytes() for path in files}
    ledgers = [name for name in own if "/general_ledger/" in name and not name.endswith(".json")]
    # A ledger comes with its controls; registers and payrolls in the order of their names, spread over all batches.
    first = [(name, own[name]) for name in own if "/general_ledger/" in name]
    rest = [(name, own[name]) for name in sorted(own, key=lambda name: name.rsplit("/", 1)[1]) if "/general_ledger/" not in name]
    found = [first] + [[] for _ in range(wanted - 1)]
    for at, file in enumerate(rest):
        found[1 + at * (wanted - 1) // len(rest)].append(file)
    query = "pipelines/cost/classify/line_class.sql"
    for number, batch in enumerate(found[1:], 1):
        if number % 3 == 1:
            name = draw.choice(ledgers)
            own[name] = exchanged(own[name], draw)
            batch.append((name, own[name]))
        elif number % 3 == 2:
            batch.append((query, f"-- edited {number} times\n".encode() + (made / query).read_bytes()))
    return found


class Served:
    """`serve`, which is started again whenever it is dead."""

    def __init__(self, partnership, log):
        self.partnership, self.log, self.process, self.starts = partnership, log.open("ab"), None, 0

    def alive(self):
        if self.process is not None and self.process.poll() not in (None, -signal.SIGKILL):
            raise SystemExit(f"serve ended by itself with {self.process.returncode}; it says why in {self.log.name}")
        if self.process is None or self.process.poll() is not None:
            words = [self.partnership.truecost, "-C", self.partnership.folder, "serve"]
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, env=environment())
            self.starts += 1

    def children(self):
        try:
            return [int(pid) for pid in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()]
        except OSError:
            return []

    def kill(self, draw):
        """One of both, by chance, where both are there. What was killed."""
        children = self.children()
        victim = draw.choice([self.process.pid, *children[:1]])
        try:
            os.kill(victim, signal.SIGKILL)
        except ProcessLookupError:
            return "nobody"
        if victim == self.process.pid:
            self.process.wait()
            return "serve with a run" if children else "serve"
        return "run"


def rested(partnership, since):
    """Whether slots that fell due after `since` were taken for every name, and every run that took one came to its end."""
    try:
        names = json.loads((partnership.folder / "lake" / "schedule.json").read_text())["names"]
    except (OSError, ValueError):
        return False
    feeds = [feed for feed in (partnership.folder / "pipelines").glob("*/*.yaml") if feed.parent.name not in ("cost", "reference")]
    ends = [(of.get("taken") or [{}])[-1] for of in names.values()]
    ended = [(end.get("end") or {}).get("exit") in (0, 1, 4) and stamp(end["slot"]) > since for end in ends]
    return len(ended) >= len(feeds) and all(ended)


def stamp(instant):
    text = instant.split("=")[-1] if isinstance(instant, str) else str(instant)
    return time.mktime(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone


def main(truecost, folder, seconds="600", seed="1"):
    now = datetime.now(ZoneInfo("Europe/London"))
    if any((now + timedelta(seconds=ahead)).hour == 1 for ahead in (0, float(seconds) + 600)):
        print("killed: not played: nothing may be scheduled between one and two o'clock\n1 passed, 0 failed")
        return 0
    folder, seconds, draw = Path(folder), float(seconds), random.Random(int(seed))
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / "made"
    if not made.exists():
        subprocess.run([truecost, "demo", made, "--lines", "3000"], check=True, stdout=subprocess.DEVNULL, env=environment())
    coming = batches(made, draw, max(3, int(seconds // 20)))
    quiet, disturbed = Partnership(truecost, made, folder / "quiet"), Partnership(truecost, made, folder / "disturbed")
    served, killed, begun, given = Served(disturbed, folder / "serve.log"), {}, time.monotonic(), 0
    releases = set()
    while time.monotonic() - begun < seconds:
        served.alive()
        if given < len(coming) and (time.monotonic() - begun) >= given * seconds / (len(coming) + 1):
            disturbed.take(coming[given])
            given += 1
        time.sleep(EVERY)
        victim = served.kill(draw)
        killed[victim] = killed.get(victim, 0) + 1
        releases.add(disturbed.release())
    for batch in coming[given:]:
        disturbed.take(batch)
    print(f"killed within {seconds:.0f} s: " + ", ".join(f"{number} × {what}" for what, number in sorted(killed.items())))
    print(f"  {len(coming)} batches came, serve was started {served.starts} times, {len(releases - {None})} releases were seen meanwhile")
    since = begun = time.monotonic()
    since_wall = time.time()
    served.alive()
    while not rested(disturbed, since_wall) and time.monotonic() - begun < PATIENCE:
        time.sleep(1)
    faults = [] if rested(disturbed, since_wall) else ["serve does not come to rest"]
    served.process.send_signal(signal.SIGTERM)
    ended = served.process.wait(timeout=PATIENCE)
    if ended != 0:
        faults.append(f"serve ends with {ended}")
    print(f"  at rest after {time.monotonic() - since:.0f} s, as {disturbed.release()}")
    before = disturbed.release()
    left = disturbed.run("run")
    if disturbed.release() != before or left.returncode not in (0, 1, 4):
        faults.append(f"a run finds something left to do: {left.returncode}\n{left.stdout}{left.stderr}")
    for words in (("release", "verify", "--all"), ("doctor",)):
        said = disturbed.run(*words)
        if said.returncode != 0:
            faults.append(f"{' '.join(words)} ends with {said.returncode}\n{said.stdout}{said.stderr}")
    codes = []
    for batch in coming:
        quiet.take(batch)
        codes.append(quiet.run("run").returncode)
    if left.returncode != codes[-1]:
        faults.append(f"a run ends with {left.returncode}, where nothing died with {codes[-1]}")
    expected, found = quiet.published(), disturbed.published()
    apart = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
    if apart or not found:
        faults.append(f"{len(apart)} of {len(expected)} parts differ: " + ", ".join(apart[:20]))
    for fault in faults:
        print(f"FAIL {fault}")
    print(f"killed: {sum(killed.values())} kills, {len(found)} parts published, {len(apart)} differ from those of a partnership in which nothing died")
    print(f"{0 if faults else 1} passed, {len(faults)} failed")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
