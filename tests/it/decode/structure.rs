//! Words for what stands beside rows: headings, pages, ends, nil returns, delimiters, bars.

use truecost::decode::Left;

use super::{
    driver::{Judged, judge},
    fixed::contract,
};

const CSV: &str = "format: delimited\ndelimiter: ','\nencodings: [utf-8, windows-1252]";
const COLUMNS: [(&str, &str, &str); 3] =
    [("code", "VARCHAR", ""), ("what", "VARCHAR", ""), ("amount", "DECIMAL(18,2)", "money: [plain, commas]")];

fn with(words: &str) -> String {
    format!("{CSV}\n{words}")
}

fn read(layout: &str, columns: &[(&str, &str, &str)], text: &str) -> Judged {
    judge(&contract(layout, columns), text.as_bytes()).unwrap_or_else(|refusal| panic!("{refusal}"))
}

fn refused(layout: &str, columns: &[(&str, &str, &str)], text: &str) -> String {
    match judge(&contract(layout, columns), text.as_bytes()) {
        Ok(_) => "accepted".to_owned(),
        Err(refusal) => refusal.to_string(),
    }
}

fn sum(judged: &Judged, column: &str) -> i128 {
    judged.tally.sums.iter().find(|sum| &*sum.column == column).expect("a sum").accepted.net()
}

fn rows_of(judged: &Judged, left: &Left) -> u64 {
    judged.tally.left_out.get(left).map_or(0, |out| out.rows)
}

#[test]
fn a_column_is_the_second_of_its_name_or_the_third_of_all() {
    let text = "code,amount,amount,\na,1.00,2.00,x\nb,10.00,20.00,\n";
    let by = |words: &str| {
        [("code", "VARCHAR", ""), ("amount", "DECIMAL(18,2)", words), ("flag", "VARCHAR", "position: 4")]
            .map(|c| (c.0, c.1, c.2.to_owned()))
    };
    let net = |words: &str| {
        let columns = by(words);
        let columns: Vec<_> = columns.iter().map(|(a, b, c)| (*a, *b, c.as_str())).collect();
        match judge(&contract(&with("extra_columns: note"), &columns), text.as_bytes()) {
            Ok(judged) => sum(&judged, "amount").to_string(),
            Err(refusal) => refusal.0[0].code.id.to_owned(),
        }
    };
    assert_eq!(net("occurrence: 1"), "1100");
    assert_eq!(net("occurrence: 2"), "2200");
    assert_eq!(net("position: 3"), "2200");
    // The third of two is not there; a heading of another name is not its field; without a word nobody knows which is meant.
    assert_eq!(net("occurrence: 3"), "TC0208");
    assert_eq!(net("position: 1"), "TC0208");
    assert_eq!(net("money: [plain]"), "TC0209");
}

#[test]
fn one_takes_a_heading_and_another_what_is_left_of_it() {
    let columns = [("first", "VARCHAR", "aliases: [code], occurrence: 2"), ("code", "VARCHAR", ""), ("amount", "DECIMAL(18,2)", "")];
    let judged = read(CSV, &columns, "code,code,amount\na,b,1.00\n");
    let first = |name: &str| arrow::util::display::array_value_to_string(judged.rows.column_by_name(name).unwrap(), 0).unwrap();
    assert_eq!((first("code"), first("first")), ("a".into(), "b".into()));
}

#[test]
fn two_lines_name_a_column_together() {
    let columns =
        [("code", "VARCHAR", "aliases: ['Cost Code']"), ("amount", "DECIMAL(18,2)", "aliases: ['Net Amount']"), ("note", "VARCHAR", "")];
    let text = "Report of May,,\nCost,Net,\nCode,Amount,note\na,1.00,x\n";
    let judged = read(&with("header: {lines: 2}"), &columns, text);
    assert_eq!((sum(&judged, "amount"), rows_of(&judged, &Left::Preamble)), (100, 1));
    // Repeated on the next page, both of its lines are the header again.
    let again = format!("{text}Cost,Net,\nCode,Amount,note\nb,2.00,y\n");
    let judged = read(&with("header: {lines: 2}\nrepeats_header: allowed"), &columns, &again);
    assert_eq!((sum(&judged, "amount"), rows_of(&judged, &Left::HeaderAgain)), (300, 2));
    assert!(refused(&with("header: {lines: 2}"), &columns, &again).contains("repeats_header: allowed"));
    // A file that ends within its header has none.
    assert!(refused(&with("header: {lines: 2}"), &columns, "Cost,Net,\n").contains("TC0206"));
}

#[test]
fn a_repeated_header_is_skipped_only_where_it_is_allowed() {
    let text = "code,what,amount\na,x,1.00\n Code ,WHAT,amount\nb,y,2.00\n";
    let judged = read(&with("repeats_header: allowed"), &COLUMNS, text);
    assert_eq!((sum(&judged, "amount"), rows_of(&judged, &Left::HeaderAgain)), (300, 1));
    assert!(judged.notes.iter().any(|note| note.contains("header again")), "{:?}", judged.notes);
    assert!(refused(CSV, &COLUMNS, text).contains("TC0215"));
}

#[test]
fn page_furniture_is_left_out_by_its_lines_and_priced() {
    let text = "code,what,amount\na,x,1.00\n\u{c}Ledger listing\nPage   2 of 3,,\ncarried,forward,1.00\nb,y,2.00\n";
    let pages = "pages: ['Ledger listing', 'Page * of *', {line: 'carried,forward,*', holds: subtotal}]";
    let judged = read(&with(pages), &COLUMNS, text);
    assert_eq!(sum(&judged, "amount"), 300);
    assert_eq!([0, 1, 2].map(|line| rows_of(&judged, &Left::Page(line))), [1, 1, 1]);
    assert_eq!(judged.tally.left_out[&Left::Page(2)].pence, 100);
    assert!(refused(CSV, &COLUMNS, text).contains("TC0211"));
}

#[test]
fn after_the_end_all_is_tail_wherever_the_file_is_cut() {
    let rows: String = (0..50_000).map(|n| format!("c{n},x,1.00\n")).collect();
    let tail: String = (0..50_000).map(|n| format!("note {n},of the sender,7.00\n")).collect();
    let text = format!("code,what,amount\n{rows}*** end ***,,\n{tail}a line by itself\n");
    for end in ["end: {when: {code: '*** end ***'}, holds: other_unit}", "end: {line: '*end ***,,', holds: other_unit}"] {
        let judged = read(&with(end), &COLUMNS, &text);
        assert_eq!((sum(&judged, "amount"), rows_of(&judged, &Left::Tail)), (5_000_000, 50_002), "{end}");
    }
    // Without its end a file is all rows.
    let judged = read(&with("end: {when: {code: FIN}}"), &COLUMNS, "code,what,amount\na,x,1.00\n");
    assert_eq!((sum(&judged, "amount"), rows_of(&judged, &Left::Tail)), (100, 0));
}

#[test]
fn a_nil_return_is_a_delivery_of_no_rows() {
    let nil = with("nil: [No transactions, 'Nil return for *']");
    for line in ["No transactions,,", "  no   such\n", ",No transactions,", "\"Nil return for May\",,"] {
        let text = format!("code,what,amount\n{line}\n");
        let ends = refused(&nil, &COLUMNS, &text);
        assert_eq!(ends == "accepted", !line.contains("such"), "{line}: {ends}");
    }
    let judged = read(&nil, &COLUMNS, "code,what,amount\nNo transactions,,\n");
    assert!(judged.notes.iter().any(|note| note.contains("nil return")), "{:?}", judged.notes);
    // Without a header it is as good: the sender's words and nothing else.
    for text in ["No transactions\n", "\n\"Nil return for May\"\n\n\n", "No transactions,,\n\n", "\u{feff}No transactions"] {
        let judged = read(&nil, &COLUMNS, text);
        assert_eq!((judged.rows.num_rows(), rows_of(&judged, &Left::Nil)), (0, 1), "{text:?}");
        assert!(judged.notes.iter().any(|note| note.contains("has no header")), "{:?}", judged.notes);
    }
    for text in ["No transaction\n", "No transactions\na,x,1.00\n", "Spending in May\nNo transactions\n", "\n"] {
        assert_ne!(refused(&nil, &COLUMNS, text), "accepted", "{text:?}");
    }
    assert_ne!(refused(&with(""), &COLUMNS, "No transactions\n"), "accepted", "the contract has no such words");
    // It stands beside no row, and a header alone says nothing.
    assert!(refused(&nil, &COLUMNS, "code,what,amount\na,x,1.00\nNo transactions,,\n").contains("TC0460"));
    assert!(refused(&nil, &COLUMNS, "code,what,amount\n").contains("nil: \"No transactions\""));
}

#[test]
fn delimiters_of_one_character() {
    for delimiter in ["¬", "§", "€", "\u{1f}", "\u{1}", "~", "¦"] {
        let written = delimiter.escape_default().to_string();
        let yaml = if delimiter.is_ascii() && delimiter != "~" {
            format!("\"\\x{:02x}\"", delimiter.as_bytes()[0])
        } else {
            format!("\"{delimiter}\"")
        };
        let layout = format!("format: delimited\ndelimiter: {yaml}\nencodings: [utf-8, windows-1252]");
        let text =
            format!("code{delimiter}what{delimiter}amount\na{delimiter}\"{delimiter}\"{delimiter}1.00\nb{delimiter}x{delimiter}2.00\n");
        assert_eq!(sum(&read(&layout, &COLUMNS, &text), "amount"), 300, "{written}");
    }
    let layout = "format: delimited\ndelimiter: '¬'\nencodings: [utf-8]";
    assert!(refused(layout, &COLUMNS, "code¬what¬amount\na¬\u{1f}¬1.00\n").contains("TC0461"));
    // A faulty row is kept as it came.
    let judged = read(layout, &COLUMNS, "code¬what¬amount\na¬x¬oh\nb¬y¬1.00\n");
    assert_eq!(judged.rejected[0].raw, "a¬x¬oh");
}

#[test]
fn a_printed_list_has_bars_at_both_ends() {
    let layout = "format: delimited\ndelimiter: '|'\nborders: true\nencodings: [utf-8]";
    let text = "------\n| code | what |  amount |\n|------+------+---------|\n| a    | x    |    1.00 |\n|      |      |         |\n| b    | y    |    2.00 |\n=======\n";
    let judged = read(layout, &COLUMNS, text);
    assert_eq!((sum(&judged, "amount"), rows_of(&judged, &Left::Rule), judged.tally.blank), (300, 2, 1));
    assert!(refused(layout, &COLUMNS, "| code | what | amount |\n| a | x | 1.00 | y\n").contains("TC0211"));
    assert!(refused(layout, &COLUMNS, "| code | what | amount |\nz| a | x | 1.00 |\n").contains("does not begin and end"));
}
