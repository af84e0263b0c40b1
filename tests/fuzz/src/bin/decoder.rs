//! Any bytes are accepted or refused, never panic, and give the same answer however they are cut.

#![no_main]

use std::sync::Arc;

use arrow::{array::RecordBatch, compute::concat_batches};
use libfuzzer_sys::fuzz_target;
use truecost_fuzz::{
    decode::{BalanceBy, FileScan, Judge, Reader, RejectedRow, Tally, decode},
    diagnostic::Answer,
    domain::{Day, Digest, Identifier},
    schema::{
        Column, ColumnRules, Contract, DateFormat, DatePart, Delimited, Encoding, End, EndAt, Escape, ExtraColumns, Footer, Format, Holds, Kind, Layout, LinePattern,
        MoneyStyle, NotData, PageLine, RecordAt, RecordType, RowRules, SpecialColumns, TextRules, Type, Window,
    },
};

fuzz_target!(|input: &[u8]| {
    let [choice, more, size, file @ ..] = input else { return };
    let contract = Arc::new(contract(*choice, *more));
    let bytes = if more & 0x80 == 0 { [b"a,b,c\n", file].concat() } else { file.to_vec() };
    let whole = judge(&contract, &bytes, 1 << 20);
    let cut = judge(&contract, &bytes, usize::from(*size) + 1);
    assert_eq!(whole, cut);
    if let Ok((rows, rejected, tally)) = whole {
        assert_eq!(rows.num_rows() as u64, tally.accepted);
        assert_eq!(rejected.len() as u64, tally.rejected);
        assert!(rejected.iter().all(|row| !row.faults.is_empty()));
        assert!(rejected.is_sorted_by_key(|row| row.source_row));
    }
});

type Judged = (RecordBatch, Vec<RejectedRow>, Tally);

fn judge(contract: &Arc<Contract>, bytes: &[u8], chunk_bytes: usize) -> Answer<Judged> {
    let mut scan = FileScan::new();
    bytes.chunks(chunk_bytes).for_each(|piece| scan.update(piece));
    let day = |y| Day::from_ymd(y, 4, 1).expect("a day");
    let balance = BalanceBy { by: id("text"), plus: vec![id("amount")], minus: vec![] };
    let judge = Judge::new(Arc::clone(contract), "file".into(), &scan.finish(), (day(2023), day(2024)), vec![balance])?;
    let mut reader = Reader::open_in_pieces(&judge, bytes, chunk_bytes)?;
    let header = reader.header();
    let (mut batches, mut rejected, mut tally) = (Vec::new(), Vec::new(), Tally::default());
    while let Some(piece) = reader.next()? {
        let decoded = decode(&judge, &header, &piece);
        if let Some(fault) = decoded.fault {
            return Err(fault.into());
        }
        batches.push(decoded.rows);
        rejected.extend(decoded.rejected);
        tally.add(decoded.tally);
    }
    let tally = tally.finish(&judge, &header)?;
    Ok((concat_batches(&judge.schema(), &batches).expect("one schema"), rejected, tally))
}

fn id(name: &str) -> Identifier {
    Identifier::new(name).expect("an identifier")
}

fn contract(choice: u8, more: u8) -> Contract {
    let bit = |n: u8| choice >> n & 1 == 1;
    let column = |name: &str, printed: &str, kind, rules| Column {
        name: id(name),
        physical_name: printed.into(),
        kind,
        required: bit(0),
        primary_key: None,
        description: String::new(),
        rules,
    };
    let format = |parts: [DatePart; 5]| DateFormat { text: "format".into(), parts: parts.to_vec() };
    let slash = DatePart::Literal(b'/');
    let dates = vec![
        format([DatePart::Day, slash.clone(), DatePart::Month, slash.clone(), DatePart::Year]),
        format([DatePart::Month, slash.clone(), DatePart::Day, slash.clone(), DatePart::Year]),
        format([DatePart::Day, slash.clone(), DatePart::MonthName, slash, DatePart::ShortYear { pivot: 50 }]),
    ];
    let window = (more & 1 == 1).then_some(Window { months_before: 12, months_after: 1 });
    let money = vec![MoneyStyle::Plain, MoneyStyle::Commas, MoneyStyle::Brackets, MoneyStyle::Pound];
    let records =
        vec![RecordType { tag: "HDR".into(), ..RecordType::default() }, RecordType { tag: "TRL".into(), fields: vec![("rows".into(), 2)], ..RecordType::default() }];
    let format = Delimited {
        text: TextRules {
            encodings: vec![Encoding::Utf8, Encoding::Windows1252, Encoding::Utf16Le],
            trust_encoding: bit(3),
            last_line_end_absent: bit(0),
        },
        delimiter: if more & 2 == 0 { b',' } else { b'|' },
        quote: bit(1).then_some(b'"'),
        escape: if bit(2) { Escape::Backslash } else { Escape::Doubled },
        trailing_delimiter: bit(7),
        borders: more & 32 != 0,
        other_delimiter: None,
    };
    let rows = RowRules {
        header_within_rows: 3,
        has_header: more & 16 == 0,
        record_at: RecordAt::Field(0),
        records: if bit(4) { records } else { vec![] },
        footer: bit(5).then(|| Footer { when: vec![(id("text"), "TOTAL".into())], totals: vec![("sum".into(), id("amount"))], holds: Some(Holds::Total) }),
        not_data: vec![NotData { when: vec![(id("text"), "skip".into())], reason: "declared".into(), holds: None }],
        skip_blank_rows: bit(6),
        extra_columns: if more & 4 == 0 { ExtraColumns::Refuse } else { ExtraColumns::Note },
        preamble_holds: None,
        null_words: vec![String::new(), "NULL".into()],
        allow_empty: more & 8 == 0,
        repeated_header: more & 128 != 0,
        pages: LinePattern::new("Page * of *").map(|line| PageLine { line, holds: None }).into_iter().collect(),
        end: LinePattern::new("*end*").filter(|_| more & 64 != 0).map(|line| End { at: EndAt::Line(line), holds: None }),
        nil: LinePattern::new("nothing").into_iter().collect(),
        ..RowRules::default()
    };
    let layout = Layout { rows, format: Format::Delimited(format), container: None };
    let columns = vec![
        column("text", "a", Type::Text, ColumnRules::default()),
        column("amount", "b", Type::Money, ColumnRules { money, trim: true, ..ColumnRules::default() }),
        column("day", "c", Type::Date, ColumnRules { dates, window, ..ColumnRules::default() }),
    ];
    Contract {
        name: "fuzz".into(),
        kind: Kind::Source,
        file: "fuzz".into(),
        digest: Digest([0; 32]),
        version: "1".into(),
        columns,
        special: SpecialColumns::default(),
        layout: Some(layout),
    }
}
