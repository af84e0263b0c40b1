//! Any workbook is accepted or refused, never panics on our side of the reader of cells, and gives the same answer twice. The bytes are a whole
//! file, a sheet inside a sound package, or a table of texts beside a sound sheet.

#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use truecost_fuzz::{
    domain::Digest,
    holds, id, judge,
    schema::{
        Column, ColumnRules, Container, Contract, ExtraColumns, Format, Kind, Layout, RowRules, SheetChoice, SpecialColumns, Type, WorkbookForm,
    },
};

const SHEET: &str = "<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" t=\"s\"><v>1</v></c><c r=\"C1\" t=\"s\"><v>2</v></c></row>";
const TEXTS: &str = "<sst uniqueCount=\"3\"><si><t>a</t></si><si><t>b</t></si><si><t>c</t></si></sst>";

fuzz_target!(|input: &[u8]| {
    let [choice, file @ ..] = input else { return };
    let text = |text: &str| text.as_bytes().to_vec();
    let bytes = match choice & 3 {
        0 => file.to_vec(),
        1 => package(&[text(SHEET), file.to_vec(), text("</sheetData></worksheet>")].concat(), TEXTS.as_bytes()),
        2 => package(&text(&format!("{SHEET}</sheetData></worksheet>")), file),
        _ => package(&[text("<worksheet><sheetData>"), file.to_vec()].concat(), TEXTS.as_bytes()),
    };
    let contract = Arc::new(contract(*choice));
    let read = || judge(&contract, Vec::new(), &bytes, 1 << 20);
    let once = read();
    assert_eq!(once, read());
    once.iter().for_each(holds);
});

fn contract(choice: u8) -> Contract {
    let bit = |n: u8| choice >> n & 1 == 1;
    let column = |name: &str, kind| Column {
        name: id(name),
        physical_name: name.into(),
        kind,
        required: bit(2),
        primary_key: None,
        description: String::new(),
        rules: ColumnRules::default(),
    };
    let form = WorkbookForm { sheet: SheetChoice::Only, columns: bit(3).then_some((1, 3)), ignore_macros: bit(4), other_sheets: Vec::new() };
    let extra_columns = if bit(5) { ExtraColumns::Note } else { ExtraColumns::Refuse };
    let container = bit(6).then(|| if bit(7) { Container::Gzip } else { Container::Zip { member: None } });
    let layout = Layout { rows: RowRules { extra_columns, ..RowRules::default() }, format: Format::Workbook(form), container };
    Contract {
        name: "fuzz".into(),
        kind: Kind::Source,
        file: "fuzz".into(),
        digest: Digest([0; 32]),
        version: "1".into(),
        columns: vec![column("a", Type::Text), column("b", Type::Money), column("c", Type::Date)],
        special: SpecialColumns::default(),
        layout: Some(layout),
    }
}

/// A sound package around a sheet and a table of texts; its entries are stored.
fn package(sheet: &[u8], texts: &[u8]) -> Vec<u8> {
    let link = |id: &str, kind: &str, target: &str| format!("<Relationships><Relationship Id=\"{id}\" Type=\"x/relationships/{kind}\" Target=\"{target}\"/></Relationships>");
    let parts: [(&str, Vec<u8>); 7] = [
        ("[Content_Types].xml", b"<Types/>".to_vec()),
        ("_rels/.rels", link("r1", "officeDocument", "xl/workbook.xml").into_bytes()),
        ("xl/workbook.xml", b"<workbook><sheets><sheet name=\"S\" r:id=\"r1\"/></sheets></workbook>".to_vec()),
        ("xl/_rels/workbook.xml.rels", link("r1", "worksheet", "sheet1.xml").into_bytes()),
        ("xl/styles.xml", b"<styleSheet><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/></cellXfs></styleSheet>".to_vec()),
        ("xl/sharedStrings.xml", texts.to_vec()),
        ("xl/sheet1.xml", sheet.to_vec()),
    ];
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, data) in &parts {
        let mut crc = flate2::Crc::new();
        crc.update(data);
        let size = (data.len() as u32).to_le_bytes();
        let head = [&[20, 0, 0, 0, 0, 0, 0, 0, 0, 0], &crc.sum().to_le_bytes()[..], &size, &size, &(name.len() as u16).to_le_bytes(), &[0, 0]].concat();
        directory.extend([b"PK\x01\x02\x14\0", &head[..], &[0; 10], &(out.len() as u32).to_le_bytes(), name.as_bytes()].concat());
        out.extend([b"PK\x03\x04", &head[..], name.as_bytes(), data].concat());
    }
    let count = (parts.len() as u16).to_le_bytes();
    let (length, begins) = ((directory.len() as u32).to_le_bytes(), (out.len() as u32).to_le_bytes());
    [&out[..], &directory, b"PK\x05\x06\0\0\0\0", &count, &count, &length, &begins, &[0; 2]].concat()
}
