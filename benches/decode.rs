//! Speed of the decoder, in MB of file per second of one core, for three layouts of general ledgers.
//!
//! `cargo bench --bench decode [-- --save]`: the last column compares with `benches/baseline.json`.

#![allow(clippy::cast_precision_loss, clippy::expect_used, clippy::indexing_slicing)] // a program that measures, on data that it makes

use std::{fmt::Write as _, sync::Arc};

use truecost::{
    decode::{FileScan, Judge, Reader, Tally, decode},
    domain::{Day, Digest, Identifier, grouped},
    schema::{
        Column, ColumnRules, Contract, DateFormat, DatePart, Delimited, Encoding, Escape, Format, Kind, Layout, MoneyStyle, PeriodFormat,
        RecordType, RowRules, SpecialColumns, TextRules, TrailingDelimiter, Type,
    },
};

mod common;
use common::{Clock, ROUNDS, Report, Sequence};

const LINES: usize = 300_000;
const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

fn main() {
    let mut report = Report::new("decode");
    println!("{:<10} {:>8} {:>10} {:>10} {:>10} {:>10}", "layout", "MB", "scan MB/s", "cut MB/s", "decode", "baseline");
    for (name, contract, bytes) in [havering(), newham(), bexley()] {
        let mut rounds: Vec<[f64; 3]> = (0..ROUNDS).map(|_| round(&contract, &bytes)).collect();
        let mut median = |stage: usize| {
            rounds.sort_by(|a, b| a[stage].total_cmp(&b[stage]));
            rounds[ROUNDS / 2][stage]
        };
        let (scan, cut, decoded) = (median(0), median(1), median(2));
        let was = report.against(name, decoded);
        println!("{name:<10} {:>8.1} {scan:>10.0} {cut:>10.0} {decoded:>10.0} {was:>10}", megabytes(&bytes));
    }
    report.finish();
}

fn megabytes(bytes: &[u8]) -> f64 {
    bytes.len() as f64 / 1e6
}

/// MB per second of the encoding scan, of cutting into pieces, and of decoding them.
fn round(contract: &Contract, bytes: &[u8]) -> [f64; 3] {
    let start = Clock::start();
    let mut scan = FileScan::new();
    bytes.chunks(1 << 20).for_each(|piece| scan.update(piece));
    let facts = scan.finish();
    let scanned = start.seconds();
    let day = Day::from_ymd(2018, 4, 1).expect("a day");
    let judge = Judge::new(Arc::new(contract.clone()), "bench".into(), &facts, (day, day), vec![]).expect("a layout");
    let start = Clock::start();
    let mut reader = Reader::open(&judge, bytes).expect("a header");
    let header = reader.header();
    let mut all = Vec::new();
    while let Some(piece) = reader.next().expect("records") {
        all.push(piece);
    }
    let cut = start.seconds();
    let start = Clock::start();
    let mut tally = Tally::default();
    for piece in &all {
        let decoded = decode(&judge, &header, piece);
        assert!(decoded.fault.is_none(), "{:?}", decoded.fault);
        tally.add(decoded.tally);
    }
    let decoded = start.seconds();
    let tally = tally.finish(&judge, &header).expect("a whole file");
    assert_eq!((tally.accepted, tally.rejected), (LINES as u64, 0));
    [scanned, cut, decoded].map(|took| megabytes(bytes) / took)
}

/// A line of the ledger: journal, line, day, pence, cost centre, account, supplier, words.
struct Line {
    journal: usize,
    number: usize,
    day: (i32, u8, u8),
    pence: i64,
    cost_centre: u64,
    account: u64,
    supplier: u64,
    words: u64,
}

fn lines() -> impl Iterator<Item = Line> {
    let mut numbers = Sequence(0x2545_F491_4F6C_DD1D);
    let mut sum = 0;
    (0..LINES).map(move |at| {
        let last = at % 4 == 3;
        let amount = numbers.pence().cast_signed() * if numbers.below(4) == 0 { -1 } else { 1 };
        let pence = if last { -sum } else { amount };
        sum = if last { 0 } else { sum + pence };
        let day = Day::from_ymd(2018, 4, 1).expect("a day").plus_days(i32::try_from(at * 365 / LINES).expect("a year"));
        Line {
            journal: at / 4 + 1,
            number: at % 4 + 1,
            day: day.ymd(),
            pence,
            cost_centre: numbers.below(3000) * numbers.below(3000) / 3000 + 10_000,
            account: numbers.below(600) + 40_000,
            supplier: numbers.below(20_000),
            words: numbers.below(5000),
        }
    })
}

fn plain(pence: i64) -> String {
    format!("{}{}.{:02}", if pence < 0 { "-" } else { "" }, pence.abs() / 100, pence.abs() % 100)
}

fn havering() -> (&'static str, Contract, Vec<u8>) {
    let mut text = String::from(
        "HDR|HAVERING|GENERAL LEDGER|2018-19|01-APR-2019 02:00:01\nJE_HEADER_ID|JE_LINE_NUM|PERIOD_NAME|EFFECTIVE_DATE|CODE_COMBINATION|ACCOUNTED_DR|ACCOUNTED_CR|DESCRIPTION|JE_SOURCE|JE_CATEGORY|VENDOR_NAME|INVOICE_NUM\n",
    );
    for Line { journal, number, day: (year, month, day), pence, cost_centre, account, supplier, words } in lines() {
        let name = MONTHS[usize::from(month) - 1];
        let (debit, credit) = if pence < 0 { (String::new(), plain(-pence)) } else { (plain(pence), String::new()) };
        let _ = writeln!(
            text,
            "{}|{number}|{name}-{}|{day:02}-{name}-{year}|01.{cost_centre}.{account}.0000.{}|{debit}|{credit}|Café supplies £ wk {words}|Payables|Purchase Invoices|SUPPLIER {supplier} LIMITED|INV{journal}",
            journal + 7_000_000,
            year % 100,
            supplier % 900 + 100
        );
    }
    text.push_str("TRL|300000|1.00|1.00\n");
    let bytes = text.chars().map(|c| u8::try_from(u32::from(c)).expect("Latin")).collect();
    let mut columns = texts(&["JE_HEADER_ID", "CODE_COMBINATION", "DESCRIPTION", "JE_SOURCE", "JE_CATEGORY", "VENDOR_NAME", "INVOICE_NUM"]);
    columns.push(column("JE_LINE_NUM", Type::Integer));
    columns.push(period("PERIOD_NAME", PeriodFormat::MonthYear));
    columns.push(date(
        "EFFECTIVE_DATE",
        &[DatePart::Day, DatePart::Literal(b'-'), DatePart::MonthName, DatePart::Literal(b'-'), DatePart::Year],
    ));
    columns.push(money("ACCOUNTED_DR", &[MoneyStyle::Plain]));
    columns.push(money("ACCOUNTED_CR", &[MoneyStyle::Plain]));
    let records = vec![
        RecordType { tag: "HDR".into(), ..RecordType::default() },
        RecordType { tag: "TRL".into(), fields: vec![("rows".into(), 2)], ..RecordType::default() },
    ];
    let text = TextRules { encodings: vec![Encoding::Windows1252], trust_encoding: false, last_line_end_absent: false };
    let format = Delimited {
        text,
        delimiter: b'|',
        quote: None,
        escape: Escape::Doubled,
        trailing_delimiter: TrailingDelimiter::Refused,
        short_lines: false,
        borders: false,
        stray_quotes: false,
        formula_texts: false,
        other_delimiter: None,
    };
    let layout = Layout { rows: RowRules { records, ..RowRules::default() }, format: Format::Delimited(format), container: None };
    ("havering", contract(layout, columns), bytes)
}

fn newham() -> (&'static str, Contract, Vec<u8>) {
    let mut text = String::from(
        "\u{feff}\"Entity\",\"Cost Centre\",\"Subjective\",\"Project\",\"Journal\",\"Line\",\"Period\",\"Accounting Date\",\"Amount\",\"Narrative\",\"Supplier\",\"Document Ref\"\n",
    );
    for Line { journal, number, day: (year, month, day), pence, cost_centre, account, supplier, words } in lines() {
        let narrative = match words % 100 {
            0 => format!("Adj \"\"late\"\" claim, see\nnote {words}"),
            1..20 => format!("Agency, wk {words}"),
            _ => format!("Narrative {words}"),
        };
        let project = if words % 10 == 0 { format!("P{supplier}") } else { String::new() };
        let (fiscal, period) = if month >= 4 { (year, month - 3) } else { (year - 1, month + 9) };
        let _ = writeln!(
            text,
            "\"NEWHAM\",\"N{cost_centre}\",\"{account}\",\"{project}\",\"NJ{journal}\",{number},\"{fiscal}-{period:02}\",\"{year}-{month:02}-{day:02}\",\"{}\",\"{narrative}\",\"Supplier & Co {supplier}\",\"D{journal}\"",
            plain(pence)
        );
    }
    let mut columns = texts(&["Entity", "Cost Centre", "Subjective", "Project", "Journal", "Narrative", "Supplier", "Document Ref"]);
    columns.push(column("Line", Type::Integer));
    columns.push(period("Period", PeriodFormat::YearPeriod));
    columns
        .push(date("Accounting Date", &[DatePart::Year, DatePart::Literal(b'-'), DatePart::Month, DatePart::Literal(b'-'), DatePart::Day]));
    columns.push(money("Amount", &[MoneyStyle::Plain]));
    ("newham", contract(Layout::delimited(), columns), text.into_bytes())
}

fn bexley() -> (&'static str, Contract, Vec<u8>) {
    let mut text = String::from(
        "London Borough of Bexley\r\nLedger transactions report\r\nRun: 02/04/2019 06:12,,,\r\nTrans No,Seq,Fin Year,Period,Date,Account Code,Net Amount,Text,Name,Ref\r\n",
    );
    for Line { journal, number, day: (year, month, day), pence, cost_centre, account, supplier, words } in lines() {
        let (fiscal, period) = if month >= 4 { (year, month - 3) } else { (year - 1, month + 9) };
        let amount = format!("{}.{:02}", grouped(u128::from(pence.unsigned_abs() / 100)), pence.abs() % 100);
        let amount = if pence < 0 { format!("({amount})") } else { amount };
        let amount = if amount.contains(',') { format!("\"{amount}\"") } else { amount };
        let _ = write!(
            text,
            "{},{number},{fiscal}/{},{period},{day:02}/{month:02}/{year},B{cost_centre}/{account},{amount},\"Text, item {words}\",NAME {supplier},R{journal}\r\n",
            journal + 500,
            (fiscal + 1) % 100
        );
    }
    let mut columns = texts(&["Trans No", "Account Code", "Text", "Name", "Ref"]);
    columns.push(column("Seq", Type::Integer));
    columns.push(period("Fin Year", PeriodFormat::YearYear));
    columns.push(period("Period", PeriodFormat::PeriodOnly));
    columns.push(date("Date", &[DatePart::Day, DatePart::Literal(b'/'), DatePart::Month, DatePart::Literal(b'/'), DatePart::Year]));
    columns.push(money("Net Amount", &[MoneyStyle::Plain, MoneyStyle::Commas, MoneyStyle::Brackets]));
    ("bexley", contract(Layout::delimited(), columns), text.into_bytes())
}

fn column(printed: &str, kind: Type) -> Column {
    Column {
        name: Identifier::new(&printed.to_lowercase().replace(' ', "_")).expect("an identifier"),
        physical_name: printed.into(),
        kind,
        required: false,
        primary_key: None,
        description: String::new(),
        rules: ColumnRules::default(),
    }
}

fn texts(names: &[&str]) -> Vec<Column> {
    names.iter().map(|name| column(name, Type::Text)).collect()
}

fn period(printed: &str, format: PeriodFormat) -> Column {
    let mut column = column(printed, Type::Text);
    column.rules.periods = vec![format];
    column
}

fn date(printed: &str, parts: &[DatePart]) -> Column {
    let mut column = column(printed, Type::Date);
    column.rules.dates = vec![DateFormat { text: String::new(), parts: parts.to_vec() }];
    column
}

fn money(printed: &str, styles: &[MoneyStyle]) -> Column {
    let mut column = column(printed, Type::Money);
    column.rules.money = styles.to_vec();
    column
}

fn contract(layout: Layout, columns: Vec<Column>) -> Contract {
    Contract {
        name: "bench/ledger".into(),
        kind: Kind::Source,
        file: "bench".into(),
        digest: Digest([0; 32]),
        version: "1".into(),
        columns,
        special: SpecialColumns::default(),
        layout: Some(layout),
    }
}
