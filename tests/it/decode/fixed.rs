//! Fixed width: W1 to W10, and what a line of records says of itself.

use truecost::schema::{Contract, Kind, read_contract, yaml::SourceText};

use super::driver::{Cases, Judged, judge};

/// A contract of these lines of the layout and these columns: name, type and the words of truecost.
pub fn contract(layout: &str, columns: &[(&str, &str, &str)]) -> Contract {
    read(layout, columns).unwrap_or_else(|refusal| panic!("{refusal}"))
}

fn read(layout: &str, columns: &[(&str, &str, &str)]) -> truecost::diagnostic::Answer<Contract> {
    let column = |(name, kind, words): &(&str, &str, &str)| {
        let value = format!("[{{property: truecost, vendor: truecost, value: {{{words}}}}}]");
        let custom = if words.is_empty() { String::new() } else { format!(", customProperties: {value}") };
        format!("      - {{name: {name}, physicalName: {name}, physicalType: \"{kind}\"{custom}}}\n")
    };
    let columns: String = columns.iter().map(column).collect();
    let layout: String = layout.lines().map(|line| format!("          {line}\n")).collect();
    let text = format!(
        "apiVersion: v3.2.0\nkind: DataContract\nid: ashvale-pay\nversion: 1.0.0\nstatus: active\nschema:\n  - name: extract\n    \
         customProperties:\n      - property: truecost\n        vendor: truecost\n        value:\n{layout}    properties:\n{columns}"
    );
    read_contract(&SourceText::new("schemas/sources/ashvale/pay.odcs.yaml", text), Kind::Source, "ashvale/pay")
}

/// What `truecost validate` says of it.
fn refused(layout: &str, columns: &[(&str, &str, &str)]) -> String {
    read(layout, columns).map_or_else(|refusal| refusal.to_string(), |_| "accepted".to_owned())
}

const LAYOUT: &str = "format: fixed\nencodings: [utf-8, windows-1252]\nunit: characters\nlength: 30";
const COLUMNS: [(&str, &str, &str); 4] = [
    ("day", "DATE", "formats: [yyyymmdd], start: 1, width: 8"),
    ("centre", "VARCHAR", "start: 9, width: 5"),
    ("payee", "VARCHAR", "from: 14, to: 22"),
    ("amount", "DECIMAL(18,2)", "money: [plain, minus_after, 'implied(2)'], from: 23, to: 30"),
];

/// Three rows: £10.00, -£2.50 with the sign before, -£0.05 with the sign behind.
const ROWS: &str = "20240201A1   Alder Ltd00001000\r\n20240202A2   Birch        -250\r\n20240203     Cedar Ltd0000005-\r\n";

fn plain() -> Contract {
    contract(LAYOUT, &COLUMNS)
}

#[test]
fn columns_stand_at_their_places() {
    let mut told = Cases::new("fixed");
    told.text("", &plain(), ROWS);
    told.text("blank lines of any length, and a mark of end", &plain(), &format!("{ROWS}\r\n     \r\n\u{1a}"));
    told.text("a value at fault", &plain(), &ROWS.replace("-250", "-2x0"));
    let mut named = COLUMNS;
    named[1].2 = "start: 9, width: 5, aliases: [centr]";
    let headed = contract(&format!("{LAYOUT}\nheader: {{within_rows: 3}}"), &named);
    told.text("a header by its names", &headed, &format!("Payments of ashvale\nday     centrpayee    amount\n{ROWS}"));
    told.golden();
}

#[test]
fn w01_short_line() {
    let mut told = Cases::new("w01");
    told.text("", &plain(), &ROWS.replace("Birch        -250", "Birch     -250"));
    told.text("the file ends in it", &plain(), &ROWS[..ROWS.len() - 9]);
    told.text("blanks at its end were taken off", &plain(), &ROWS.replace("0000005-", ""));
    told.golden();
}

#[test]
fn w02_long_line() {
    let mut told = Cases::new("w02");
    told.text("", &plain(), &ROWS.replace("Birch        -250", "Birch          -250"));
    told.golden();
}

#[test]
fn w03_tabs() {
    let mut told = Cases::new("w03");
    told.text("a tab for blanks", &plain(), &ROWS.replace("Birch        -250", "Birch\t-250"));
    told.text("blanks for a tab", &plain(), &ROWS.replace("Birch        -250", "Birch   Co      -250"));
    told.golden();
}

#[test]
fn w04_characters_of_several_bytes() {
    let bytes = contract(&LAYOUT.replace("characters", "bytes"), &COLUMNS);
    // As many characters as without the accent, and as many bytes.
    let (characters, in_bytes) = (ROWS.replace("Birch ", "Bïrch "), ROWS.replace("Birch  ", "Bïrch "));
    let mut told = Cases::new("w04");
    told.text("characters, as declared", &plain(), &characters);
    told.text("bytes, and characters declared", &plain(), &in_bytes);
    told.text("bytes, as declared", &bytes, &in_bytes);
    told.text("characters, and bytes declared", &bytes, &characters);
    told.text("a field begins inside a character", &bytes, &ROWS.replace("Cedar Ltd0000005-", "Cedar Lt£000005-"));
    let single: Vec<u8> = ROWS.replace("Birch ", "B*rch ").bytes().map(|byte| if byte == b'*' { 0xEF } else { byte }).collect();
    told.case("bytes of windows-1252", &bytes, &single);
    told.golden();
}

#[test]
fn w05_ebcdic() {
    let mut told = Cases::new("w05");
    let record =
        b"\xF2\xF0\xF2\xF4\xF0\xF2\xF0\xF1\xC1\xF1\x40\x40\x40\xC1\x93\x84\x85\x99\x40\xD3\xA3\x84\xF0\xF0\xF0\xF0\xF1\xF0\xF0\xF0";
    told.case("", &plain(), &record.repeat(4));
    told.golden();
}

#[test]
fn w06_overpunched_signs() {
    let styled = |style: &str| {
        let mut columns = COLUMNS;
        let words = format!("money: ['{style}', 'implied(2)'], from: 23, to: 30");
        columns[3].2 = &words;
        contract(LAYOUT, &columns)
    };
    let rows = ROWS.replace("00001000", "0000100{").replace("    -250", "0000025}").replace("0000005-", "0000000N");
    let digits = ROWS.replace("    -250", "0000025p").replace("0000005-", "0000000u");
    let mut told = Cases::new("w06");
    told.text("", &styled("overpunch"), &rows);
    told.text("digits and p to y", &styled("overpunch(p-y)"), &digits);
    told.text("not declared", &styled("plain"), &rows);
    told.text("the other one declared", &styled("overpunch(p-y)"), &rows);
    told.golden();
}

#[test]
fn w08_a_layout_with_gaps_and_overlaps() {
    let moved = |at: usize, words: &'static str| {
        let mut columns = COLUMNS;
        columns[at].2 = words;
        columns
    };
    let cases = [
        ("a gap", refused(LAYOUT, &moved(1, "start: 9, width: 4"))),
        ("a gap that is filled", refused(&format!("{LAYOUT}\nfill: [{{from: 13, to: 13}}]"), &moved(1, "start: 9, width: 4"))),
        ("an overlap", refused(LAYOUT, &moved(1, "start: 9, width: 6"))),
        ("a gap at the end", refused(&LAYOUT.replace("30", "31"), &COLUMNS)),
        ("beyond the end", refused(&LAYOUT.replace("30", "29"), &COLUMNS)),
        ("no place", refused(LAYOUT, &moved(1, "trim: true"))),
        ("half a place", refused(LAYOUT, &moved(1, "start: 9"))),
        ("the wrong way round", refused(LAYOUT, &moved(1, "from: 13, to: 9"))),
        ("keys of another format", refused(&format!("{LAYOUT}\ndelimiter: ','"), &COLUMNS)),
        ("records without a place", refused(&format!("{LAYOUT}\nrecords: {{T: skip}}"), &COLUMNS)),
        ("a place in delimited text", refused("format: delimited\ndelimiter: ','\nencodings: [utf-8]", &COLUMNS)),
    ];
    let told: String = cases.iter().map(|(label, told)| format!("# {label}\n{told}\n")).collect();
    crate::golden::golden("golden/decode/w08.txt", &told);
}

const TYPES: &str = "format: fixed\nencodings: [utf-8]\nunit: characters\nlength: 20\nrecord_type: {start: 1, width: 1}\n\
    records: {H: skip, D: data, T: {rows: {start: 2, width: 6}, total: {start: 8, width: 9}}}";
const TYPED: [(&str, &str, &str); 3] = [
    ("record_type", "VARCHAR", "start: 1, width: 1"),
    ("payee", "VARCHAR", "start: 2, width: 10"),
    ("amount", "DECIMAL(18,2)", "money: [overpunch, 'implied(2)'], start: 12, width: 9"),
];

#[test]
fn w09_record_types() {
    let rows = "HASHVALE 202402     \nDAlder     00000100{\nDBirch     00000025}\nT00000200000075{    \n";
    let typed = contract(TYPES, &TYPED);
    let mut told = Cases::new("w09");
    told.text("", &typed, rows);
    told.text("a type that nobody declared", &typed, &rows.replace("DBirch", "XBirch"));
    told.text("no type", &typed, &rows.replace("DBirch", " Birch"));
    told.text("a trailer that is cut", &typed, &rows[..rows.len() - 12]);
    told.text("no trailer", &typed, &rows[..63]);
    told.text("two trailers", &typed, &format!("{rows}T00000200000075{{    \n"));
    told.text("a short header and trailer", &typed, &rows.replace("HASHVALE 202402     ", "HASHVALE").replace("{    \n", "{\n"));
    let held = TYPES.replace("H: skip", "H: skip, A: {holds: left_out}");
    told.text("a type that holds pounds which do not count", &contract(&held, &TYPED), &rows.replace("DBirch", "ABirch"));
    told.text(
        "the same without the word",
        &contract(&TYPES.replace("H: skip", "H: skip, A: skip"), &TYPED),
        &rows.replace("DBirch", "ABirch"),
    );
    told.golden();
}

/// The layouts of specifications often count the two bytes of the line end.
#[test]
fn w10_line_ends_that_the_length_counts() {
    let counted = contract(&format!("{}\nfill: [{{from: 31, to: 32}}]", LAYOUT.replace("30", "32")), &COLUMNS);
    let mut told = Cases::new("w10");
    told.text("", &counted, ROWS);
    told.text("a line that is short all the same", &counted, &ROWS.replace("Birch        -250", "Birch       -250"));
    told.text("the last line without a line end", &counted, &ROWS[..ROWS.len() - 2]);
    told.text("line ends that it does not count", &plain(), &ROWS.replace("\r\n", "\r\r\n"));
    told.golden();
}

/// HDR, DTL and TRL with no column names: the same words in delimited text.
#[test]
fn record_types_of_delimited_text() {
    let layout =
        "format: delimited\ndelimiter: '|'\nencodings: [utf-8]\nheader: none\nrecords: {HDR: skip, DTL: data, TRL: {rows: 2, net: 3}}";
    let columns = [("record_type", "VARCHAR", ""), ("payee", "VARCHAR", ""), ("net", "DECIMAL(18,2)", "money: [plain]")];
    let rows = "HDR|ASHVALE|20240302|0914\nDTL|Alder Ltd|10.00\nDTL|Birch|-2.50\nTRL|000002|7.50\n";
    let mut told = Cases::new("record_types");
    let typed = contract(layout, &columns);
    told.text("", &typed, rows);
    told.text("a type that nobody declared", &typed, &rows.replace("DTL|Birch", "ADJ|Birch"));
    told.text("a field too many", &typed, &rows.replace("DTL|Birch", "DTL|Birch|Co"));
    told.text("only a header and a trailer", &typed, "HDR|ASHVALE\nTRL|0|0.00\n");
    told.text(
        "the type in another field",
        &contract(&layout.replace("header: none", "header: none\nrecord_type: 2"), &[columns[1], columns[0], columns[2]]),
        "a|HDR\nAlder|DTL|10.00\nb|TRL|1|10.00\n".replace("b|TRL|1|10.00", "1|TRL|10.00").as_str(),
    );
    told.golden();
}

/// A column of markers without a heading, of which each says what its row is.
#[test]
fn a_column_of_markers_needs_no_heading() {
    let layout = "format: delimited\ndelimiter: ','\nencodings: [utf-8]\nrecords: {INSERTED DETAIL: data, INSERTED FOOTER: {holds: total}, detail: skip, footer: skip, 'subtotal,outline': skip}";
    let columns = [("payee", "VARCHAR", ""), ("amount", "DECIMAL(18,2)", "money: [plain, commas]")];
    let rows = "query agr,,\n,payee,amount\n\"subtotal,outline \",,\nINSERTED DETAIL,Alder,\"1,010.00\"\nINSERTED DETAIL,Birch,-2.50\nINSERTED FOOTER,,\"1,007.50\"\ndetail,,\nfooter,,\n";
    let mut told = Cases::new("markers");
    let marked = contract(layout, &columns);
    told.text("", &marked, rows);
    told.text("a marker not seen before", &marked, &rows.replace("INSERTED DETAIL,Birch", "INSERTED SUM,Birch"));
    told.golden();
}

/// Every line length, cut and character: nothing is lost, and nothing panics.
#[test]
fn any_lines_are_accounted_for() {
    use proptest::prelude::*;
    let typed = contract(TYPES, &TYPED);
    proptest!(|(lines in prop::collection::vec("[HDTX]?[ A0£{}\t]{0,22}", 0..8), end in prop::sample::select(&["\n", "\r\n", "\r"][..]))| {
        let file = lines.join(end);
        if let Ok(Judged { rows, rejected, tally, .. }) = judge(&typed, file.as_bytes()) {
            prop_assert_eq!(rows.num_rows() as u64, tally.accepted);
            prop_assert_eq!(rejected.len() as u64, tally.rejected);
            let read = lines.iter().filter(|line| line.starts_with('D')).count() as u64;
            prop_assert_eq!(tally.accepted + tally.rejected, read, "{:?}", file);
            prop_assert_eq!(tally.records(), lines.len() as u64 - u64::from(lines.last().is_some_and(String::is_empty)), "{:?}", file);
        }
    });
}
