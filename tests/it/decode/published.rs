//! A year of payments that three councils published, against totals that were computed another way.
//!
//! The files are not part of the repository. Where they are not beside it, the test says so and passes.

use std::{fs, path::PathBuf};

use truecost::{
    domain::decimal,
    schema::{Column, Contract, MoneyStyle, Type},
};

use super::driver::{aliased, column, contract, date, judge_in, layout, money, required, trimmed};

fn texts(names: &[(&str, &str)]) -> Vec<Column> {
    names.iter().map(|(name, printed)| trimmed(column(name, printed, Type::Text))).collect()
}

fn payments(columns: Vec<Column>) -> Contract {
    let mut layout = layout();
    layout.rows.header_within_rows = 5;
    contract(layout, columns)
}

fn newham() -> Contract {
    let mut columns = texts(&[
        ("department", "Local Authority Department"),
        ("supplier", "BENEFICIARY"),
        ("account", "Purpose"),
        ("category", "Merchant Category"),
    ]);
    columns.push(required(date("payment_date", "Transaction Date", &["dd-mm-yyyy", "dd/mm/yyyy"])));
    columns.push(required(money("amount", "Amount", &[MoneyStyle::Plain])));
    columns.push(money("vat", "Non Recoverable", &[MoneyStyle::Plain]));
    payments(columns)
}

fn havering() -> Contract {
    let mut columns = texts(&[
        ("department", "Local Authority Department"),
        ("supplier", "Beneficiary"),
        ("account", "Purpose of Expenditure"),
        ("category", "Merchant Category"),
    ]);
    columns.push(required(trimmed(date("payment_date", "Transaction Date", &["dd-mm-yyyy"]))));
    columns.push(required(money("amount", "Amount (excluding VAT)", &[MoneyStyle::Plain])));
    columns.push(money("vat", "Non Recoverable VAT", &[MoneyStyle::Plain]));
    payments(columns)
}

fn bexley() -> Contract {
    let mut columns = texts(&[
        ("reference", "Transaction Number"),
        ("supplier", "Supplier"),
        ("supplier_ref", "Supplier Number"),
        ("account", "Expense Type"),
        ("department", "Directorate"),
        ("service", "Service Area"),
    ]);
    columns.push(required(date("payment_date", "Payment Date", &["dd/mm/yyyy"])));
    columns.push(required(money("amount", "Amount", &[MoneyStyle::Plain])));
    columns.push(aliased(money("vat", "Non Recoverable VAT", &[MoneyStyle::Plain]), &["Non-Recoverable VAT", "Non Recurring VAT"]));
    payments(columns)
}

#[test]
fn a_year_of_published_payments_adds_up() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data/spend");
    let Ok(totals) = fs::read_to_string(folder.join("control_totals.csv")) else {
        println!("skipped: the published payments are not in {}", folder.display());
        return;
    };
    let (mut files, mut rows, mut pence) = (0, 0, 0);
    for line in totals.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let contract = match fields[0].split('/').next() {
            Some("newham") => newham(),
            Some("havering") => havering(),
            _ => bexley(),
        };
        let bytes = fs::read(folder.join(fields[0])).expect("a published file");
        for chunk_bytes in [10_000, 1 << 20] {
            let judged = judge_in(&contract, &bytes, chunk_bytes, vec![]).unwrap_or_else(|refusal| panic!("{}: {refusal}", fields[0]));
            assert!(judged.rejected.is_empty(), "{}: {:?}", fields[0], judged.rejected.first());
            let seen = [judged.tally.accepted.to_string(), decimal(judged.tally.sums[0].accepted.net()), judged.tally.blank.to_string()];
            assert_eq!(seen, [fields[1], fields[2], fields[5]], "{}", fields[0]);
            if chunk_bytes > 10_000 {
                (files, rows, pence) = (files + 1, rows + judged.tally.accepted, pence + judged.tally.sums[0].accepted.net());
            }
        }
    }
    assert_eq!((files, rows, decimal(pence).as_str()), (36, 512_851, "1496796722.32"));
}
