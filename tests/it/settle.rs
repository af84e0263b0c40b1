//! The steps of the settlement alone, over the golden partnership of the project's shared folder: from its lines and its cells to who pays whom.

use std::{collections::BTreeMap, fs, path::PathBuf};

use arrow::record_batch::RecordBatch;
use truecost::{
    domain::{Day, Pence, Period, parse_pounds},
    engine::{CostQuery, Parameters, Schemas, Table, Tables},
    pipeline::{self, Kernel, Partnership},
    plan::KernelInput,
    schema::{Cell, Type, proof_table},
    stages::settle::{matched, settled},
};

use crate::places::{root, shared};

type Row = BTreeMap<String, String>;

fn rows(path: &PathBuf) -> Vec<Row> {
    let text = fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    lines.map(|line| names.iter().zip(line.split(',')).map(|(name, value)| ((*name).to_owned(), value.to_owned())).collect()).collect()
}

/// Tables as they are filled, one after the other.
struct Steps {
    folder: PathBuf,
    partnership: Partnership,
    tables: BTreeMap<String, RecordBatch>,
}

fn cell(kind: Type, text: Option<&String>) -> Cell {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Cell::Null };
    match kind {
        Type::Text => text.as_str().into(),
        Type::Money => Cell::Pence(parse_pounds(text).unwrap()),
        Type::Boolean => (text == "true").into(),
        Type::Date => Cell::Day(Day::parse_iso(text).unwrap().0),
        _ => Cell::Whole(text.parse().unwrap()),
    }
}

impl Steps {
    fn golden() -> Option<Self> {
        let folder = shared().map(|shared| shared.join("golden_true_cost")).filter(|folder| folder.is_dir());
        if folder.is_none() {
            eprintln!("skipped: there is no shared folder with the golden partnership");
        }
        let (partnership, _) = pipeline::read(&root()).unwrap();
        folder.map(|folder| Self { folder, partnership, tables: BTreeMap::new() })
    }

    fn give(&mut self, table: &str, columns: &[(&str, Type)], rows: &[Row]) {
        let cells: Vec<Vec<Cell>> =
            rows.iter().map(|row| columns.iter().map(|(name, kind)| cell(*kind, row.get(*name))).collect()).collect();
        self.tables.insert(table.to_owned(), proof_table(columns, &cells).unwrap());
    }

    fn expected(&self, table: &str) -> Vec<Row> {
        rows(&self.folder.join(format!("expected/{table}.csv")))
    }

    /// Lines, and what the partnership says of names and members.
    fn with_lines(mut self) -> Self {
        use Type::{BigInt, Boolean, Date, Money, SmallInt, Text, TinyInt};
        let said = |row: &mut Row, name: &str, value: &str| drop(row.insert(name.to_owned(), value.to_owned()));
        let period = [("delivery_year", SmallInt), ("delivery_period", TinyInt)];
        let mut lines = Vec::new();
        for council in ["northam", "southam"] {
            for (at, mut row) in rows(&self.folder.join(format!("drop/{council}/general_ledger/GL_2018_04.csv"))).into_iter().enumerate() {
                let values = [("council", council.to_owned()), ("delivery_id", council.to_owned()), ("source_row", (at + 2).to_string())];
                values.iter().for_each(|(name, value)| said(&mut row, name, value));
                let counterparty = row["Party"].clone();
                said(&mut row, "counterparty", &counterparty);
                lines.push(row);
            }
        }
        let reference = |row: &Row| {
            let line = lines.iter().find(|line| line["council"] == row["council"] && line["source_row"] == row["source_row"]).unwrap();
            format!(" {} ", line["Reference"].to_lowercase())
        };
        let mut parts = self.expected("cost_line");
        for row in &mut parts {
            let (council, reference) = (row["council"].clone(), reference(row));
            let values = [("delivery_id", &*council), ("feed", "gl"), ("reference", &*reference), ("effective_date", "2018-04-30")];
            values.iter().for_each(|(name, value)| said(row, name, value));
        }
        for row in lines.iter_mut().chain(&mut parts) {
            [("delivery_year", "2018"), ("delivery_period", "1")].iter().for_each(|(name, value)| said(row, name, value));
        }
        let line = [&[("delivery_id", Text), ("source_row", BigInt), ("counterparty", Text)], &period[..]].concat();
        self.give("ledger_line", &line, &lines);
        self.give("payment_line", &[&[("delivery_id", Text), ("source_row", BigInt), ("supplier", Text)], &period[..]].concat(), &[]);
        let texts = ["council", "feed", "delivery_id", "reference", "ownership", "service"].map(|name| (name, Text));
        let truths = ["is_cost", "recharge"].map(|name| (name, Boolean));
        let rest = [("source_row", BigInt), ("effective_date", Date), ("amount", Money)];
        self.give("cost_line", &[&texts[..], &truths, &rest, &period].concat(), &parts);
        let texts = ["council", "feed", "ownership"].map(|name| (name, Text));
        self.give("class_total", &[&texts[..], &truths, &period].concat(), &parts);
        let names = rows(&self.folder.join("reference/organisation_name.csv"));
        self.give("organisation_name", &[("name", Text), ("organisation", Text), ("valid_from", Date), ("valid_to", Date)], &names);
        self.with_members()
    }

    fn with_members(mut self) -> Self {
        use Type::{Date, Text};
        let member = |organisation: &str, service: &str| -> Row {
            [("organisation", organisation), ("service", service), ("role", "partner"), ("valid_from", "2014-04-01")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into()
        };
        let members: Vec<Row> =
            ["northam", "southam"].iter().flat_map(|council| ["hr", "ict", "legal"].map(|service| member(council, service))).collect();
        let columns = [("organisation", Text), ("service", Text), ("role", Text), ("valid_from", Date), ("valid_to", Date)];
        self.give("membership", &columns, &members);
        let councils = ["northam", "southam"].map(|council| {
            [("organisation", council), ("kind", "council")].map(|(name, value)| (name.to_owned(), value.to_owned())).into()
        });
        self.give("declared_organisation", &[("organisation", Text), ("kind", Text)], &councils);
        self
    }

    fn with_cells(mut self) -> Self {
        use Type::{BigInt, Boolean, Date, Money, SmallInt, Text, TinyInt};
        let mut cells = self.expected("allocated_cost");
        for row in &mut cells {
            row.extend([("delivery_year", "2018"), ("delivery_period", "1")].map(|(name, value)| (name.to_owned(), value.to_owned())));
        }
        let texts = ["service", "ownership", "account_group", "council", "fund", "final_service", "final_ownership", "bearer", "placement"];
        let rest = [("on_cost", Boolean), ("amount", Money), ("delivery_year", SmallInt), ("delivery_period", TinyInt)];
        self.give("allocated_cost", &[&texts.map(|name| (name, Text))[..], &rest].concat(), &cells);
        let agreements = rows(&self.folder.join("reference/agreement.csv"));
        let texts = ["agreement", "customer", "service", "legal_basis", "terms"].map(|name| (name, Text));
        self.give("agreement", &[&texts[..], &[("valid_from", Date), ("valid_to", Date)]].concat(), &agreements);
        let shares = self.expected("driver_register");
        self.give("driver_register", &[("service", Text), ("partner", Text), ("weight_in_force", BigInt)], &shares);
        self
    }

    fn query(&mut self, table: &str) -> RecordBatch {
        let file = format!("pipelines/cost/settle/{table}.sql");
        let sql = fs::read_to_string(root().join(&file)).unwrap();
        let (mut schemas, mut tables) = (Schemas::default(), Tables::default());
        for (name, rows) in &self.tables {
            schemas.insert(name.as_str(), rows.schema());
            tables.insert(name.as_str(), Table::rows(rows.schema(), vec![rows.clone()]));
        }
        let query = match self.partnership.contracts.get(&format!("published/{table}")) {
            Some(contract) => CostQuery::plan(&sql, &file, contract, &schemas),
            None => CostQuery::plan_intermediate(&sql, &file, table, &schemas),
        };
        let query = query.unwrap_or_else(|refusal| panic!("{table}: {refusal:?}"));
        let of = Parameters { fiscal_year: Some(2018), period: Some(1), as_at: Day::parse_iso("2018-04-30"), ..Parameters::none() };
        let rows = query.run(&tables, &of).unwrap_or_else(|refusal| panic!("{table}: {refusal:?}"));
        self.tables.insert(table.to_owned(), rows.clone());
        rows
    }

    fn kernel(&mut self, kernel: Kernel, fills: &[&str], period: Option<Period>) {
        let gives: Vec<_> = fills.iter().map(|table| self.partnership.contracts[&format!("published/{table}")].arrow_schema()).collect();
        let made = {
            let input =
                KernelInput { partnership: &self.partnership, period, tables: &self.tables, gives: &gives, threads: 1, solved: None };
            match kernel {
                Kernel::Match => matched(&input),
                _ => settled(&input),
            }
        };
        self.tables.extend(fills.iter().map(|table| (*table).to_owned()).zip(made.unwrap()));
    }

    fn matched(&mut self, tolerance: Pence) {
        self.partnership.recharge.terms.tolerance = tolerance;
        for table in ["recharge_feed", "recharge_line", "recharge_sum"] {
            self.query(table);
        }
        self.query("settlement_period");
        self.kernel(Kernel::Match, &["recharge_pair", "unmatched_recharge"], None);
    }

    fn settled(&mut self) {
        for table in ["settlement_cost", "settlement_recharge", "trading_part", "trading_result", "trading_ledger", "service_partner"] {
            self.query(table);
        }
        let fills = ["settlement", "settlement_pair", "payment_to_make", "trading_share"];
        self.kernel(Kernel::Net, &fills, Some(Period { year: 2018, period: 1 }));
    }

    /// A table has the rows of the example, in the columns that the example has.
    fn agrees(&self, table: &str) {
        let expected = fs::read_to_string(self.folder.join(format!("expected/{table}.csv"))).unwrap();
        let names: Vec<&str> = expected.lines().next().unwrap().split(',').collect();
        assert_eq!(self.shown(table, &names), expected.lines().skip(1).collect::<Vec<_>>(), "{table}");
    }

    fn shown(&self, table: &str, names: &[&str]) -> Vec<String> {
        let rows = &self.tables[table];
        let value = |name: &str, row: usize| arrow::util::display::array_value_to_string(rows.column_by_name(name).unwrap(), row).unwrap();
        (0..rows.num_rows()).map(|row| names.iter().map(|name| value(name, row)).collect::<Vec<_>>().join(",")).collect()
    }
}

#[test]
fn from_lines_and_cells_to_payments() {
    let Some(steps) = Steps::golden() else { return };
    let mut steps = steps.with_lines().with_cells();
    steps.matched(5);
    steps.settled();
    for table in
        ["recharge_pair", "unmatched_recharge", "trading_result", "trading_share", "settlement", "settlement_pair", "payment_to_make"]
    {
        steps.agrees(table);
    }
    steps.query("recharge_bridge");
    let bridge = [
        "northam,recharge_difference,0.03",
        "northam,recharge_eliminated,-4000.03",
        "northam,recharge_unmatched,0.00",
        "southam,recharge_eliminated,4000.03",
        "southam,recharge_unmatched,-150.00",
    ];
    assert_eq!(steps.shown("recharge_bridge", &["council", "item", "amount"]), bridge);
}

#[test]
fn a_tolerance_of_two_pence_leaves_three_sums_open() {
    let Some(steps) = Steps::golden() else { return };
    let mut steps = steps.with_lines().with_cells();
    steps.matched(2);
    steps.settled();
    assert_eq!(steps.tables["recharge_pair"].num_rows(), 0);
    assert_eq!(steps.tables["unmatched_recharge"].num_rows(), 3);
    assert_eq!(steps.shown("payment_to_make", &["payer", "payee", "amount"]), ["southam,northam,3502.04"]);
}
