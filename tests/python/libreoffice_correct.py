"""Corrects an exported workbook in LibreOffice Calc, as `workbooks.py` asks; it runs under Debian's Python, which has `uno`.

  libreoffice_correct.py SOFFICE PROFILE IN.xlsx OUT.xlsx RIGHT.json   prints how many cells were changed
"""

import json
import subprocess
import sys
import time
from pathlib import Path

import uno
from com.sun.star.beans import PropertyValue

COLUMNS = ["document", "line", "posting_date", "cost_centre", "account", "amount", "description"]
# What marks a faulty cell.
MARK = 0xFFE699


def setting(name, value):
    return PropertyValue(Name=name, Value=value)


def connected(context, pipe):
    resolver = context.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", context)
    for _ in range(600):
        try:
            return resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
        except Exception:  # it is not up yet
            time.sleep(0.2)
    raise SystemExit("LibreOffice does not answer")


def correct(sheet, right):
    used = sheet.createCursor()
    used.gotoEndOfUsedArea(False)
    last, wide = used.RangeAddress.EndRow, used.RangeAddress.EndColumn
    headings = [sheet.getCellByPosition(at, 0).String for at in range(wide + 1)]
    changed = 0
    for row in range(1, last + 1):
        line = right[int(sheet.getCellByPosition(1, row).String) - 2]
        wanted = dict(zip(COLUMNS, line))
        for at in range(4, wide + 1):
            cell = sheet.getCellByPosition(at, row)
            if cell.CellBackColor == MARK:
                cell.String = wanted[headings[at]]
                changed += 1
    return changed


def main(soffice, profile, source, out, right):
    pipe = f"truecost{Path(profile).stat().st_ino if Path(profile).exists() else 0}_{time.time_ns()}"
    words = [soffice, f"-env:UserInstallation=file://{Path(profile).resolve()}", "--headless", "--norestore", "--nologo",
             f"--accept=pipe,name={pipe};urp;"]
    office = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        context = connected(uno.getComponentContext(), pipe)
        desktop = context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)
        book = desktop.loadComponentFromURL(f"file://{Path(source).resolve()}", "_blank", 0, (setting("Hidden", True),))
        changed = correct(book.Sheets.getByName("rows"), json.loads(Path(right).read_text()))
        book.storeToURL(f"file://{Path(out).resolve()}", (setting("FilterName", "Calc MS Excel 2007 XML"),))
        book.close(True)
        try:
            desktop.terminate()
        except Exception:  # it ends while it answers
            pass
        print(changed)
    finally:
        try:
            office.wait(timeout=30)
        except subprocess.TimeoutExpired:
            office.kill()


if __name__ == "__main__":
    main(*sys.argv[1:])
