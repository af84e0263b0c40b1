"""The figures in transcripts, checked by the oracle: what a transcript writes and runs is done again, and each release is worked out.

  oracle_transcripts.py TRUECOST FOLDER FILE…   replays transcripts (tests/it/transcript.rs says how they read) in folders below FOLDER

After every `$ truecost run` the oracle compares all that was published; a transcript that never runs is a fault.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import oracle

ROOT = Path(__file__).resolve().parent.parent.parent
# The instant that is written on what arrives, so that nothing is "still arriving".
SETTLED = 1525305600


class Replay:
    def __init__(self, truecost, folder):
        self.truecost, self.folder, self.runs, self.failed = truecost, folder, 0, 0
        folder.mkdir(parents=True)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        os.utime(path, (SETTLED, SETTLED))

    def partnership(self, name):
        if name == "reference":
            for below in ("pipelines", "schemas"):
                shutil.copytree(ROOT / below, self.folder / below)
            return
        place = ROOT / "tests" / "fixtures" / name
        for shared in ("pipelines/cost", "schemas/common", "schemas/reference", "schemas/published"):
            if not (place / shared).exists():
                shutil.copytree(ROOT / shared, self.folder / shared)
        shutil.copytree(place, self.folder, dirs_exist_ok=True)

    def step(self, line, more):
        """One step; `more` gives the `| ` lines that follow it."""
        word, _, rest = line.partition(" ")
        if word == "partnership":
            self.partnership(rest)
        elif word in ("file", "append"):
            before = (self.folder / rest).read_text(encoding="utf-8") if word == "append" else ""
            self.write(rest, before + "".join(f"{text}\n" for text in more()))
        elif word == "replace":
            old = "\n".join(more())
            if more(peek=True) != "with":
                raise ValueError("replace without with")
            more(skip=True)
            new, text = "\n".join(more()), (self.folder / rest).read_text(encoding="utf-8")
            if text.count(old) != 1:
                raise ValueError(f"{rest} holds it {text.count(old)} times: {old}")
            self.write(rest, text.replace(old, new))
        elif line == "$ truecost run":
            self.run()
        elif line == "$ truecost doctor --repair":
            self.truecost_of("doctor", "--repair")
        elif word not in ("$", "=") and not line.startswith((">", "!", "#")) and line:
            raise ValueError(f"a step that is not replayed here: {line}")

    def truecost_of(self, *words, may=(0,)):
        done = subprocess.run([self.truecost, *words], cwd=self.folder, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode not in may:
            raise ValueError(f"truecost {' '.join(words)} ended with {done.returncode}: {done.stderr}")

    def run(self):
        self.truecost_of("run")
        self.runs += 1
        self.failed += oracle.main([str(self.folder), "--empty", *oracle.TABLES])

    def play(self, path):
        lines, at = path.read_text(encoding="utf-8").splitlines(), 0

        def more(peek=False, skip=False):
            nonlocal at
            if peek:
                return lines[at]
            if skip:
                at += 1
                return None
            start = at
            while at < len(lines) and lines[at].startswith("|"):
                at += 1
            return [text[2:] for text in lines[start:at]]

        while at < len(lines):
            at += 1
            self.step(lines[at - 1], more)
        if not self.runs:
            raise ValueError(f"{path.name} runs nothing")


def main(truecost, folder, *files):
    passed = failed = 0
    for file in map(Path, files):
        print(f"── {file.stem}")
        replay = Replay(truecost, Path(folder) / file.stem)
        try:
            replay.play(file)
        except ValueError as why:
            print(f"FAIL {file.stem}: {why}")
            replay.failed += 1
        print(f"{'FAIL' if replay.failed else 'ok  '} {file.stem}: {replay.runs} releases worked out, {replay.failed} differ")
        passed, failed = passed + (not replay.failed), failed + bool(replay.failed)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
