//! What the demonstration ends with: what each bears in truth and by blanket, who owes whom, checks, and what was planted and found.

use std::fmt::Write as _;

use arrow::{array::AsArray, datatypes::Int64Type, record_batch::RecordBatch};
use serde_json::{Value, json};

use super::{
    ask::{latest, pence_at, rows, tables},
    page::{Align, Page, Table},
};
use crate::{diagnostic::Answer, domain::pounds, engine::Tables, pipeline::Partnership};

/// A table of the last screen: a first column of text, the others of pounds.
struct Section {
    title: &'static str,
    sql: &'static str,
    columns: &'static [&'static str],
    /// The command that explains it.
    next: &'static str,
}

const SECTIONS: [Section; 3] = [
    Section {
        title: "Overheads, 2018/19: what the blanket rate charges, and what each uses",
        sql: "SELECT unit, SUM(base) AS a, SUM(blanket_amount) AS b, SUM(true_amount) AS c, SUM(true_amount) - SUM(blanket_amount) AS d FROM blanket_comparison WHERE kind = 'overhead' GROUP BY unit ORDER BY unit",
        columns: &["bearer", "direct cost", "by blanket", "true", "difference"],
        next: "query \"SELECT final_service, SUM(overhead) AS overhead FROM full_cost WHERE bearer = 'newham' GROUP BY final_service ORDER BY 2 DESC\"",
    },
    Section {
        title: "Employers' on-costs, 2018/19: 30 in a hundred of pay, and as paid",
        sql: "SELECT split_part(unit, '/', 1) AS council, SUM(base) AS a, SUM(blanket_amount) AS b, SUM(true_amount) AS c, SUM(true_amount) - SUM(blanket_amount) AS d FROM blanket_comparison WHERE kind = 'on_cost' GROUP BY split_part(unit, '/', 1) ORDER BY 1",
        columns: &["council", "pay", "by blanket", "true", "difference"],
        next: "query \"SELECT service, SUM(employer_ni) AS ni, SUM(employer_pension) AS pension FROM on_cost WHERE council = 'newham' GROUP BY service ORDER BY service\"",
    },
    Section {
        title: "Settlement, 2018/19: who owes (positive) and who is owed",
        sql: "SELECT organisation, SUM(incurred) AS a, SUM(to_bear) AS b, SUM(recharged) AS c, SUM(balance) AS d FROM settlement GROUP BY organisation ORDER BY organisation",
        columns: &["organisation", "incurred", "to bear", "recharged", "balance"],
        next: "query \"SELECT payer, payee, amount FROM payment_to_make WHERE delivery_period = 12 ORDER BY payer, payee\"",
    },
];

/// Something that the demonstration hides in its files, and where the release shows it.
struct Planted {
    what: &'static str,
    /// How many such things there are.
    sql: &'static str,
    table: &'static str,
}

const PLANTED: [Planted; 9] = [
    Planted {
        what: "a payroll line on another cost centre",
        sql: "SELECT COUNT(*) AS n FROM (SELECT council FROM payroll_difference WHERE reason = 'amounts_differ' GROUP BY council, delivery_year, delivery_period HAVING SUM(difference) = 0.00 AND SUM(absolute_difference) > 0.00)",
        table: "payroll_difference",
    },
    Planted {
        what: "a difference of £12.34",
        sql: "SELECT COUNT(*) AS n FROM (SELECT council FROM payroll_difference WHERE reason = 'amounts_differ' GROUP BY council, delivery_year, delivery_period HAVING SUM(difference) = 12.34)",
        table: "payroll_difference",
    },
    Planted {
        what: "a payroll run that was not journalled",
        sql: "SELECT COUNT(*) AS n FROM (SELECT council FROM payroll_difference WHERE reason = 'no_ledger_line' GROUP BY council, delivery_year, delivery_period)",
        table: "payroll_difference",
    },
    Planted {
        what: "a share outside its tolerance",
        sql: "SELECT COUNT(*) AS n FROM (SELECT service FROM driver_register WHERE used = 'driver' AND agreed_weight IS NOT NULL GROUP BY service)",
        table: "driver_register",
    },
    Planted {
        what: "a month without print volumes",
        sql: "SELECT COUNT(*) AS n FROM (SELECT delivery_year FROM volume GROUP BY delivery_year, delivery_period HAVING SUM(CASE WHEN driver = 'print_pages' THEN 1 ELSE 0 END) = 0)",
        table: "volume",
    },
    Planted { what: "a recharge 3p apart", sql: "SELECT COUNT(*) AS n FROM recharge_pair WHERE difference = 0.03", table: "recharge_pair" },
    Planted {
        what: "a recharge that its payer does not know",
        sql: "SELECT COUNT(*) AS n FROM (SELECT council FROM unmatched_recharge GROUP BY council, side, other, reference)",
        table: "unmatched_recharge",
    },
    Planted {
        what: "a customer without an agreement",
        sql: "SELECT COUNT(*) AS n FROM (SELECT customer FROM trading_result WHERE agreement IS NULL OR agreement = '' GROUP BY customer)",
        table: "trading_result",
    },
    Planted {
        what: "a register that came late",
        sql: "SELECT COUNT(*) AS n FROM (SELECT council FROM delivery WHERE feed = 'assignment' GROUP BY council HAVING MIN(covers_from_year * 100 + covers_from_period) > 201801)",
        table: "delivery",
    },
];

/// The last screen of the demonstration, behind the separation. Nothing where the release tells no true cost: in a partnership of the version
/// before, or of a ledger too short for payrolls. `program` begins every command: `truecost -C truecost-demo`.
///
/// # Errors
/// TC0106, TC10…
pub fn demonstration(partnership: &Partnership, program: &str) -> Answer<Page> {
    let release = latest(partnership)?;
    let all = tables(partnership, &release)?;
    let told = all.get("published.payroll_difference").is_some() && all.get("published.settlement").is_some();
    if !told || number(&rows(&all, "SELECT COUNT(*) AS n FROM on_cost WHERE source = 'payroll'")?) == 0 {
        return Ok(Page::new("demonstration", String::new(), Value::Null));
    }
    let mut text = String::new();
    for section in &SECTIONS {
        let _ = write!(text, "\n{} (pounds):\n\n{}\n  {program} {}\n", section.title, table(&all, section)?, section.next);
    }
    let (checks, warned) = checks(&all, program)?;
    text.push_str(&checks);
    let (planted, found) = planted(&all)?;
    text.push_str(&planted);
    Ok(Page::new("demonstration", text, json!({"planted": PLANTED.len(), "found": found, "checks_with_warnings": warned})))
}

fn number(batches: &[RecordBatch]) -> i64 {
    let first = batches.iter().find(|batch| batch.num_rows() > 0).and_then(|batch| batch.columns().first());
    first.and_then(|column| column.as_primitive_opt::<Int64Type>()).map_or(0, |column| column.value(0))
}

fn text_at(batch: &RecordBatch, column: usize, row: usize) -> String {
    batch
        .columns()
        .get(column)
        .and_then(|column| column.as_string_opt::<i32>())
        .map(|texts| texts.value(row).to_owned())
        .unwrap_or_default()
}

fn table(all: &Tables, section: &Section) -> Answer<String> {
    let aligned = |(at, name): (usize, &&'static str)| (*name, if at == 0 { Align::Left } else { Align::Right });
    let mut table = Table::new(&section.columns.iter().enumerate().map(aligned).collect::<Vec<_>>());
    for batch in &rows(all, section.sql)? {
        for row in 0..batch.num_rows() {
            let pounds_of = (1..section.columns.len()).map(|column| pounds(pence_at(batch, column, row)));
            table.row(std::iter::once(text_at(batch, 0, row)).chain(pounds_of));
        }
    }
    Ok(table.text())
}

/// How many checks passed, by their numbers as the proof counts them, and those with warnings by number and name.
fn checks(all: &Tables, program: &str) -> Answer<(String, usize)> {
    let warned = rows(all, "SELECT CAST(check_no AS VARCHAR) AS n, name FROM check_result WHERE NOT passed ORDER BY check_no")?;
    let passed = number(&rows(all, "SELECT COUNT(DISTINCT check_no) AS n FROM check_result WHERE passed AND checked > 0")?);
    let lines: Vec<String> = warned
        .iter()
        .flat_map(|batch| (0..batch.num_rows()).map(move |row| format!("  {}  {}\n", text_at(batch, 0, row), text_at(batch, 1, row))))
        .collect();
    let text = format!(
        "\nChecks: {passed} passed, {} with warnings:\n\n{}\n  {program} query \"SELECT check_no, name, detail FROM check_result WHERE NOT passed ORDER BY check_no\"\n",
        lines.len(),
        lines.concat()
    );
    Ok((text, lines.len()))
}

/// What was planted, how often it was found, and in which table.
fn planted(all: &Tables) -> Answer<(String, i64)> {
    let mut table = Table::new(&[("planted", Align::Left), ("found", Align::Right), ("in", Align::Left)]);
    let mut found = 0;
    for planted in &PLANTED {
        let times = number(&rows(all, planted.sql)?);
        found += times;
        table.row(vec![planted.what.to_owned(), times.to_string(), planted.table.to_owned()]);
    }
    Ok((format!("\n{}\nplanted {}, found {found}\n", table.text(), PLANTED.len()), found))
}
