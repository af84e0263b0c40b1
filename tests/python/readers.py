"""Others read what truecost wrote: the declared types, and the same sums in every reader.

  readers.py TRUECOST FOLDER   the published tables and the lake of the partnership in FOLDER

What truecost itself answers to `query` is one of the readers.
"""

import csv
import io
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import deltalake
import duckdb
import polars
import pyarrow as arrow
import pyarrow.compute
import pyarrow.parquet
import yaml

# What a contract's physicalType is called by each reader.
DUCKDB = {"timestamp_tz": "TIMESTAMP WITH TIME ZONE"}
ARROW = {
    "BIGINT": arrow.int64(), "BOOLEAN": arrow.bool_(), "DATE": arrow.date32(), "DECIMAL(18,2)": arrow.decimal128(18, 2),
    "DECIMAL(18,6)": arrow.decimal128(18, 6), "INTEGER": arrow.int32(),
    "SMALLINT": arrow.int16(), "TINYINT": arrow.int8(), "VARCHAR": arrow.string(), "timestamp_tz": arrow.timestamp("us", "UTC"),
}
POLARS = {
    "BIGINT": polars.Int64(), "BOOLEAN": polars.Boolean(), "DATE": polars.Date(), "DECIMAL(18,2)": polars.Decimal(18, 2),
    "DECIMAL(18,6)": polars.Decimal(18, 6), "INTEGER": polars.Int32(),
    "SMALLINT": polars.Int16(), "TINYINT": polars.Int8(), "VARCHAR": polars.String(), "timestamp_tz": polars.Datetime("us", "UTC"),
}
MONEY = "DECIMAL(18,2)"
# The column that a table of persons has.
PERSON = "person"


def declared(contract):
    """Column name → physicalType, in the contract's order."""
    document = yaml.safe_load(contract.read_text())
    return {column["name"]: column["physicalType"] for column in document["schema"][0]["properties"]}


def equal(what, seen, expected):
    if seen != expected:
        raise AssertionError(f"{what}:\n        seen     {seen}\n        expected {expected}")


def sums_of_arrow(table, columns):
    """Rows, and the sum of every money column; none at all sums to nought."""
    sums = [pyarrow.compute.sum(table[name]).as_py() for name in table.column_names if columns.get(name) == MONEY]
    return [table.num_rows] + [value or Decimal(0) for value in sums]


def query(truecost, folder, question):
    words = [truecost, "-C", folder, "query", "--format", "csv", question]
    return subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL)


def asked(truecost, folder, table, columns):
    """The same, as truecost answers it."""
    money = [f', coalesce(sum("{name}"), 0)' for name, kind in columns.items() if kind == MONEY]
    done = query(truecost, folder, f"select count(*){''.join(money)} from {table}")
    if done.returncode != 0:
        raise AssertionError(f"`truecost query` ended with {done.returncode}:\n{done.stderr}")
    row = list(csv.reader(io.StringIO(done.stdout)))[-1]
    return [int(row[0])] + [Decimal(value) for value in row[1:]]


def not_offered(truecost, folder, table):
    """Rows of persons: a partnership says so where it wants them to be asked for, and the demonstration does not."""
    done = query(truecost, folder, f"select count(*) from {table}")
    equal(f"whether {table} can be asked for", (done.returncode, "query_personal: true" in done.stderr), (2, True))


def published(truecost, folder, contract):
    columns, table = declared(contract), contract.name.split(".")[0]
    # Resolved once: from here on the files are those of one release.
    files = sorted((folder / "published" / "latest").resolve().glob(f"{table}/*.parquet"))
    if not files and table.startswith("restatement"):
        # A statement is there once a closed period was reopened; nobody has in the demonstration.
        return
    if not files:
        raise AssertionError("nothing is published")
    money = [name for name, kind in columns.items() if kind == MONEY]

    names = [str(file) for file in files]
    described = duckdb.sql(f"describe select * from read_parquet({names})").fetchall()
    equal("DuckDB's types", {row[0]: row[1] for row in described}, {name: DUCKDB.get(kind, kind) for name, kind in columns.items()})
    total = ", ".join(["count(*)"] + [f'coalesce(sum("{name}"), 0)' for name in money])
    by_duckdb = list(duckdb.sql(f"select {total} from read_parquet({names})").fetchall()[0])

    for file in files:
        schema = pyarrow.parquet.read_schema(file)
        equal(f"pyarrow's types of {file.name}", {field.name: field.type for field in schema}, {name: ARROW[kind] for name, kind in columns.items()})
    by_arrow = sums_of_arrow(arrow.concat_tables([pyarrow.parquet.ParquetFile(file).read() for file in files]), columns)

    frame = polars.scan_parquet(names)
    equal("Polars's types", dict(frame.collect_schema()), {name: POLARS[kind] for name, kind in columns.items()})
    row = frame.select([polars.len()] + [polars.col(name).sum() for name in money]).collect().row(0)
    by_polars = [row[0]] + [value or Decimal(0) for value in row[1:]]

    by_truecost = asked(truecost, folder, f"published.{table}", columns)
    equal("rows and sums of DuckDB and pyarrow", by_duckdb, by_arrow)
    equal("rows and sums of Polars and pyarrow", by_polars, by_arrow)
    equal("rows and sums of truecost and pyarrow", by_truecost, by_arrow)
    return by_arrow


def lake(truecost, folder, contract):
    columns, name = declared(contract), contract.name.split(".")[0]
    logs = [log.parent for log in (folder / "lake").rglob("_delta_log") if log.parent.name == name]
    if not logs:
        return None
    equal("Delta tables of this name", len(logs), 1)
    table = deltalake.DeltaTable(str(logs[0]))
    read = table.to_pyarrow_table()
    equal("the types of deltalake", {field.name: field.type for field in read.schema}, {name: ARROW[kind] for name, kind in columns.items()})
    equal("reader and writer version", (table.protocol().min_reader_version, table.protocol().min_writer_version), (1, 2))
    by_delta = sums_of_arrow(read, columns)
    if PERSON in columns:
        not_offered(truecost, folder, f"lake.{name}")
    else:
        equal("rows and sums of truecost and deltalake", asked(truecost, folder, f"lake.{name}", columns), by_delta)
    return by_delta


def main(truecost, folder):
    passed = failed = 0
    tables = [(published, path) for path in sorted((folder / "schemas/published").glob("*.odcs.yaml"))]
    tables += [(lake, path) for path in sorted((folder / "schemas/common").glob("*.odcs.yaml"))]
    seen_lake = False
    for read, path in tables:
        name = f"{read.__name__}.{path.name.split('.')[0]}"
        try:
            found = read(truecost, folder, path)
        except Exception as fault:  # Whatever a reader says is a finding.
            failed += 1
            print(f"FAIL {name}: {fault}")
            continue
        if found is None:
            print(f"     {name}: not in this lake")
            continue
        seen_lake = seen_lake or read is lake
        passed += 1
        print(f"ok   {name}: {found[0]:,} rows", *[f"£{value:,}" for value in found[1:]])
    if not seen_lake:
        failed += 1
        print("FAIL the lake holds no Delta table")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]).resolve()))
