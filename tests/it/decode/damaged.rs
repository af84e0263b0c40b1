//! Structure: files that are refused with the place and the reason, and files that are accepted with a note.

use truecost::schema::{Encoding, Escape, ExtraColumns, Footer, Holds, NotData, RecordType, TrailingDelimiter, Type};

use super::driver::{Cases, Judged, aliased, column, contract, delimited, id, judge_in, layout, ledger, personal};

const HEADER: &str = "Date,Code,Amount,Text\n";
const ROWS: &str = "01/02/2024,A1,10.00,first\n02/02/2024,B2,-2.50,second\n";

fn plain(rows: &str) -> Vec<u8> {
    format!("{HEADER}{rows}").into_bytes()
}

#[test]
fn c01_zero_bytes() {
    let mut told = Cases::new("c01");
    told.case("", &ledger(layout()), b"");
    told.golden();
}

#[test]
fn c02_header_only() {
    let mut told = Cases::new("c02");
    told.case("", &ledger(layout()), HEADER.as_bytes());
    let mut empty_allowed = layout();
    empty_allowed.rows.allow_empty = true;
    told.case("allow empty", &ledger(empty_allowed), HEADER.as_bytes());
    told.golden();
}

#[test]
fn c03_utf8_byte_order_mark() {
    let mut told = Cases::new("c03");
    told.case("", &ledger(layout()), &[b"\xEF\xBB\xBF", plain(ROWS).as_slice()].concat());
    told.case(
        "broken",
        &ledger(layout()),
        &[b"\xEF\xBB\xBF", plain("01/02/2024,A1,10.00,caf\u{e9}\n").as_slice(), b"02/02/2024,B2,1.00,\xA3\n"].concat(),
    );
    told.golden();
}

#[test]
fn c04_utf16_byte_order_mark() {
    let mut told = Cases::new("c04");
    let text = format!("\u{feff}{HEADER}01/02/2024,A1,10.00,\"café, £ and \u{1F4B7}\"\n");
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    told.case("little endian", &ledger(layout()), &little);
    told.case("big endian", &ledger(layout()), &big);
    told.case("odd byte", &ledger(layout()), &little[..little.len() - 1]);
    told.case("undeclared without mark", &ledger(layout()), &little[2..]);
    let mut declared = layout();
    delimited(&mut declared).text.encodings.push(Encoding::Utf16Le);
    told.case("declared without mark", &ledger(declared), &little[2..]);
    told.golden();
}

#[test]
fn c05_windows_1252() {
    let mut told = Cases::new("c05");
    let bytes = [plain(ROWS).as_slice(), b"03/02/2024,C3,1.00,caf\xE9 \xA3 \x96\n"].concat();
    told.case("declared", &ledger(layout()), &bytes);
    let mut utf8_only = layout();
    delimited(&mut utf8_only).text.encodings = vec![Encoding::Utf8];
    told.case("undeclared", &ledger(utf8_only), &bytes);
    told.case("undefined byte", &ledger(layout()), &[plain(ROWS).as_slice(), b"03/02/2024,C3,1.00,\x81\n"].concat());
    let mut only_1252 = layout();
    delimited(&mut only_1252).text.encodings = vec![Encoding::Windows1252];
    told.case("is utf8", &ledger(only_1252), &plain("03/02/2024,C3,1.00,café\n"));
    let mut latin1 = layout();
    delimited(&mut latin1).text.encodings = vec![Encoding::Latin1];
    told.case("latin1", &ledger(latin1), &bytes);
    told.golden();
}

#[test]
fn c06_mixed_encodings() {
    let mut told = Cases::new("c06");
    let bytes = [plain("01/02/2024,A1,10.00,café\n").as_slice(), b"02/02/2024,B2,1.00,\xA3\n"].concat();
    told.case("", &ledger(layout()), &bytes);
    let mut trusted = layout();
    delimited(&mut trusted).text.trust_encoding = true;
    told.case("trusted", &ledger(trusted), &bytes);
    told.golden();
}

#[test]
fn c07_invalid_utf8_at_row_90001() {
    let mut told = Cases::new("c07");
    let mut bytes = HEADER.as_bytes().to_vec();
    (0..90_000).for_each(|_| bytes.extend_from_slice(b"01/02/2024,A1,1.00,caf\xC3\xA9\n"));
    bytes.extend_from_slice(b"01/02/2024,A1,1.00,\xFF\n");
    told.whole("", &ledger(layout()), &bytes);
    told.golden();
}

#[test]
fn c08_nul_byte() {
    let mut told = Cases::new("c08");
    told.case("", &ledger(layout()), &plain("01/02/2024,A1,10.00,fi\0rst\n"));
    told.golden();
}

#[test]
fn c09_ctrl_z_trailer() {
    let mut told = Cases::new("c09");
    told.case("", &ledger(layout()), &plain("01/02/2024,A1,10.00,first\r\n\x1A"));
    told.case("padded", &ledger(layout()), &plain("01/02/2024,A1,10.00,first\x1A\x1A\x1A"));
    told.golden();
}

#[test]
fn c10_cr_only_line_ends() {
    let mut told = Cases::new("c10");
    told.case("", &ledger(layout()), plain(ROWS).iter().map(|b| if *b == b'\n' { b'\r' } else { *b }).collect::<Vec<_>>().as_slice());
    let cr_crlf = String::from_utf8(plain(ROWS)).unwrap().replace('\n', "\r\r\n");
    told.case("cr cr lf", &ledger(layout()), cr_crlf.as_bytes());
    told.golden();
}

#[test]
fn c11_mixed_crlf_and_lf() {
    let mut told = Cases::new("c11");
    told.case("", &ledger(layout()), &plain("01/02/2024,A1,10.00,first\r\n02/02/2024,B2,-2.50,second\n03/02/2024,C3,1.00,third\r\n"));
    told.golden();
}

/// A file of at least `size` bytes in which every seventh text holds line ends, quotes and delimiters.
fn quoted_newlines(size: usize) -> (Vec<u8>, u64, i64) {
    let mut bytes = HEADER.as_bytes().to_vec();
    let (mut rows, mut pence) = (0, 0);
    while bytes.len() < size {
        let text = if rows % 7 == 0 { "\"note \"\"late\"\", see\nline two\r\nand 01/02/2024,A1,99.00,three\"" } else { "\"plain, text\"" };
        bytes.extend_from_slice(format!("01/02/2024,A{rows},{}.{:02},{text}\n", rows % 100, rows % 97).as_bytes());
        pence += i64::try_from(rows % 100 * 100 + rows % 97).unwrap();
        rows += 1;
    }
    (bytes, rows, pence)
}

fn agrees(judged: &Judged, rows: u64, pence: i64) {
    assert_eq!((judged.tally.accepted, judged.tally.rejected), (rows, 0));
    assert_eq!(judged.tally.sums[0].accepted.net(), i128::from(pence));
}

#[test]
fn c12_quoted_newlines_in_a_megabyte() {
    let (bytes, rows, pence) = quoted_newlines(1_000_000);
    for chunk_bytes in [100, 1 << 16, 1 << 20] {
        agrees(&judge_in(&ledger(layout()), &bytes, chunk_bytes, vec![]).unwrap(), rows, pence);
    }
}

#[test]
fn c13_quoted_newlines_in_many_chunks() {
    let (bytes, rows, pence) = quoted_newlines(11_000_000);
    let judged = judge_in(&ledger(layout()), &bytes, 1 << 20, vec![]).unwrap();
    agrees(&judged, rows, pence);
    let source_rows = judged.rows.column_by_name("source_row").unwrap();
    let source_rows = source_rows.as_any().downcast_ref::<arrow::array::Int64Array>().unwrap();
    let last = i64::try_from(rows - 1).unwrap();
    assert_eq!(source_rows.value(0), 2);
    assert_eq!(
        source_rows.value(source_rows.len() - 1),
        2 + last + 2 * (last + 6).div_euclid(7),
        "two line ends inside every seventh text"
    );
}

#[test]
fn c14_quoted_newline_that_forges_a_record() {
    let mut told = Cases::new("c14");
    told.case("", &ledger(layout()), &plain("01/02/2024,A1,10.00,\"invoice\n02/02/2024,B2,9999.00,forged\"\n"));
    told.golden();
}

#[test]
fn c15_unclosed_quote() {
    let mut told = Cases::new("c15");
    told.case("", &ledger(layout()), &plain("01/02/2024,A1,10.00,\"first\n02/02/2024,B2,-2.50,second\n"));
    let mut long = plain("01/02/2024,A1,10.00,\"first\n");
    (0..700_000).for_each(|_| long.extend_from_slice(b"02/02/2024,B2,-2.50,second\n"));
    told.whole("long", &ledger(layout()), &long);
    told.case("closed by another", &ledger(layout()), &plain("01/02/2024,A1,10.00,\"first\n02/02/2024,B2,-2.50,\"second\"\n"));
    told.golden();
}

#[test]
fn c16_unescaped_quote() {
    let mut told = Cases::new("c16");
    told.case("", &ledger(layout()), &plain("01/02/2024,A1,10.00,5\" pipe\n"));
    told.case("after closing", &ledger(layout()), &plain("01/02/2024,A1,10.00,\"5\" pipe\"\n"));
    let names = contract(layout(), vec![personal(column("name", "Name", Type::Text)), column("code", "Code", Type::Text)]);
    told.case("personal", &names, b"Name,Code\nAnn \"Bee\" Cee,1\n");
    told.golden();
}

#[test]
fn c17_backslash_escaped_quotes() {
    let mut told = Cases::new("c17");
    let bytes = plain("01/02/2024,A1,10.00,\"5\\\" pipe, \\\\ and\nmore\"\n");
    told.case("undeclared", &ledger(layout()), &bytes);
    let mut backslash = layout();
    delimited(&mut backslash).escape = Escape::Backslash;
    told.case("declared", &ledger(backslash), &bytes);
    told.golden();
}

#[test]
fn c18_another_delimiter() {
    let mut told = Cases::new("c18");
    told.case("semicolon", &ledger(layout()), b"Date;Code;Amount;Text\n01/02/2024;A1;10,00;first\n");
    told.case("tab", &ledger(layout()), b"Date\tCode\tAmount\tText\n01/02/2024\tA1\t10.00\tfirst\n");
    told.case("no header", &ledger(layout()), ROWS.as_bytes());
    told.golden();
}

#[test]
fn c19_short_row() {
    let mut told = Cases::new("c19");
    told.case("", &ledger(layout()), &plain("01/02/2024,A1,10.00,first\n02/02/2024,B2,-2.50\n03/02/2024,C3,1.00,third\n"));
    told.golden();
}

#[test]
fn c20_long_row() {
    let mut told = Cases::new("c20");
    told.case("", &ledger(layout()), &plain("01/02/2024,A1,10.00,first\n02/02/2024,B2,-2.50,second, and more\n"));
    let mut unquoted = layout();
    delimited(&mut unquoted).quote = None;
    told.case("unquoted", &ledger(unquoted), &plain("02/02/2024,B2,-2.50,\"second, and more\"\n"));
    told.golden();
}

#[test]
fn c21_trailing_delimiter() {
    let mut told = Cases::new("c21");
    let mut trailing = layout();
    delimited(&mut trailing).trailing_delimiter = TrailingDelimiter::Required;
    let bytes = b"Date,Code,Amount,Text,\n01/02/2024,A1,10.00,first,\n02/02/2024,B2,-2.50,second,\n";
    told.case("declared", &ledger(trailing.clone()), bytes);
    told.case("undeclared", &ledger(layout()), bytes);
    told.case("not empty", &ledger(trailing), b"Date,Code,Amount,Text,\n01/02/2024,A1,10.00,first,\n02/02/2024,B2,-2.50,second,x\n");
    told.golden();
}

#[test]
fn c22_blank_lines() {
    let mut told = Cases::new("c22");
    let bytes = plain("01/02/2024,A1,10.00,first\n\n,,,\n02/02/2024,B2,-2.50,second\n  \n , ,,\n");
    told.case("", &ledger(layout()), &bytes);
    let mut not_skipped = layout();
    not_skipped.rows.skip_blank_rows = false;
    told.case("not declared", &ledger(not_skipped), &bytes);
    told.golden();
}

#[test]
fn c23_duplicate_header() {
    let mut told = Cases::new("c23");
    told.case("", &ledger(layout()), b"Date,Code,Amount,Text, amount \n01/02/2024,A1,10.00,first,11.00\n");
    told.golden();
}

#[test]
fn c24_header_spelled_otherwise() {
    let mut told = Cases::new("c24");
    let mut contract = ledger(layout());
    contract.columns[2] = aliased(contract.columns[2].clone(), &["Net Amount", "Value"]);
    told.case("", &contract, b"DATE,code  ,\"Net\n amount\",Text\n01/02/2024,A1,10.00,first\n");
    told.golden();
}

#[test]
fn c25_missing_column() {
    let mut told = Cases::new("c25");
    told.case("", &ledger(layout()), b"Date,Code,Text\n01/02/2024,A1,first\n");
    told.case("renamed", &ledger(layout()), b"Date,Code,Net Value,Text\n01/02/2024,A1,10.00,first\n");
    told.golden();
}

#[test]
fn c26_extra_column() {
    let mut told = Cases::new("c26");
    let bytes = b"Date,Code,Extra,Amount,,Text\n01/02/2024,A1,x,10.00,,first\n";
    told.case("", &ledger(layout()), bytes);
    let mut noted = layout();
    noted.rows.extra_columns = ExtraColumns::Note;
    told.case("noted", &ledger(noted), bytes);
    told.golden();
}

#[test]
fn c27_columns_in_another_order() {
    let mut told = Cases::new("c27");
    told.case("", &ledger(layout()), b"Text,Amount,Date,Code\nfirst,10.00,01/02/2024,A1\n");
    told.golden();
}

#[test]
fn c28_header_again() {
    let mut told = Cases::new("c28");
    told.case("", &ledger(layout()), &[plain(ROWS), plain(ROWS)].concat());
    let respelled = [plain(ROWS), b"DATE,Code,\"Amount\",Text \n".to_vec(), ROWS.as_bytes().to_vec()].concat();
    told.case("respelled", &ledger(layout()), &respelled);
    told.golden();
}

#[test]
fn c29_footer_with_totals() {
    let mut told = Cases::new("c29");
    let mut footed = layout();
    footed.rows.footer =
        Some(Footer { when: vec![(id("code"), "TOTAL".into())], totals: vec![("amount".into(), id("amount"))], holds: Some(Holds::Total) });
    let contract = ledger(footed);
    told.case("", &contract, &plain(&format!("{ROWS},TOTAL,7.50,\n")));
    told.case("short", &contract, &plain(&format!("{ROWS},TOTAL,7.50\n")));
    told.case("missing", &contract, &plain(ROWS));
    told.case("twice", &contract, &plain(&format!("{ROWS},TOTAL,7.50,\n{ROWS},TOTAL,7.50,\n")));
    told.case("unread", &contract, &plain(&format!("{ROWS},TOTAL,seven,\n")));
    told.golden();
}

/// A ledger with a leading and a trailing record.
fn with_trailer() -> truecost::schema::Contract {
    let mut layout = layout();
    layout.rows.records = vec![
        RecordType { tag: "HDR".into(), ..RecordType::default() },
        RecordType { tag: "TRL".into(), fields: vec![("rows".into(), 2), ("net".into(), 3)], ..RecordType::default() },
    ];
    ledger(layout)
}

#[test]
fn c30_cut_in_the_middle_of_a_record() {
    let mut told = Cases::new("c30");
    let whole = format!("HDR,ASHVALE\n{HEADER}{ROWS}TRL,2,7.50\n");
    told.case("whole", &with_trailer(), whole.as_bytes());
    told.case("cut in record", &with_trailer(), &whole.as_bytes()[..whole.find(",second").unwrap()]);
    // The last field itself is cut: the record count is right, but the trailer is missing.
    told.case("cut in last field", &with_trailer(), &whole.as_bytes()[..whole.find("ond\n").unwrap()]);
    told.case("cut in trailer", &with_trailer(), &whole.as_bytes()[..whole.find(",7.50").unwrap()]);
    // Without a trailer only a control of the feed can tell; the missing line end is noted.
    told.case("no trailer", &ledger(layout()), &plain(ROWS)[..plain(ROWS).len() - 3]);
    told.golden();
}

#[test]
fn c31_cut_at_a_line_end() {
    let mut told = Cases::new("c31");
    let whole = format!("HDR,ASHVALE\n{HEADER}{ROWS}TRL,2,7.50\n");
    told.case("", &with_trailer(), &whole.as_bytes()[..whole.find("TRL").unwrap()]);
    // One row less, trailer present: what the control of the feed compares is here.
    told.case("row lost", &with_trailer(), format!("HDR,ASHVALE\n{HEADER}01/02/2024,A1,10.00,first\nTRL,2,7.50\n").as_bytes());
    told.case("joined", &with_trailer(), format!("HDR,ASHVALE\n{HEADER}{ROWS}TRL,2,7.50\nTRL,2,7.50\n").as_bytes());
    told.golden();
}

#[test]
fn c32_no_line_end_at_the_end() {
    let mut told = Cases::new("c32");
    let bytes = plain(ROWS);
    told.case("", &ledger(layout()), &bytes[..bytes.len() - 1]);
    told.golden();
}

#[test]
fn rows_that_are_declared_not_to_be_data() {
    let mut told = Cases::new("not_data");
    let mut declared = layout();
    declared.rows.not_data =
        vec![NotData { when: vec![(id("amount"), "".into()), (id("posting_date"), "".into())], reason: "sub-heading".into(), holds: None }];
    let bytes = plain(",Directorate of Place,,\n01/02/2024,A1,10.00,first\n,Directorate of People, ,\n02/02/2024,B2,-2.50,second\n");
    told.case("", &ledger(declared), &bytes);
    told.golden();
}

#[test]
fn a_preamble_of_any_shape_is_kept_and_counted() {
    let mut told = Cases::new("preamble");
    let bytes =
        b"London \"Borough\" of Ashvale\r\n\r\nPeriod,P04,,,,,\r\n,,,,April 2024\r\nDate,Code,Amount,Text\r\n01/02/2024,A1,10.00,first\r\n";
    told.case("", &ledger(layout()), bytes);
    let mut near = layout();
    near.rows.header_within_rows = 4;
    told.case("too long", &ledger(near), bytes);
    told.golden();
}

#[test]
fn the_first_fault_in_the_file_is_the_one_that_is_told() {
    let mut told = Cases::new("first_fault");
    let mut bytes = plain(&ROWS.repeat(50));
    bytes.extend_from_slice(b"01/02/2024,A1,10.00\n");
    bytes.extend_from_slice(ROWS.repeat(50).as_bytes());
    bytes.extend_from_slice(b"01/02/2024,A1,10.00,\"unclosed\n");
    told.case("", &ledger(layout()), &bytes);
    told.golden();
}
