//! The workbook cases of the list of bad inputs (X1 to X26), and what packed files must not do (T13).

use std::time::{Duration, Instant};

use truecost::{
    diagnostic::Answer,
    schema::{Container, Contract, ExtraColumns, Format, Layout, MoneyStyle, RowRules, SheetChoice, Type, WorkbookForm},
};

use crate::{
    decode::driver::{Cases, Judged, column, contract, date, judge, money, required, told, trimmed},
    made::{Book, Packed, archive, entry},
};

const PLAIN: WorkbookForm = WorkbookForm { sheet: SheetChoice::Only, columns: None, ignore_macros: false, other_sheets: Vec::new() };

/// Date, Code, Amount, Text of the only sheet.
fn ledger() -> Contract {
    ledger_of(PLAIN)
}

fn ledger_of(form: WorkbookForm) -> Contract {
    let columns = vec![
        required(date("posting_date", "Date", &["dd/mm/yyyy"])),
        column("code", "Code", Type::Text),
        required(money("amount", "Amount", &[MoneyStyle::Commas])),
        trimmed(column("text", "Text", Type::Text)),
    ];
    contract(Layout { rows: RowRules::default(), format: Format::Workbook(form), container: None }, columns)
}

fn named(sheet: &str) -> WorkbookForm {
    WorkbookForm { sheet: SheetChoice::Named(sheet.into()), ..PLAIN }
}

const HEADER: &str = "Date;Code;Amount;Text";
const ROW: &str = "2024-02-01;'00123;12.50;Paper";

fn code(answer: &Answer<Judged>) -> String {
    match answer {
        Ok(_) => "accepted".into(),
        Err(refusal) => refusal.0.iter().map(|fault| fault.code.id).collect::<Vec<_>>().join(" "),
    }
}

#[track_caller]
fn refused(contract: &Contract, bytes: &[u8], wanted: &str) -> String {
    let begun = Instant::now();
    let answer = judge(contract, bytes);
    assert_eq!(code(&answer), wanted, "{}", told(&answer));
    assert!(begun.elapsed() < Duration::from_secs(5), "it took {:?}", begun.elapsed());
    told(&answer)
}

#[track_caller]
fn accepted(contract: &Contract, bytes: &[u8]) -> Judged {
    match judge(contract, bytes) {
        Ok(judged) => judged,
        refused => panic!("{}", told(&refused)),
    }
}

#[track_caller]
fn holds(text: &str, wanted: &str) {
    assert!(text.contains(wanted), "`{wanted}` is not in:\n{text}");
}

/// The parts of a sound workbook, one of them other than it was.
fn with(book: &Book, change: impl Fn(&mut Packed)) -> Vec<u8> {
    let mut parts = book.parts();
    parts.iter_mut().for_each(change);
    archive(&parts)
}

fn sound() -> Book {
    Book::rows(&[HEADER, ROW])
}

/// What a person reads of everything that the list names and a few rows show.
#[test]
fn x_cases_as_a_person_reads_them() {
    let mut cases = Cases::new("workbooks");
    let mut case = |label: &str, contract: &Contract, lines: &[&str]| cases.whole(label, contract, &Book::of(lines).bytes());
    let ledger = ledger();
    let sheet = "sheet Sheet1";
    case("a sound sheet", &ledger, &[sheet, HEADER, ROW, "2024-02-29;A1;-1234.5;'  two words "]);
    case(
        "X13 hidden sheets beside the one that is named",
        &ledger_of(named("Data")),
        &["sheet Notes / hidden", "a", "sheet Data", HEADER, ROW, "sheet Lists / veryHidden", "x"],
    );
    case("X14 a sheet of another name", &ledger_of(named("Data")), &["sheet Data 2024", HEADER, ROW, "sheet Old / hidden", "x"]);
    case("which sheet is not said", &ledger, &["sheet One", HEADER, ROW, "sheet Two", HEADER, ROW]);
    case(
        "the only sheet that holds anything",
        &ledger,
        &["sheet Sheet1", HEADER, ROW, "sheet Sheet2", "sheet Sheet3", "sheet Old / hidden", "x"],
    );
    case("no sheet holds anything", &ledger, &["sheet Sheet1", "sheet Sheet2"]);
    case("X15 a formula that was never calculated", &ledger, &[sheet, HEADER, "2024-02-01;A;=C9;x"]);
    case("a formula with its value", &ledger, &[sheet, HEADER, "2024-02-01;=B9->00123;=C9->12.5;x"]);
    case("X16 a formula that failed", &ledger, &[sheet, HEADER, ROW, "2024-02-01;A;=C9->#REF!;x"]);
    case("an error value in a column that nobody reads", &noting(), &[sheet, "Date;Code;Amount;Text;Check", "2024-02-01;A;1;x;#N/A"]);
    case("X17 days counted from 1904", &ledger, &["1904", sheet, HEADER, ROW]);
    case("X18 days as text beside days", &without_formats(), &[sheet, HEADER, ROW, "'01/02/2024;A;1;x"]);
    case("days as text in a declared format", &ledger, &[sheet, HEADER, ROW, "'01/03/2024;A;1;x"]);
    case("X19 the 60th day of 1900", &ledger, &[sheet, HEADER, "s1:60;A;1;x", "s1:59;A;1;x"]);
    case("a day number that no style shows as a day", &ledger, &[sheet, HEADER, "45323;A;1;x"]);
    case("X20 a double that is no amount of pence", &ledger, &[sheet, HEADER, "2024-02-01;A;568592951.42999995;x", "2024-02-01;A;1.005;x"]);
    case("X21 an identifier stored as a number", &ledger, &[sheet, HEADER, "2024-02-01;1234567890123456;1;x"]);
    case(
        "X22 a merged title above, merged cells in the data",
        &ledger,
        &[sheet, "Payments", HEADER, ROW, "2024-02-01;A;1;x", "merge A1:D1", "merge A4:B4"],
    );
    case("X22 a merged title above", &ledger, &[sheet, "Payments", "-", HEADER, ROW, "merge A1:D1"]);
    case("X23 hidden rows", &ledger, &[sheet, HEADER, ROW, "hidden 2024-02-02;B;1;x"]);
    case("X24 the header is not in the first row", &ledger, &[sheet, "-", "Payments", "-", "-", HEADER, ROW]);
    case("the table begins in column C", &ledger, &[sheet, "Payments", ";;Date;Code;Amount;Text", ";;2024-02-01;A;1;x"]);
    case("two tables side by side", &noting(), &[sheet, "Date;Code;Amount;Text;;Date;Card;Value", "2024-02-01;A;1;x;;2024-02-01;c;5"]);
    let left = WorkbookForm { columns: Some((1, 4)), ..PLAIN };
    case(
        "one of two tables, as declared",
        &ledger_of(left),
        &[sheet, "Date;Code;Amount;Text;;Date;Card;Value", "2024-02-01;A;1;x;;2024-02-01;c;5", ";;;;;2024-02-01;c;5"],
    );
    case("a value beside the table", &ledger, &[sheet, HEADER, ROW, "2024-02-01;A;1;x;;checked"]);
    case("a column is missing", &ledger, &[sheet, "Date;Code;Sum;Text", "2024-02-01;A;1;x"]);
    case("no header at all", &ledger, &[sheet, "a;b", "c;d"]);
    case("a sheet without a cell", &ledger, &[sheet]);
    case(
        "X11 links to other files",
        &ledger,
        &[sheet, HEADER, ROW, "part xl/externalLinks/externalLink1.xml <externalLink/>", "part xl/connections.xml <connections/>"],
    );
    case("X12 macros", &ledger, &[sheet, HEADER, ROW, "part xl/vbaProject.bin macro"]);
    case(
        "X12 macros, declared",
        &ledger_of(WorkbookForm { ignore_macros: true, ..PLAIN }),
        &[sheet, HEADER, ROW, "part xl/vbaProject.bin macro"],
    );
    cases.golden();
}

/// Unknown columns are noted.
fn noting() -> Contract {
    let mut ledger = ledger();
    ledger.layout.as_mut().expect("a layout").rows.extra_columns = ExtraColumns::Note;
    ledger
}

fn without_formats() -> Contract {
    let mut ledger = ledger();
    ledger.columns[0].rules.dates.clear();
    ledger
}

#[test]
fn x1_a_bomb_is_refused_by_what_its_directory_says() {
    let book = sound();
    let sheet = format!("<worksheet><sheetData>{}</sheetData></worksheet>", " ".repeat(64 << 20));
    let bomb = with(&book, |part| {
        if part.name.ends_with("sheet1.xml") {
            *part = entry("xl/worksheets/sheet1.xml", sheet.as_bytes());
        }
    });
    let begun = Instant::now();
    let told = refused(&ledger(), &bomb, "TC0448");
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    holds(&told, "times as many");
    // The same, where the directory says less than there is: refused at the first byte more.
    let liar = with(&book, |part| {
        if part.name.ends_with("sheet1.xml") {
            *part = entry("xl/worksheets/sheet1.xml", sheet.as_bytes());
            part.unpacked = 5_000;
        }
    });
    let begun = Instant::now();
    holds(&refused(&ledger(), &liar, "TC0447"), "is larger than the directory says");
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    // A table of texts that says how much memory it wants.
    let mut book = sound();
    book.more.push(("xl/sharedStrings.xml".into(), b"<sst count=\"1\" uniqueCount=\"999999999999999\"><si><t>a</t></si></sst>".to_vec()));
    holds(&refused(&ledger(), &book.bytes(), "TC0455"), "999999999999999 texts");
}

#[test]
fn x2_the_last_cell_of_the_sheet_is_beside_the_table() {
    let mut book = sound();
    book.sheets[0].rows.push_str("<row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row>");
    let begun = Instant::now();
    holds(&refused(&ledger(), &book.bytes(), "TC0454"), "XFD1048576");
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
}

#[test]
fn x3_cells_are_counted() {
    // 20 million cells take minutes to write; that they are counted is shown where the limit is asked: in the reader of cells.
    let mut book = Book::rows(&[HEADER]);
    let row = |n: usize| format!("<row r=\"{n}\"><c r=\"A{n}\" s=\"1\"><v>45323</v></c><c r=\"C{n}\"><v>1</v></c></row>");
    book.sheets[0].rows.extend((2..50_002).map(row));
    let judged = accepted(&ledger(), &book.bytes());
    assert_eq!((judged.tally.accepted, judged.tally.rejected), (50_000, 0));
}

#[test]
fn x4_x5_x6_what_is_no_workbook() {
    let inner = sound().bytes();
    let nested = archive(&[entry("book.xlsx", &inner)]);
    holds(&refused(&ledger(), &nested, "TC0451"), "a zip archive that holds no workbook");
    let old = [&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1][..], &[0; 504]].concat();
    holds(&refused(&ledger(), &old, "TC0451"), "an .xls workbook of before 2007");
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    holds(&refused(&ledger(), &[&old[..], &name].concat(), "TC0450"), "locked with a password");
    let other = |parts: &[&str]| archive(&parts.iter().map(|name| entry(name, b"<a/>")).collect::<Vec<_>>());
    holds(&refused(&ledger(), &other(&["[Content_Types].xml", "_rels/.rels", "xl/workbook.bin"]), "TC0451"), ".xlsb");
    holds(&refused(&ledger(), &other(&["mimetype", "content.xml", "META-INF/manifest.xml"]), "TC0451"), ".ods");
    holds(&refused(&ledger(), b"Date\tCode\tAmount\tText\n", "TC0451"), "the file is text, not a workbook");
    holds(&refused(&ledger(), b"<html><table>", "TC0451"), "a web page");
    holds(&refused(&ledger(), b"", "TC0201"), "no data at all");
}

#[test]
fn x7_x8_x9_archives_that_are_not_sound() {
    let whole = sound().bytes();
    for cut in [1, 22, 60, whole.len() / 2, whole.len() - 10] {
        let told = told(&judge(&ledger(), &whole[..whole.len() - cut]));
        assert!(told.starts_with("REFUSED\nerror[TC0447]"), "{told}");
    }
    holds(&refused(&ledger(), &[&whole[..], b"more"].concat(), "TC0447"), "something follows it");
    let mut parts = sound().parts();
    parts.push(entry("../../etc/cron.d/x", b"x"));
    holds(&refused(&ledger(), &archive(&parts), "TC0449"), "../../etc/cron.d/x");
    let mut parts = sound().parts();
    parts.push(entry("xl/worksheets/SHEET1.xml", b"<worksheet/>"));
    holds(&refused(&ledger(), &archive(&parts), "TC0449"), "twice");
    let lie = with(&sound(), |part| {
        if part.name.ends_with("sheet1.xml") {
            part.local_name = Some("xl/worksheets/sheet9.xml".into());
        }
    });
    holds(&refused(&ledger(), &lie, "TC0447"), "says two things");
    let lie = with(&sound(), |part| part.local_unpacked = Some(part.unpacked + 1));
    holds(&refused(&ledger(), &lie, "TC0447"), "says two things");
    let locked = with(&sound(), |part| part.flags = 1);
    holds(&refused(&ledger(), &locked, "TC0450"), "locked with a password");
    let damaged = with(&sound(), |part| {
        if part.name.ends_with("sheet1.xml") {
            part.crc ^= 1;
        }
    });
    holds(&refused(&ledger(), &damaged, "TC0447"), "another checksum");
    let too_many: Vec<Packed> = (0..10_001).map(|n| entry(&format!("{n}"), b"")).collect();
    holds(&refused(&ledger(), &archive(&too_many), "TC0448"), "10001 entries");
}

#[test]
fn x10_nothing_of_xml_is_expanded_or_hidden() {
    let sheet = |text: &str| {
        with(&sound(), |part| {
            if part.name.ends_with("sheet1.xml") {
                *part = entry("xl/worksheets/sheet1.xml", text.as_bytes());
            }
        })
    };
    let dtd = "<!DOCTYPE w [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"str\"><v>&x;</v></c></row></sheetData></worksheet>";
    holds(&refused(&ledger(), &sheet(dtd), "TC0455"), "a document type or an entity of its own");
    let twice = "<worksheet><sheetData><row r=\"1\"><c r=\"A1\"><v>1</v></c><c r=\"A1\"><v>2</v></c></row></sheetData></worksheet>";
    holds(&refused(&ledger(), &sheet(twice), "TC0455"), "the cell A1 stands after A1, or twice");
    let comment = "<worksheet><sheetData><row r=\"1\"><c r=\"A1\"><v>1<!-- -->2</v></c></row></sheetData></worksheet>";
    holds(&refused(&ledger(), &sheet(comment), "TC0455"), "a comment or an instruction among its cells");
    let reference = "<worksheet><sheetData><row r=\"1\"><c r=\"A1\"><v>1&#50;3</v></c></row></sheetData></worksheet>";
    holds(&refused(&ledger(), &sheet(reference), "TC0455"), "a character reference inside a number");
    refused(&ledger(), &sheet("<worksheet><sheetData><row r=\"1\"><c r=\"A1\"><v>1</v></c>"), "TC0455");
    refused(&ledger(), &sheet("not xml at all"), "TC0455");
}

#[test]
fn x25_a_million_formatted_rows_without_a_value_are_no_rows() {
    let mut book = sound();
    let row = |n: usize| format!("<row r=\"{n}\"><c r=\"A{n}\" s=\"1\"/><c r=\"C{n}\" s=\"1\"/></row>");
    book.sheets[0].rows.extend((3..1_048_577).map(row));
    let bytes = book.bytes();
    let begun = Instant::now();
    let judged = accepted(&ledger(), &bytes);
    assert_eq!((judged.tally.accepted, judged.tally.blank), (1, 0));
    eprintln!("x25: {:?}", begun.elapsed());
}

#[test]
fn x26_rich_texts_phonetic_runs_and_escapes() {
    let mut book = Book::rows(&[HEADER]);
    book.more.push((
        "xl/sharedStrings.xml".into(),
        "<sst uniqueCount=\"3\"><si><r><t>Pa</t></r><r><rPr><b/></rPr><t>per</t></r><rPh sb=\"0\" eb=\"1\"><t>kana</t></rPh></si><si><t>two_x000D_\nlines</t></si><si/></sst>"
            .as_bytes()
            .to_vec(),
    ));
    for (row, text) in [(2, 0), (3, 1), (4, 2)] {
        book.sheets[0].rows.push_str(&format!(
            "<row r=\"{row}\"><c r=\"A{row}\" s=\"1\"><v>45323</v></c><c r=\"C{row}\"><v>1</v></c><c r=\"D{row}\" t=\"s\"><v>{text}</v></c></row>"
        ));
    }
    let told = told(&judge(&ledger(), &book.bytes()));
    holds(&told, "\"Paper\" | 2");
    holds(&told, "\"two\\r\\nlines\" | 3");
    holds(&told, "null | 4");
}

#[test]
fn no_float_is_near_a_column_of_money() {
    // That doubles are named in one file alone is what `layers::no_float_where_money_passes` holds.
    let schema = truecost::decode::Judge::new(
        std::sync::Arc::new(ledger()),
        "x".into(),
        &zip_facts(),
        (day("2024-01-01"), day("2024-12-31")),
        Vec::new(),
    )
    .expect("a judge")
    .schema();
    let amount = schema.field_with_name("amount").expect("the amount");
    assert_eq!(amount.data_type(), &arrow::datatypes::DataType::Decimal128(18, 2));
}

fn day(text: &str) -> truecost::domain::Day {
    crate::decode::driver::day(text)
}

fn zip_facts() -> truecost::decode::FileFacts {
    let mut scan = truecost::decode::FileScan::new();
    scan.update(&sound().bytes());
    scan.finish()
}

/// The bytes of a set of sample extracts, and what a right reading of it is; `None` where they are not beside the repository.
fn set(name: &str, file: &str) -> Option<(Vec<u8>, serde_json::Value)> {
    let Some(folder) = crate::places::shared().map(|shared| shared.join("layouts").join(name)).filter(|folder| folder.exists()) else {
        eprintln!("skipped {name}: the sample extracts are not beside the repository");
        return None;
    };
    let truth = std::fs::read_to_string(folder.join("truth.json")).expect("the truth");
    Some((std::fs::read(folder.join(file)).expect("the file"), serde_json::from_str(&truth).expect("JSON")))
}

fn as_truth(judged: &Judged, truth: &serde_json::Value) {
    let sum = judged.tally.sums.first().expect("an amount");
    assert_eq!(judged.tally.accepted, truth["data_rows"].as_u64().expect("rows"));
    assert_eq!(truecost::domain::decimal(sum.accepted.net()), truth["net_total"].as_str().expect("a total"));
    let days = judged.rows.column_by_name("day").expect("the day");
    let mut months = std::collections::BTreeMap::<String, u64>::new();
    for row in 0..judged.rows.num_rows() {
        let day = arrow::util::display::array_value_to_string(days, row).expect("a day");
        *months.entry(day[..7].to_owned()).or_default() += 1;
    }
    assert_eq!(serde_json::json!(months), truth["rows_by_month"]);
}

#[test]
fn set_18_a_second_sheet_with_a_filter() {
    let Some((bytes, truth)) = set("18_xlsx_second_sheet", "Spend Q3 2025-26.xlsx") else { return };
    let names = ["Directorate", "Supplier", "Supplier No", "Cost Centre", "Narrative"];
    let mut columns: Vec<_> = names.iter().map(|name| column(&name.to_lowercase().replace(' ', "_"), name, Type::Text)).collect();
    columns.push(required(date("day", "Payment Date", &[])));
    columns.push(required(money("amount", "Amount £ (Ex VAT)", &[])));
    let footer = truecost::schema::Footer {
        when: vec![(crate::decode::driver::id("supplier"), "Total".into())],
        totals: vec![("amount".into(), crate::decode::driver::id("amount"))],
        holds: Some(truecost::schema::Holds::Total),
    };
    let rows = RowRules { footer: Some(footer), ..RowRules::default() };
    let contract = contract(Layout { rows, format: Format::Workbook(named("Data *")), container: None }, columns);
    let judged = accepted(&contract, &bytes);
    as_truth(&judged, &truth);
    assert_eq!(judged.tally.footer["amount"].text, truth["printed_total"].as_str().expect("a total"));
    let notes = judged.notes.join("\n");
    holds(&notes, &format!("on the sheet {} rows are hidden", truth["hidden_rows"]));
    holds(&notes, "hidden sheets that are not read: `Lookup`");
    holds(&notes, "on the sheet 1 cell is calculated by formulas");
}

#[test]
fn set_20_two_tables_side_by_side() {
    let Some((bytes, truth)) = set("20_xlsx_side_by_side", "April payments and cards.xlsx") else { return };
    let form = |columns| Layout { rows: RowRules::default(), format: Format::Workbook(WorkbookForm { columns, ..PLAIN }), container: None };
    let text = |name: &str| column(&name.to_lowercase(), name, Type::Text);
    let invoices = |columns| {
        contract(
            form(columns),
            vec![text("Supplier"), text("Department"), text("Reference"), date("day", "Date", &[]), money("amount", "Net Amount", &[])],
        )
    };
    let cards = |columns| {
        contract(form(columns), vec![text("Merchant"), text("Department"), date("day", "Date", &[]), money("amount", "Amount", &[])])
    };
    for unsaid in [invoices(None), cards(None)] {
        holds(&refused(&unsaid, &bytes, "TC0454"), "columns A:E and G:J");
    }
    as_truth(&accepted(&invoices(Some((1, 5))), &bytes), &truth["tables"][0]);
    as_truth(&accepted(&cards(Some((7, 10))), &bytes), &truth["tables"][1]);
}

#[test]
fn t13_packed_files_that_are_not_sound() {
    let layout = |container| Layout { container: Some(container), ..crate::decode::driver::layout() };
    let text = b"Date,Code,Amount,Text\n01/02/2024,A1,1.50,x\n";
    let ledger = |container| crate::decode::driver::ledger(layout(container));
    let gzip = ledger(Container::Gzip);
    let packed = crate::made::gzip(text);
    accepted(&gzip, &packed);
    accepted(&gzip, &[packed.clone(), crate::made::gzip(b"02/02/2024,A1,1.50,x\n")].concat());
    holds(&refused(&gzip, &[&packed[..], b"garbage"].concat(), "TC0447"), "cannot be unpacked to its end");
    let mut wrong = packed.clone();
    let crc = wrong.len() - 8;
    wrong[crc] ^= 1;
    refused(&gzip, &wrong, "TC0447");
    refused(&gzip, &packed[..packed.len() - 3], "TC0447");
    holds(&refused(&gzip, text, "TC0451"), "the file is not packed");
    let begun = Instant::now();
    let bomb = crate::made::gzip(&[&text[..], &vec![b' '; 256 << 20]].concat());
    let made = begun.elapsed();
    let begun = Instant::now();
    holds(&refused(&gzip, &bomb, "TC0448"), "times as many");
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?} (made in {made:?})", begun.elapsed());

    let zip = |member: Option<&str>| ledger(Container::Zip { member: member.map(str::to_owned) });
    let two = archive(&[entry("data/april.csv", text), entry("readme.txt", b"hello")]);
    accepted(&zip(Some("*.csv")), &two);
    accepted(&zip(Some("april.csv")), &two);
    holds(&refused(&zip(None), &two, "TC0456"), "2 files in the archive");
    holds(&refused(&zip(Some("may*")), &two, "TC0456"), "none of the 2 files");
    let bomb = archive(&[entry("april.csv", &vec![b' '; 64 << 20])]);
    holds(&refused(&zip(None), &bomb, "TC0448"), "times as many");
    let mut parts = [entry("april.csv", text)];
    parts[0].flags = 1;
    holds(&refused(&zip(None), &archive(&parts), "TC0450"), "april.csv");
    holds(&refused(&zip(None), &archive(&[entry("/april.csv", text)]), "TC0449"), "/april.csv");
    holds(&refused(&zip(None), &archive(&[entry("a.csv", text), entry("A.csv", text)]), "TC0449"), "twice");
    let mut lies = entry("april.csv", text);
    lies.local_name = Some("may.csv".into());
    holds(&refused(&zip(None), &archive(&[lies]), "TC0447"), "says two things");
    let mut long = entry("april.csv", text);
    (long.unpacked, long.local_unpacked) = (10, None);
    holds(&refused(&zip(None), &archive(&[long]), "TC0447"), "is larger than the directory says");
    // The last refuses where it is unpacked; where its inside was looked at before, nesting is refused by name.
    let nested = archive(&[entry("april.zip", &archive(&[entry("april.csv", text)]))]);
    let told = told(&judge_opened(&zip(None), &nested));
    holds(&told, "the entry `april.zip` is an archive or workbook itself");
}

/// As a run does it: looked into while it is landed.
fn judge_opened(contract: &Contract, bytes: &[u8]) -> Answer<Judged> {
    let layout = contract.layout.as_ref().expect("a layout");
    let facts = truecost::decode::look_inside(layout, bytes, None).expect("it can be unpacked");
    truecost::decode::Judge::new(
        std::sync::Arc::new(contract.clone()),
        "x".into(),
        &facts,
        (day("2024-01-01"), day("2024-12-31")),
        Vec::new(),
    )?;
    panic!("it is not refused")
}

#[test]
fn set_21_one_csv_in_an_archive() {
    let Some((bytes, truth)) = set("21_zip_one_csv", "millbourne-vale-spend-2025-08.zip") else { return };
    let mut layout = crate::decode::driver::layout();
    layout.container = Some(Container::Zip { member: None });
    layout.rows.null_words.push("NA".into());
    layout.rows.extra_columns = ExtraColumns::Note;
    let columns = vec![date("day", "Date", &[]), column("service", "Service", Type::Text), required(money("amount", "Amount", &[]))];
    as_truth(&accepted(&contract(layout, columns), &bytes), &truth);
}

#[test]
fn a_sheet_without_a_header_that_holds_the_words_for_nothing_is_a_delivery_of_no_rows() {
    let nil = || vec![truecost::schema::LinePattern::new("No transactions").expect("a pattern")];
    for form in [PLAIN, WorkbookForm { columns: Some((1, 4)), ..PLAIN }] {
        let mut contract = ledger_of(form);
        for lines in [&["No transactions"][..], &["", ";No transactions", ""]] {
            contract.layout.as_mut().expect("a layout").rows.nil = nil();
            let judged = accepted(&contract, &Book::rows(lines).bytes());
            assert_eq!(judged.rows.num_rows(), 0, "{lines:?}");
            assert!(judged.notes.iter().any(|note| note.contains("has no header")), "{:?}", judged.notes);
            contract.layout.as_mut().expect("a layout").rows.nil = Vec::new();
            assert_ne!(code(&judge(&contract, &Book::rows(lines).bytes())), "accepted", "{lines:?}");
        }
        contract.layout.as_mut().expect("a layout").rows.nil = nil();
        assert_ne!(code(&judge(&contract, &Book::rows(&["No transactions", ROW]).bytes())), "accepted");
        assert_eq!(accepted(&contract, &Book::rows(&[HEADER, "No transactions"]).bytes()).rows.num_rows(), 0);
    }
}
