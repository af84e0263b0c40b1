"""Workbooks go out, are changed by other programs, and come back: what comes of it is what sound files give.

  workbooks.py TRUECOST REPOSITORY FOLDER [SOFFICE]   makes its partnerships below FOLDER; with SOFFICE, LibreOffice corrects too

500 faults, drawn by a seed that is printed, are planted in a ledger of 1,200 lines, exported by `quarantine export`, corrected, and given
back by `quarantine correct`; every column that is published but what names the delivery and its bytes is then as the sound file's. Codes in
suspense are filled in and applied. Answers of `query --format xlsx` are held to those in CSV.
"""

import csv
import io
import json
import os
import random
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import openpyxl

LINES, FAULTS = 1200, 500
SEED = int(os.environ.get("TRUECOST_SEED", "20181126"))
FEED = "ashvale/general_ledger"
HEADER = ["Ref", "Seq", "Posted", "Centre", "Nature", "Value", "Text"]
# As the contract calls them.
COLUMNS = ["document", "line", "posting_date", "cost_centre", "account", "amount", "description"]
# Days before the files of a test "came": not still arriving.
CAME = 1525305600
# Of a delivery: which it is and what its bytes are. Two files that differ differ in these.
OF_THE_BYTES = {"delivery_id", "bytes", "sha256"}


def equal(what, seen, expected):
    if seen != expected:
        raise AssertionError(f"{what}:\n        seen     {str(seen)[:2000]}\n        expected {str(expected)[:2000]}")


class Partnership:
    """The smallest one of the tests, in a folder of its own."""

    def __init__(self, truecost, repository, folder):
        self.truecost, self.folder = truecost, folder
        for shared in ("pipelines/cost", "schemas/common", "schemas/reference", "schemas/published"):
            shutil.copytree(repository / shared, folder / shared)
        shutil.copytree(repository / "tests/fixtures/ashvale", folder, dirs_exist_ok=True)

    def run(self, *words, code=0):
        done = subprocess.run([self.truecost, "-C", self.folder, *words], capture_output=True, stdin=subprocess.DEVNULL)
        if done.returncode != code:
            raise AssertionError(f"`truecost {' '.join(map(str, words))}` ended with {done.returncode}:\n{done.stderr.decode()[-3000:]}")
        return done.stdout

    def json(self, *words):
        return json.loads(self.run("--json", *words))["answer"]

    def rows(self, question):
        return list(csv.reader(io.StringIO(self.run("query", "--format", "csv", question).decode())))

    def ledger(self, lines):
        path = self.folder / "drop" / FEED / "ashvale_2018_04.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(";".join(line) + "\n" for line in [HEADER, *lines, ["TOTAL", "", "", "", "", "0.00", ""]]))
        os.utime(path, (CAME, CAME))

    def published(self):
        """Every published table, but for what names the delivery and its bytes; lines in the order of the file."""
        tables = {}
        for contract in sorted((self.folder / "schemas/published").glob("*.odcs.yaml")):
            name = contract.name.split(".")[0]
            header, *rows = self.rows(f"select * from {name}")
            kept = [at for at, column in enumerate(header) if column not in OF_THE_BYTES]
            tables[name] = [[header[at] for at in kept], *sorted([row[at] for at in kept] for row in rows)]
        lines = self.rows("select * from cost_line order by source_row, line_part")
        kept = [at for at, column in enumerate(lines[0]) if column not in OF_THE_BYTES]
        tables["cost_line in the order of the file"] = [[row[at] for at in kept] for row in lines]
        return tables


def sound():
    lines = []
    for at in range(0, LINES, 2):
        pounds = f"{at * 37 % 9973}.{at % 100:02}"
        for line, amount in ((at, pounds), (at + 1, f"-{pounds}")):
            lines.append([f"A{at // 20:04}", str(line % 20), f"{line % 30 + 1:02}/04/2018", ("A100", "A200")[at % 4 // 2], ("4100", "5200")[at % 3 % 2],
                          amount, f"text {line}"])
    return lines


# What is planted, by the place of the field: the text that stands there instead, made from the right one.
PLANT = {
    1: [lambda text, draw: "x", lambda text, draw: f"{text}a", lambda text, draw: ""],
    2: [lambda text, draw: text.replace("/04/", "-04-"), lambda text, draw: "31/04/2018", lambda text, draw: "", lambda text, draw: f"{text}?",
        lambda text, draw: "=TODAY()", lambda text, draw: str(43191 + draw.randrange(30))],
    3: [lambda text, draw: ""],
    5: [lambda text, draw: f"{text}9", lambda text, draw: text.replace(".", ".."), lambda text, draw: "about " + text, lambda text, draw: "",
        lambda text, draw: "=1+1", lambda text, draw: "@" + text, lambda text, draw: f"{text}e3", lambda text, draw: "n/a"],
}


def planted(lines, draw):
    faulty = [list(line) for line in lines]
    for at in draw.sample(range(LINES), FAULTS):
        field = draw.choice(sorted(PLANT))
        faulty[at][field] = draw.choice(PLANT[field])(lines[at][field], draw)
    return faulty


def corrected_by_openpyxl(exported, out, lines):
    """What a person would do: each marked cell is given what should have stood there."""
    book = openpyxl.load_workbook(exported)
    sheet = book["rows"]
    headings = [cell.value for cell in sheet[1]]
    equal("sheets", book.sheetnames, ["rows", "how to"])
    equal("headings", headings, ["delivery", "row", "sha256", "what is wrong", *COLUMNS[:len(headings) - 4]])
    equal("rows", sheet.max_row, FAULTS + 1)
    if not sheet.protection.sheet:
        raise AssertionError("the sheet is not protected")
    changed = 0
    for row in sheet.iter_rows(min_row=2):
        if any(cell.value is not None and cell.data_type != "s" for cell in row):
            raise AssertionError(f"a cell is no text: {[(cell.value, cell.data_type) for cell in row]}")
        equal("cells that are locked", [cell.protection.locked for cell in row], [True] * 4 + [False] * (len(row) - 4))
        right = dict(zip(COLUMNS, lines[int(row[1].value) - 2]))
        marked = [cell for cell in row if cell.comment]
        if not marked or not row[3].value:
            raise AssertionError(f"row {row[1].value} does not say what is wrong: {row[3].value}")
        for cell in marked:
            if cell.fill.fgColor.rgb != "FFFFE699":
                raise AssertionError(f"a faulty cell is not marked: {cell.fill.fgColor.rgb}")
            cell.value = right[headings[cell.column - 1]]
            # openpyxl takes a text that begins with `=` for a formula; a person's text is none.
            cell.data_type = "s"
            changed += 1
    book.save(out)
    return changed


def corrected_by_libreoffice(soffice, exported, out, lines):
    """The same by LibreOffice Calc itself, over its own interface."""
    wanted = out.with_suffix(".json")
    wanted.write_text(json.dumps(lines))
    script = Path(__file__).with_name("libreoffice_correct.py")
    profile = out.parent / "libreoffice-profile"
    done = subprocess.run(["/usr/bin/python3", script, soffice, profile, exported, out, wanted], capture_output=True, text=True, timeout=600,
                          stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise AssertionError(f"LibreOffice did not correct the workbook:\n{done.stdout[-1000:]}{done.stderr[-2000:]}")
    return int(done.stdout.split()[-1])


def round_trip(truecost, repository, folder, correct):
    draw = random.Random(SEED)
    lines = sound()
    right = Partnership(truecost, repository, folder / "sound")
    right.ledger(lines)
    right.run("run")
    faulty = Partnership(truecost, repository, folder / "faulty")
    with_faults = planted(lines, draw)
    faulty.ledger(with_faults)
    faulty.run("run", code=1)
    exported, given_back = folder / "rows.xlsx", folder / "corrected.xlsx"
    faulty.run("quarantine", "export", FEED, "--out", exported)
    changed = correct(exported, given_back, lines)
    equal("cells that were corrected", changed >= FAULTS, True)
    said = faulty.json("quarantine", "correct", given_back, "--by", "A. Clerk", "--reason", "by word of the sender")
    equal("rows corrected, in quarantine, accepted", [(one["corrected"], one["quarantined"], one["rows"]) for one in said], [(FAULTS, 0, LINES)])
    faulty.run("run")
    equal("what is in quarantine", faulty.json("quarantine", "list"), [])
    expected, seen = right.published(), faulty.published()
    for table, rows in expected.items():
        equal(f"published {table}", seen[table], rows)
    # Every change is on record, with what stood there.
    delivery = faulty.rows("select delivery_id from cost_line limit 1")[-1][0]
    events = [json.loads(path.read_text()) for path in (faulty.folder / "lake/corrections").glob("**/*.json")]
    kept = {(row["source_row"], change["column"]): (change["old"], change["new"]) for event in events for row in event["rows"] for change in row["changes"]}
    wrong = {(at + 2, COLUMNS[n]): (old, lines[at][n]) for at, line in enumerate(with_faults) for n, old in enumerate(line) if old != lines[at][n]}
    equal("changes on record", kept, wrong)
    at = openpyxl.load_workbook(exported)["rows"][2]
    line = faulty.json("explain", "line", delivery, at[1].value)
    equal("who corrected a line", [one["by"] for one in line["corrections"]], ["A. Clerk"])
    return f"{LINES} lines, {FAULTS} faults (seed {SEED}), {changed} cells corrected; {len(expected) - 1} tables and the order of lines are as the sound file's"


def answers(truecost, repository, folder):
    """The same answer in CSV and as a workbook."""
    place = Partnership(truecost, repository, folder)
    lines = sound()
    place.ledger(lines)
    place.run("run")
    question = ("select source_row, document, effective_date, amount, is_cost, '=1+1' as formula, '-1' as minus, '@x' as at, '007' as code, "
                "123456789012345678 as long, cast(amount as decimal(38,2)) * 10000000000000 as large from cost_line order by source_row, line_part")
    header, *rows = place.rows(question)
    out = folder / "answer.xlsx"
    out.write_bytes(place.run("query", "--format", "xlsx", question))
    sheet = openpyxl.load_workbook(out)["answer"]
    equal("headings", [cell.value for cell in sheet[1]], header)
    equal("rows", sheet.max_row, len(rows) + 1)
    numbers = texts = 0
    for row, wanted in zip(sheet.iter_rows(min_row=2), rows):
        for name, cell, text in zip(header, row, wanted):
            # In CSV what a spreadsheet would run has a mark before it.
            plain = text[1:] if text[:1] == "'" else text
            if cell.data_type == "f":
                raise AssertionError(f"{name} is a formula: {cell.value}")
            if cell.data_type == "n" and name in ("amount", "large", "source_row", "long"):
                equal(f"the number of {name}", Decimal(repr(cell.value)), Decimal(plain))
                numbers += 1
            elif cell.data_type == "d":
                equal(name, cell.value.date().isoformat(), plain)
            elif cell.data_type == "b":
                equal(name, str(cell.value).lower(), plain)
            else:
                equal(name, cell.value or "", plain)
                texts += 1
        equal("an amount is a number", row[header.index("amount")].data_type, "n")
        equal("what no number is", row[header.index("long")].data_type, "s")
    return f"{len(rows)} rows: {numbers} numbers and {texts} texts are what CSV says"


def suspense(truecost, repository, folder):
    """Codes are filled in by openpyxl, which keeps the drop-downs."""
    place = Partnership(truecost, repository, folder)
    lines = sound()
    for at in range(0, 40, 2):
        lines[at][3] = lines[at + 1][3] = f"B{at:03}"
    place.ledger(lines)
    place.run("run")
    place.run("suspense", "--xlsx", folder / "codes.xlsx")
    book = openpyxl.load_workbook(folder / "codes.xlsx")
    sheet = book["cost_centre"]
    headings = [cell.value for cell in sheet[1]]
    choices = {str(choice.sqref).split(":")[0].rstrip("0123456789"): choice for choice in sheet.data_validations.dataValidation}
    letter = openpyxl.utils.get_column_letter(headings.index("fund") + 1)
    equal("a drop-down of funds", (choices[letter].type, "lists!" in choices[letter].formula1), ("list", True))
    for row in sheet.iter_rows(min_row=2):
        for name, text in {"name": "Centre " + row[2].value, "fund": "GF", "capital": "false", "valid_from": "2018-04-01", "reason": "new"}.items():
            row[headings.index(name)].value = text
    count = sheet.max_row - 1
    book.save(folder / "filled.xlsx")
    place.run("suspense", "apply", folder / "filled.xlsx", "--by", "a_clerk", "--approver", "chief_accountant", code=2)
    done = place.json("suspense", "apply", folder / "filled.xlsx", "--by", "a_clerk", "--approver", "chief_accountant", "--yes")
    equal("rows written", (done["rows"], done["written"]), (count, True))
    place.run("run")
    equal("codes in suspense", place.json("suspense")["codes"], [])
    return f"{count} codes filled in and applied; nothing is left in suspense"


def main(truecost, repository, folder, soffice=None):
    truecost, repository, folder = Path(truecost), Path(repository), Path(folder)
    shutil.rmtree(folder, ignore_errors=True)
    cases = {
        "openpyxl": lambda at: round_trip(truecost, repository, at, corrected_by_openpyxl),
        "answers": lambda at: answers(truecost, repository, at),
        "suspense": lambda at: suspense(truecost, repository, at),
    }
    if soffice:
        cases["libreoffice"] = lambda at: round_trip(truecost, repository, at, lambda *what: corrected_by_libreoffice(soffice, *what))
    passed = failed = 0
    for name, case in cases.items():
        at = folder / name
        at.mkdir(parents=True)
        try:
            print(f"ok   {name}: {case(at)}")
            passed += 1
        except AssertionError as fault:
            failed += 1
            print(f"FAIL {name}: {fault}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
