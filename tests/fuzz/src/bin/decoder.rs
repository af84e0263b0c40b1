//! Any bytes are accepted or refused, never panic, and give the same answer however they are cut.

#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use truecost_fuzz::{
    decode::BalanceBy,
    domain::Digest,
    holds, id, judge,
    schema::{
        Column, ColumnRules, Contract, DateFormat, DatePart, Delimited, Encoding, End, EndAt, Escape, ExtraColumns, Footer, Format, Holds, Kind, Layout, LinePattern,
        MoneyStyle, NotData, PageLine, RecordAt, RecordType, RowRules, SpecialColumns, TextRules, TrailingDelimiter, Type, Window,
    },
};

fuzz_target!(|input: &[u8]| {
    let [choice, more, size, file @ ..] = input else { return };
    let contract = Arc::new(contract(*choice, *more));
    let bytes = if more & 0x80 == 0 { [b"a,b,c\n", file].concat() } else { file.to_vec() };
    let balances = || vec![BalanceBy { by: id("text"), plus: vec![id("amount")], minus: vec![] }];
    let whole = judge(&contract, balances(), &bytes, 1 << 20);
    let cut = judge(&contract, balances(), &bytes, usize::from(*size) + 1);
    assert_eq!(whole, cut);
    whole.iter().for_each(holds);
});

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
        trailing_delimiter: match (bit(7), bit(0)) {
            (false, _) => TrailingDelimiter::Refused,
            (true, false) => TrailingDelimiter::Required,
            (true, true) => TrailingDelimiter::Allowed,
        },
        borders: more & 32 != 0,
        stray_quotes: more & 128 != 0,
        formula_texts: more & 64 != 0,
        short_lines: more & 128 != 0,
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
