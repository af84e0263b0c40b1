"""datacontract-cli as an independent witness.

  contracts.py lint FOLDER   reads every contract below FOLDER/schemas
  contracts.py test FOLDER   tests what a partnership published against schemas/published: presence, nulls, keys
"""

import logging
import os
import sys
from pathlib import Path

from datacontract.data_contract import DataContract


def faults(run, needed):
    """What a check found, or that fewer than `needed` were made. (It does not know the types of Parquet files: a warning, not a fault.)"""
    found = [f"{check.name}: {check.reason}" for check in run.checks if check.result.value not in ("passed", "warning", "info")]
    passed = sum(check.result.value == "passed" for check in run.checks)
    return found or ([f"only {passed} checks passed"] if passed < needed else [])


def main(what, folder):
    logging.disable(logging.CRITICAL)
    # The contracts name the published files relative to the partnership.
    os.chdir(folder)
    below = Path("schemas") if what == "lint" else Path("schemas/published")
    passed = failed = 0
    for path in sorted(below.rglob("*.odcs.yaml")):
        if what == "test" and path.name.startswith("restatement") and not any(Path("published/latest").glob(path.name.split(".")[0] + "/*.parquet")):
            continue  # a statement is published once a closed period was reopened: nobody has in the demonstration
        contract = DataContract(data_contract_file=str(path))
        found = faults(contract.lint() if what == "lint" else contract.test(), needed=1)
        print("FAIL" if found else "ok  ", path, *found, sep="\n      " if found else " ")
        passed, failed = passed + (not found), failed + bool(found)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
