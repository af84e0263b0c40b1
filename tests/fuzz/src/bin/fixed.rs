//! Lines of fixed width: any bytes are accepted or refused, never panic, and give the same answer however they are cut.

#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use truecost_fuzz::{
    domain::Digest,
    holds, id, judge,
    schema::{
        Column, ColumnRules, Contract, DateFormat, DatePart, Encoding, Fixed, FixedField, Format, Holds, Kind, Layout, MoneyStyle, RecordAt,
        RecordType, RowRules, SpecialColumns, Stretch, TextRules, Type, Unit,
    },
};

fuzz_target!(|input: &[u8]| {
    let [choice, size, file @ ..] = input else { return };
    let contract = Arc::new(contract(*choice));
    let whole = judge(&contract, Vec::new(), file, 1 << 20);
    let cut = judge(&contract, Vec::new(), file, usize::from(*size) + 1);
    assert_eq!(whole, cut);
    whole.iter().for_each(holds);
});

/// `T` and the name at 1-4, a filler at 5, an amount at 6-11, a day at 12-19: 19 characters or bytes, or 21 with a line end that counts.
fn contract(choice: u8) -> Contract {
    let bit = |n: u8| choice >> n & 1 == 1;
    let column = |name: &str, kind, rules| Column {
        name: id(name),
        physical_name: name.into(),
        kind,
        required: bit(0),
        primary_key: None,
        description: String::new(),
        rules,
    };
    let field = |start: u32, width: u32, column: Option<&str>| FixedField { at: Stretch { start, width }, column: column.map(id) };
    let mut fields = vec![field(0, 4, Some("text")), field(4, 1, None), field(5, 6, Some("amount")), field(11, 8, Some("day"))];
    if bit(1) {
        fields.push(field(19, 2, None));
    }
    let format = Fixed {
        text: TextRules {
            encodings: vec![Encoding::Utf8, Encoding::Windows1252],
            trust_encoding: bit(2),
            last_line_end_absent: false,
        },
        unit: if bit(3) { Unit::Bytes } else { Unit::Characters },
        length: if bit(1) { 21 } else { 19 },
        short_lines: bit(0) != bit(4),
        fields,
    };
    let record = |tag: &str, data, holds| RecordType { tag: tag.into(), data, holds, ..RecordType::default() };
    let trailer = RecordType {
        tag: "T".into(),
        fields: vec![("rows".into(), 2), ("sum".into(), 3)],
        stretches: vec![Stretch { start: 1, width: 3 }, Stretch { start: 4, width: 6 }],
        ..RecordType::default()
    };
    let rows = RowRules {
        has_header: bit(4),
        header_within_rows: 3,
        record_at: RecordAt::Stretch(Stretch { start: 0, width: 1 }),
        records: if bit(5) { vec![record("D", true, None), record("X", false, Some(Holds::LeftOut)), trailer] } else { vec![] },
        skip_blank_rows: bit(6),
        allow_empty: bit(7),
        ..RowRules::default()
    };
    let dates = vec![DateFormat { text: "yyyymmdd".into(), parts: vec![DatePart::Year, DatePart::Month, DatePart::Day] }];
    let money = vec![MoneyStyle::Plain, MoneyStyle::Overpunch, MoneyStyle::OverpunchDigits, MoneyStyle::Implied(2)];
    Contract {
        name: "fuzz".into(),
        kind: Kind::Source,
        file: "fuzz".into(),
        digest: Digest([0; 32]),
        version: "1".into(),
        columns: vec![
            column("text", Type::Text, ColumnRules::default()),
            column("amount", Type::Money, ColumnRules { money, ..ColumnRules::default() }),
            column("day", Type::Date, ColumnRules { dates, ..ColumnRules::default() }),
        ],
        special: SpecialColumns::default(),
        layout: Some(Layout { rows, format: Format::Fixed(format), container: None }),
    }
}
