//! Values: what is read, what is quarantined with its reason, and what about a value refuses the file.

use truecost::{
    decode::BalanceBy,
    domain::decimal_of,
    schema::{Contract, MoneyStyle, PeriodFormat, Type, Window},
};

use super::driver::{Cases, column, contract, date, id, judge_in, layout, ledger, money, required, trimmed};

fn amounts(styles: &[MoneyStyle]) -> Contract {
    contract(layout(), vec![column("code", "Code", Type::Text), money("amount", "Amount", styles)])
}

/// A file with one amount in each row, quoted.
fn amount_file(texts: &[&str]) -> String {
    let rows = texts.iter().enumerate().map(|(i, text)| format!("{i},\"{text}\"\n"));
    rows.fold("Code,Amount\n".to_owned(), |file, row| file + &row)
}

fn dates(formats: &[&str]) -> Contract {
    contract(layout(), vec![column("code", "Code", Type::Text), date("posting_date", "Date", formats)])
}

#[test]
fn c33_leading_zeros() {
    let mut told = Cases::new("c33");
    told.text("", &ledger(layout()), "Date,Code,Amount,Text\n01/02/2024,00123,10.00,007\n");
    told.golden();
}

#[test]
fn c34_codes_that_look_like_numbers() {
    let mut told = Cases::new("c34");
    told.text("", &ledger(layout()), "Date,Code,Amount,Text\n01/02/2024,1E5,10.00,2E7\n");
    told.golden();
}

#[test]
fn c35_dates_as_the_contract_lists_them() {
    let mut told = Cases::new("c35");
    let file = "Code,Date\n1,01/02/2024\n2,13/02/2024\n";
    told.text("day first", &dates(&["dd/mm/yyyy"]), file);
    told.text("month first", &dates(&["mm/dd/yyyy"]), file);
    told.text("other order", &dates(&["dd/mm/yyyy"]), "Code,Date\n1,01/02/2024\n2,13/02/2024\n3,02/13/2024\n");
    told.text("both declared", &dates(&["dd/mm/yyyy", "mm/dd/yyyy"]), "Code,Date\n1,01/02/2024\n2,13/02/2024\n3,02/13/2024\n");
    told.text(
        "several formats",
        &dates(&["dd/mm/yyyy", "dd-mmm-yyyy", "yyyy-mm-dd", "yyyymmdd"]),
        "Code,Date\n1,01/02/2024\n2,13-FEB-2024\n3,2024-02-14\n4,20240215\n5,1/2/2024\n",
    );
    told.golden();
}

#[test]
fn c36_years_of_two_digits() {
    let mut told = Cases::new("c36");
    told.text("", &dates(&["dd/mm/yyyy"]), "Code,Date\n1,01/02/24\n");
    told.text("pivot", &dates(&["dd/mm/yy(pivot=50)"]), "Code,Date\n1,01/02/24\n2,01/02/75\n");
    told.golden();
}

#[test]
fn c37_a_day_that_does_not_exist() {
    let mut told = Cases::new("c37");
    told.text("", &dates(&["dd/mm/yyyy"]), "Code,Date\n1,31/02/2024\n2,29/02/2024\n3,29/02/2023\n4,soon\n");
    told.golden();
}

#[test]
fn a_date_outside_the_window() {
    let mut told = Cases::new("window");
    let mut windowed = dates(&["dd/mm/yyyy"]);
    windowed.columns[1].rules.window = Some(Window { months_before: 12, months_after: 1 });
    told.text("", &windowed, "Code,Date\n1,22/06/2002\n2,01/01/2023\n3,31/12/2022\n4,31/01/2025\n5,01/02/2025\n");
    told.golden();
}

#[test]
fn c38_amounts_in_every_style() {
    use MoneyStyle::{Brackets, Commas, CrDr, MinusAfter, Plain, Pound, Spaces, UnicodeMinus};
    let mut told = Cases::new("c38");
    let file = amount_file(&["1,234.50", "£5.00", "(5.00)", "5.00-", "5.00CR", "\u{2212}5.00", "1\u{a0}234.50"]);
    told.text("declared", &amounts(&[Plain, Commas, Pound, Brackets, MinusAfter, CrDr, UnicodeMinus, Spaces]), &file);
    told.text("undeclared", &amounts(&[Plain]), &file);
    told.golden();
}

#[test]
fn c39_padded_amount() {
    let mut told = Cases::new("c39");
    let padded = contract(layout(), vec![column("code", "Code", Type::Text), trimmed(money("amount", "Amount", &[MoneyStyle::Plain]))]);
    let file = "Code,Amount\n1, 2.50 \n2,\u{a0}\t2.50\n";
    told.text("", &padded, file);
    told.text("not declared", &amounts(&[MoneyStyle::Plain]), file);
    told.golden();
}

#[test]
fn c40_three_decimals() {
    let mut told = Cases::new("c40");
    told.text("", &amounts(&[MoneyStyle::Plain]), &amount_file(&["1.999", "1.990", "-0.001", "2.5"]));
    told.golden();
}

#[test]
fn c41_scientific() {
    let mut told = Cases::new("c41");
    told.text("", &amounts(&[MoneyStyle::Plain]), &amount_file(&["1.5E+06"]));
    told.text("declared", &amounts(&[MoneyStyle::Plain, MoneyStyle::Scientific]), &amount_file(&["1.5E+06", "1.5e-1", "1.5E-2"]));
    told.golden();
}

#[test]
fn c42_exponent_garbage() {
    let mut told = Cases::new("c42");
    told.text(
        "",
        &amounts(&[MoneyStyle::Plain, MoneyStyle::Scientific]),
        &amount_file(&["1E", "1E+", "E5", "1E5E5", "1E400000000", "1E-400000000", "1E9999", ".E1", "-E"]),
    );
    told.golden();
}

#[test]
fn c43_amount_of_39_digits() {
    let mut told = Cases::new("c43");
    told.text(
        "",
        &amounts(&[MoneyStyle::Plain]),
        &amount_file(&[&"9".repeat(39), "9999999999999999.99", "10000000000000000.00", "000000000000000000000000000000000000000000001.00"]),
    );
    told.golden();
}

#[test]
fn c44_words_in_an_amount() {
    let mut told = Cases::new("c44");
    let file = amount_file(&["-", ".", "N/A", "#N/A", "#REF!", "NULL"]) + "7,\n";
    told.text("", &amounts(&[MoneyStyle::Plain]), &file);
    let strict = contract(layout(), vec![column("code", "Code", Type::Text), required(money("amount", "Amount", &[MoneyStyle::Plain]))]);
    told.text("required", &strict, "Code,Amount\n1,\n2,1.00\n");
    let mut words = layout();
    words.rows.null_words = vec![String::new(), "N/A".into(), "-".into()];
    told.text(
        "null words",
        &contract(words, vec![column("code", "Code", Type::Text), money("amount", "Amount", &[])]),
        "Code,Amount\nN/A,-\n1,N/A\n",
    );
    told.golden();
}

#[test]
fn c45_empty_and_quoted_empty() {
    let mut told = Cases::new("c45");
    let every = contract(
        layout(),
        vec![
            column("text", "Text", Type::Text),
            money("amount", "Amount", &[]),
            date("day", "Day", &[]),
            column("number", "Number", Type::Integer),
            column("flag", "Flag", Type::Boolean),
            column("at", "At", Type::Instant),
        ],
    );
    told.text(
        "",
        &every,
        "Text,Amount,Day,Number,Flag,At\n,,2024-02-01,,,\n\"\",\"\",2024-02-02,\"\",\"\",\"\"\na,1,2024-02-01,-7,yes,2024-02-01T06:30:00Z\n",
    );
    told.golden();
}

#[test]
fn c46_formulas_are_text() {
    let mut told = Cases::new("c46");
    told.text("", &ledger(layout()), "Date,Code,Amount,Text\n01/02/2024,=cmd|' /C calc'!A0,10.00,+1\n01/02/2024,@SUM(A1),10.00,\"\t-2\"\n");
    told.golden();
}

#[test]
fn every_fault_of_a_row_is_told_and_its_amounts_are_counted() {
    let mut told = Cases::new("all_faults");
    let two = contract(
        layout(),
        vec![
            required(column("code", "Code", Type::Text)),
            date("day", "Day", &["dd/mm/yyyy"]),
            money("debit", "Debit", &[]),
            money("credit", "Credit", &[]),
            column("line", "Line", Type::TinyInt),
        ],
    );
    told.text("", &two, "Code,Day,Debit,Credit,Line\n,31/02/2024,10.00,x,300\nA,01/02/2024,5.00,,7\nB,01/02/2024,1.999,-2.00,x\n");
    told.golden();
}

#[test]
fn periods_are_text_or_numbers() {
    let mut told = Cases::new("periods");
    let mut columns = vec![
        column("as_text", "A", Type::Text),
        column("year", "B", Type::SmallInt),
        column("period", "C", Type::TinyInt),
        column("both", "D", Type::Integer),
    ];
    let formats = [PeriodFormat::MonthYear, PeriodFormat::YearYear, PeriodFormat::PeriodOnly, PeriodFormat::YearPeriod];
    columns.iter_mut().zip(formats).for_each(|(column, format)| column.rules.periods = vec![format]);
    told.text("", &contract(layout(), columns), "A,B,C,D\nApr-18,2018/19,4,2018-04\nMay-2018,2018/20,14,2018-00\n");
    told.golden();
}

#[test]
fn journals_that_do_not_balance_are_found_over_any_chunks() {
    let journals = contract(layout(), vec![column("document", "Doc", Type::Text), money("debit", "Dr", &[]), money("credit", "Cr", &[])]);
    let text = "Doc,Dr,Cr\nJ1,10.00,\nJ1,,10.00\nJ2,5.00,\nJ3,7.00,\nJ2,,4.00\nJ3,,x\nJ1,1.00,1.00\n";
    for chunk_bytes in [1, 20, 1000] {
        let balance = BalanceBy { by: id("document"), plus: vec![id("debit")], minus: vec![id("credit")] };
        let judged = judge_in(&journals, text.as_bytes(), chunk_bytes, vec![balance]).unwrap();
        let off: Vec<_> = judged.tally.unbalanced[0].iter().map(|(group, pence)| (group.as_str(), decimal_of(*pence))).collect();
        assert_eq!(off, [("J2", "1.00".to_owned()), ("J3", "7.00".to_owned())]);
    }
}
