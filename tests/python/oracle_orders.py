"""The order in which files come changes no figure: two councils over three months, all files at once and in random orders, a run after each batch.

  oracle_orders.py TRUECOST FOLDER [SEED [ORDERS]]

Registers come late and before their time, volumes after the ledgers that they cut. After the last batch every published part but those that tell of
deliveries and checks has to be the same, byte for byte; what the first has published is worked out by the oracle.
"""

import hashlib
import random
import sys
from pathlib import Path

import oracle
from oracle_transcripts import Replay

LAST = {4: 30, 5: 31, 6: 30}


def files(seed):
    """Name → text of every file, figures from the seed."""
    draw, found = random.Random(seed), {}
    for month in LAST:
        for council, letter, centres in (("hill", "H", ("H10", "H20", "H30")), ("vale", "V", ("V10", "V30"))):
            lines, total = ["Ref,Line,Posted,Centre,Account,Amount"], 0
            for line in range(1, 9):
                pence = draw.randint(-200_000, 900_000)
                total += pence
                lines.append(f"{letter}{month},{line},2018-{month:02}-{draw.randint(1, 28):02},{draw.choice(centres)},{draw.choice((1000, 1010, 3000))},{pounds(pence)}")
            lines.append(f"{letter}{month},9,2018-{month:02}-28,{letter}90,9000,{pounds(-total)}")
            found[f"drop/{council}/general_ledger/ledger_2018_{month:02}.csv"] = "\n".join([*lines, ""])
            # Registers of some months only: the others read an earlier one, or a later one where there is none.
            if draw.random() < 0.7 or month == 5:
                rows = "".join(f"{centre},{draw.randint(1, 60)}\n" for centre in centres)
                found[f"drop/{council}/device/devices_2018-{month:02}-{LAST[month]}.csv"] = f"Centre,Devices\n{rows}"
        rows = "".join(f"{client},{draw.randint(10, 900)}\n" for client in ("hill", "vale", "mill_school"))
        found[f"drop/hill/legal_time/time_2018_{month:02}.csv"] = f"Client,Minutes\n{rows}"
    return found


def pounds(pence):
    return f"{'-' if pence < 0 else ''}{abs(pence) // 100}.{abs(pence) % 100:02}"


def batches(names, draw):
    """The names in a random order, in one to five batches."""
    order = draw.sample(sorted(names), len(names))
    cuts = sorted(draw.sample(range(1, len(order)), draw.randint(1, 4)))
    return [order[start:end] for start, end in zip([0, *cuts], [*cuts, len(order)])]


def published(folder):
    """Part → hash of its bytes, of the tables with figures."""
    latest = (folder / "published" / "latest").resolve()
    return {str(path.relative_to(latest)): hashlib.sha256(path.read_bytes()).hexdigest() for table in oracle.TABLES for path in latest.glob(f"{table}/*.parquet")}


def play(truecost, folder, texts, order):
    replay = Replay(truecost, folder)
    replay.partnership("two_councils")
    for feed in ("hill/general_ledger", "vale/general_ledger", "hill/device", "vale/device", "hill/legal_time"):
        (folder / "drop" / feed).mkdir(parents=True, exist_ok=True)
    for batch in order:
        for name in batch:
            replay.write(name, texts[name])
        # A period whose ledger (4) or volumes (1) are not all there is blocked by name.
        replay.truecost_of("run", may=(0, 1, 4))
    return published(folder)


def main(truecost, folder, seed="1", orders="4"):
    texts, draw, folder = files(int(seed)), random.Random(int(seed)), Path(folder)
    first = play(truecost, folder / "at_once", texts, [sorted(texts)])
    failed = oracle.main([str(folder / "at_once"), "--empty", *oracle.TABLES])
    passed = 1 - failed
    for number in range(1, int(orders) + 1):
        order = batches(texts, draw)
        then = play(truecost, folder / f"order_{number}", texts, order)
        apart = sorted(name for name in set(first) | set(then) if first.get(name) != then.get(name))
        print(f"{'FAIL' if apart else 'ok  '} order {number}: {len(texts)} files in {len(order)} batches, {len(then)} parts, {len(apart)} differ")
        for name in apart[:8]:
            print("      ", name)
        if apart:
            print("       the order was", order)
        passed, failed = passed + (not apart), failed + bool(apart)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not first else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
