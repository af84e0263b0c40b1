//! Judges a whole file in memory as a run does, and prints what a person would read.

use std::{fmt::Write as _, sync::Arc};

use arrow::{
    array::{RecordBatch, TimestampMicrosecondArray},
    compute::concat_batches,
    util::display::array_value_to_string,
};
use truecost::{
    decode::{BalanceBy, Decoded, FileScan, Judge, Reader, RejectedRow, Tally, decode},
    diagnostic::{Answer, render_all},
    domain::{Day, Digest, Identifier, decimal},
    schema::{
        Column, ColumnRules, Contract, DateFormat, DatePart, Delimited, Encoding, Format, Kind, Layout, MoneyStyle, Personal, PersonalKind,
        SpecialColumns, Treatment, Type,
    },
};

use crate::golden::golden;

/// What a file that is not refused holds.
pub struct Judged {
    pub rows: RecordBatch,
    pub rejected: Vec<RejectedRow>,
    pub tally: Tally,
    /// Everything that was normalised, a sentence each.
    pub notes: Vec<String>,
}

pub fn id(name: &str) -> Identifier {
    Identifier::new(name).expect("an identifier")
}

pub fn day(text: &str) -> Day {
    Day::parse_iso(text).expect("a day")
}

/// Strict RFC 4180 with commas, UTF-8 or Windows-1252.
pub fn layout() -> Layout {
    let mut layout = Layout::delimited();
    delimited(&mut layout).text.encodings = vec![Encoding::Utf8, Encoding::Windows1252];
    layout
}

/// What a layout says of delimited text.
pub fn delimited(layout: &mut Layout) -> &mut Delimited {
    match &mut layout.format {
        Format::Delimited(delimited) => delimited,
        Format::Fixed(_) | Format::Workbook(_) => panic!("not delimited text"),
    }
}

pub fn column(name: &str, physical_name: &str, kind: Type) -> Column {
    Column {
        name: id(name),
        physical_name: physical_name.into(),
        kind,
        required: false,
        primary_key: None,
        description: String::new(),
        rules: ColumnRules::default(),
    }
}

pub fn required(mut column: Column) -> Column {
    column.required = true;
    column
}

pub fn trimmed(mut column: Column) -> Column {
    column.rules.trim = true;
    column
}

pub fn aliased(mut column: Column, aliases: &[&str]) -> Column {
    column.rules.aliases = aliases.iter().map(|alias| (*alias).into()).collect();
    column
}

pub fn personal(mut column: Column) -> Column {
    column.rules.personal = Some(Personal { kind: PersonalKind::Name, treat: Treatment::Keep });
    column
}

pub fn money(name: &str, physical_name: &str, styles: &[MoneyStyle]) -> Column {
    let mut column = column(name, physical_name, Type::Money);
    column.rules.money = styles.to_vec();
    column
}

pub fn date(name: &str, physical_name: &str, formats: &[&str]) -> Column {
    let mut column = column(name, physical_name, Type::Date);
    column.rules.dates = formats.iter().map(|text| date_format(text)).collect();
    column
}

/// `dd/mm/yyyy` and the like.
pub fn date_format(text: &str) -> DateFormat {
    let words: [(&str, DatePart); 6] = [
        ("dd", DatePart::Day),
        ("mmm", DatePart::MonthName),
        ("mm", DatePart::Month),
        ("yyyy", DatePart::Year),
        ("yy(pivot=50)", DatePart::ShortYear { pivot: 50 }),
        ("hh", DatePart::Hour),
    ];
    let (mut rest, mut parts) = (text, Vec::new());
    while !rest.is_empty() {
        let word = words.iter().find(|(word, _)| rest.starts_with(word));
        let (part, length) = word.map_or((DatePart::Literal(rest.as_bytes()[0]), 1), |(word, part)| (part.clone(), word.len()));
        parts.push(part);
        rest = &rest[length..];
    }
    DateFormat { text: text.into(), parts }
}

pub fn contract(layout: Layout, columns: Vec<Column>) -> Contract {
    Contract {
        name: "ashvale/general_ledger".into(),
        kind: Kind::Source,
        file: "schemas/sources/ashvale/general_ledger.odcs.yaml".into(),
        digest: Digest([0; 32]),
        version: "1.0.0".into(),
        columns,
        special: SpecialColumns::default(),
        layout: Some(layout),
    }
}

/// Date, Code, Amount, Text: the ledger of most cases.
pub fn ledger(layout: Layout) -> Contract {
    contract(
        layout,
        vec![
            required(date("posting_date", "Date", &["dd/mm/yyyy"])),
            column("code", "Code", Type::Text),
            required(money("amount", "Amount", &[MoneyStyle::Plain])),
            column("text", "Text", Type::Text),
        ],
    )
}

/// Judges `bytes` in chunks of about `chunk_bytes`.
pub fn judge_in(contract: &Contract, bytes: &[u8], chunk_bytes: usize, balances: Vec<BalanceBy>) -> Answer<Judged> {
    let mut scan = FileScan::new();
    bytes.chunks(chunk_bytes.max(3)).for_each(|piece| scan.update(piece));
    let covered = (day("2024-01-01"), day("2024-12-31"));
    let judge = Judge::new(Arc::new(contract.clone()), "drop/ashvale/general_ledger/GL.csv".into(), &scan.finish(), covered, balances)?;
    let mut reader = Reader::open_in_pieces(&judge, bytes, chunk_bytes)?;
    let header = reader.header();
    let (mut batches, mut rejected, mut tally) = (Vec::new(), Vec::new(), Tally::default());
    loop {
        let piece = match reader.next() {
            Ok(Some(piece)) => piece,
            Ok(None) => break,
            Err(refusal) => return Err(refusal),
        };
        let Decoded { rows, rejected: more, tally: next, fault, .. } = decode(&judge, &header, &piece);
        if let Some(fault) = fault {
            return Err(fault.into());
        }
        batches.push(rows);
        rejected.extend(more);
        tally.add(next);
    }
    let tally = tally.finish(&judge, &header)?;
    let notes = [judge.notes(), header.notes(), tally.extra_columns(&header), tally.notes(&judge)].concat();
    let rows = concat_batches(&judge.schema(), &batches).expect("batches of one schema");
    Ok(Judged { rows, rejected, tally, notes })
}

pub fn judge(contract: &Contract, bytes: &[u8]) -> Answer<Judged> {
    judge_in(contract, bytes, 1 << 20, vec![])
}

/// What a person reads of the outcome: the refusal, or rows, rejected rows, counts, sums and notes.
pub fn told(answer: &Answer<Judged>) -> String {
    match answer {
        Err(refusal) => format!("REFUSED\n{}", render_all(&refusal.0, false)),
        Ok(judged) => told_judged(judged),
    }
}

fn told_judged(judged: &Judged) -> String {
    let mut out = String::from("ACCEPTED\n");
    let tally = &judged.tally;
    let not_data: u64 = tally.not_data.values().sum();
    let controls: u64 = tally.controls.values().sum();
    let _ = writeln!(
        out,
        "records {} = accepted {} + rejected {} + blank {} + not data {} + control {} + footer {}; preamble {}",
        tally.records(),
        tally.accepted,
        tally.rejected,
        tally.blank,
        not_data,
        controls,
        tally.footers,
        tally.preamble
    );
    for sum in &tally.sums {
        let (accepted, rejected) = (decimal(sum.accepted.net()), decimal(sum.rejected.net()));
        let _ = writeln!(out, "sum of {}: accepted {accepted}, rejected {rejected}, unread {}", sum.column, sum.unread);
    }
    for (name, text) in &tally.trailer {
        let _ = writeln!(out, "trailer.{name} = {text}");
    }
    for (name, total) in &tally.footer {
        let _ = writeln!(out, "footer.{name} = {}", total.text);
    }
    for note in &judged.notes {
        let _ = writeln!(out, "note: {note}");
    }
    for row in 0..judged.rows.num_rows().min(12) {
        let values: Vec<String> = judged.rows.columns().iter().map(|column| value(column, row)).collect();
        let _ = writeln!(out, "row {}", values.join(" | "));
    }
    for row in judged.rejected.iter().take(12) {
        let _ = writeln!(out, "rejected line {}: {:?}", row.source_row, row.raw);
        for fault in &row.faults {
            let column = fault.column.as_ref().map_or("(row)", |c| c.as_str());
            let _ = writeln!(out, "  {} {column}: {} (found {:?})", fault.code.id, fault.reason, fault.value);
        }
    }
    out
}

fn value(column: &arrow::array::ArrayRef, row: usize) -> String {
    if column.is_null(row) {
        return "null".into();
    }
    if let Some(instants) = column.as_any().downcast_ref::<TimestampMicrosecondArray>() {
        return format!("{} µs", instants.value(row));
    }
    let text = array_value_to_string(column, row).expect("a value");
    let is_text = column.data_type() == &arrow::datatypes::DataType::Utf8;
    if is_text { format!("{text:?}") } else { text }
}

/// The outcomes of one test, told one after another in one golden file.
pub struct Cases {
    name: &'static str,
    text: String,
}

impl Cases {
    pub fn new(name: &'static str) -> Self {
        Self { name, text: String::new() }
    }

    /// Judges the file whole and cut small: the outcome must be the same.
    pub fn case(&mut self, label: &str, contract: &Contract, file: &[u8]) {
        let whole = told(&judge(contract, file));
        for chunk_bytes in [1, 7, 64, 1000] {
            let cut = told(&judge_in(contract, file, chunk_bytes, vec![]));
            assert_eq!(cut, whole, "{} {label} in chunks of {chunk_bytes}", self.name);
        }
        self.write(label, &whole);
    }

    pub fn text(&mut self, label: &str, contract: &Contract, file: &str) {
        self.case(label, contract, file.as_bytes());
    }

    /// Judges a large file, only whole.
    pub fn whole(&mut self, label: &str, contract: &Contract, file: &[u8]) {
        let whole = told(&judge(contract, file));
        self.write(label, &whole);
    }

    fn write(&mut self, label: &str, told: &str) {
        let label = if label.is_empty() { "as in the list" } else { label };
        let _ = writeln!(self.text, "# {label}\n{told}");
    }

    pub fn golden(self) {
        golden(&format!("golden/decode/{}.txt", self.name), &self.text);
    }
}
