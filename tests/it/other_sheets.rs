//! What a workbook says of the sheets that a person sees and its contract does not read.

use std::sync::Arc;

use truecost::{
    decode::{FileScan, Header, Judge, Reader},
    schema::{Contract, Format, Layout, LinePattern, MoneyStyle, RowRules, SheetChoice, Type, WorkbookForm},
};

use crate::{
    decode::driver::{column, contract, date, day, money, required},
    made::{Book, Sheet, archive, entry},
};

const HEADER: &str = "Date;Code;Amount;Text";
const ROW: &str = "2024-02-01;A1;12.50;Paper";

/// Date, Code, Amount, Text of the sheet `Data`.
fn ledger() -> Contract {
    let columns = vec![
        required(date("posting_date", "Date", &["dd/mm/yyyy"])),
        column("code", "Code", Type::Text),
        required(money("amount", "Amount", &[MoneyStyle::Commas])),
        column("text", "Text", Type::Text),
    ];
    let form = WorkbookForm { sheet: SheetChoice::Named("Data".into()), columns: None, ignore_macros: false, other_sheets: Vec::new() };
    contract(Layout { rows: RowRules::default(), format: Format::Workbook(form), container: None }, columns)
}

fn header(contract: &Contract, bytes: &[u8]) -> Header {
    let mut scan = FileScan::new();
    scan.update(bytes);
    let covered = (day("2024-01-01"), day("2024-12-31"));
    let judge = Judge::new(Arc::new(contract.clone()), "x.xlsx".into(), &scan.finish(), covered, Vec::new()).expect("a judge");
    let header = Reader::open_in_pieces(&judge, bytes, 1 << 20).expect("a sheet that is read").header();
    Header::clone(&header)
}

/// What a person is asked, beside the sheet `Data` of one row.
fn asked(sheets: &[&str]) -> Vec<String> {
    asked_of(&header(&ledger(), &Book::of(&[&["sheet Data", HEADER, ROW], sheets].concat()).bytes()))
}

fn asked_of(header: &Header) -> Vec<String> {
    header.doubts.iter().map(|doubt| format!("{} {}", doubt.code.id, doubt.seen)).collect()
}

const HEADINGS: &str =
    "TC0463 the sheet `More` holds rows under the headings that the contract knows, in row 1, and the sheet `Data` alone is read";
const ROWS: &str =
    "TC0463 the sheet `More` holds rows of the same columns without headings, from row 1 on, and the sheet `Data` alone is read";

#[test]
fn rows_go_on_without_headings_only_from_the_first_row_of_a_sheet_on() {
    assert_eq!(asked(&["sheet More", ROW, ROW]), [ROWS]);
    let below_a_gap = asked(&["sheet More", "-", "' ", ROW, ROW]);
    assert!(below_a_gap.iter().all(|told| told.contains("without headings, from row 3 on")) && below_a_gap.len() == 1, "{below_a_gap:?}");
    // Another table, with headings of its own, is none of this feed's, though the same kinds of cell stand below.
    assert_eq!(asked(&["sheet More", "Jnl;No;GBP;CC", ROW, ROW, ROW]), Vec::<String>::new());
    assert_eq!(asked(&["sheet More", "Journals to come", "-", "When;Who;How much", ROW, ROW]), Vec::<String>::new());
    assert_eq!(asked(&["sheet More", ROW, "2024-02-01;A1;none;Paper", ROW, ROW]), Vec::<String>::new());
    assert_eq!(asked(&["sheet More", HEADER, ROW]), [HEADINGS]);
}

#[test]
fn days_may_stand_as_text_in_rows_that_go_on() {
    assert_eq!(asked(&["sheet More", "'01/02/2024;A1;12.50;Paper", "'02/02/2024;A1;3;x"]), [ROWS]);
    // Outside the window or not, it is a day; in a format that the contract does not have, it is none.
    let mut window = ledger();
    window.columns[0].rules.window = Some(truecost::schema::Window { months_before: 0, months_after: 0 });
    let book = Book::of(&["sheet Data", HEADER, ROW, "sheet More", "'01/02/2019;A1;12.50;Paper", "2019-02-02;A1;3;x"]);
    assert_eq!(asked_of(&header(&window, &book.bytes())), [ROWS]);
    assert_eq!(asked(&["sheet More", "'1 Feb 2024;A1;12.50;Paper", "'2 Feb 2024;A1;3;x"]), Vec::<String>::new());
}

#[test]
fn rows_beside_a_sheet_of_the_words_for_nothing_wait() {
    let mut contract = ledger();
    contract.layout.as_mut().expect("a layout").rows.nil = vec![LinePattern::new("No transactions").expect("a pattern")];
    let asked = |sheets: &[&str]| {
        let header = header(&contract, &Book::of(&[&["sheet Data", "No transactions"], sheets].concat()).bytes());
        assert!(header.notes().iter().any(|note| note.contains("has no header")), "{:?}", header.notes());
        asked_of(&header)
    };
    assert_eq!(asked(&["sheet More", HEADER, ROW]), [HEADINGS]);
    assert_eq!(asked(&["sheet More", ROW, ROW]), [ROWS]);
    assert_eq!(asked(&["sheet More", "No transactions"]), Vec::<String>::new());
    assert_eq!(asked(&["sheet More", HEADER]), Vec::<String>::new());
}

#[test]
fn a_sheet_that_cannot_be_looked_at_is_remarked() {
    let mut book = Book::of(&["sheet Data", HEADER, ROW, "sheet More", HEADER, ROW, "sheet Sound", "a"]);
    book.sheets[1].rows.push_str("<row r=\"1\"><c r=\"A1\"><v>1</v></c></row>");
    let header = header(&ledger(), &book.bytes());
    assert_eq!(asked_of(&header), Vec::<String>::new());
    let told: Vec<String> = header.notes().into_iter().filter(|note| note.contains("looked at")).collect();
    assert_eq!(told, ["the sheet `More`, which is not read, cannot be looked at"]);
}

#[test]
fn a_part_that_many_sheets_name_is_looked_at_once() {
    let asked = |part: &str| {
        let kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet";
        let mut book = Book::of(&["sheet Data", HEADER, ROW, "sheet More", HEADER, ROW]);
        book.sheets.extend((3..300).map(|number| Sheet { name: format!("S{number}"), ..Sheet::default() }));
        let targets = ["worksheets/sheet1.xml", "worksheets/sheet2.xml"].into_iter().chain(std::iter::repeat(part));
        let links: String = (1..300)
            .zip(targets)
            .map(|(number, target)| format!("<Relationship Id=\"rId{number}\" Type=\"{kind}\" Target=\"{target}\"/>"))
            .collect();
        let mut parts = book.parts();
        let list = parts.iter_mut().find(|part| part.name.ends_with("workbook.xml.rels")).expect("its links");
        *list = entry(&list.name, format!("<Relationships>{links}</Relationships>").as_bytes());
        asked_of(&header(&ledger(), &archive(&parts)))
    };
    assert_eq!(asked("worksheets/sheet2.xml"), [HEADINGS]);
    assert_eq!(asked("worksheets/Sheet2.xml"), [HEADINGS]);
    // The rows of the sheet that is read are not beside it.
    assert_eq!(asked("worksheets/sheet1.xml"), [HEADINGS]);
}
