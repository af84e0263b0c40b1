//! Archives and workbooks made part by part: sound ones from a few lines of text, and those that lie.

use std::{fmt::Write as _, io::Write as _};

use flate2::{
    Compression, Crc,
    write::{DeflateEncoder, GzEncoder},
};

/// An entry of an archive, with what its two headers say of it.
#[derive(Clone)]
pub struct Packed {
    pub name: String,
    /// Name in the header before the data, where that is another.
    pub local_name: Option<String>,
    pub data: Vec<u8>,
    /// 0 or 8.
    pub method: u16,
    pub flags: u16,
    pub crc: u32,
    pub unpacked: u32,
    /// Size in the header before the data, where that is another.
    pub local_unpacked: Option<u32>,
}

/// A deflated entry.
pub fn entry(name: &str, bytes: &[u8]) -> Packed {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("bytes in memory");
    let data = encoder.finish().expect("bytes in memory");
    let mut crc = Crc::new();
    crc.update(bytes);
    let unpacked = u32::try_from(bytes.len()).expect("less than 4 GiB");
    Packed { name: name.into(), local_name: None, data, method: 8, flags: 0, crc: crc.sum(), unpacked, local_unpacked: None }
}

/// An archive of these entries, in their order.
pub fn archive(entries: &[Packed]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    let size = |bytes: &[u8]| u32::try_from(bytes.len()).expect("less than 4 GiB");
    let short = |text: &str| u16::try_from(text.len()).expect("a short name");
    for entry in entries {
        let offset = size(&out);
        let common = |unpacked: u32, name: &str| {
            let mut head = Vec::new();
            head.extend(20_u16.to_le_bytes());
            head.extend(entry.flags.to_le_bytes());
            head.extend(entry.method.to_le_bytes());
            head.extend([0; 4]);
            head.extend(entry.crc.to_le_bytes());
            head.extend(size(&entry.data).to_le_bytes());
            head.extend(unpacked.to_le_bytes());
            head.extend(short(name).to_le_bytes());
            head.extend([0; 2]);
            head
        };
        let local = entry.local_name.as_deref().unwrap_or(&entry.name);
        out.extend(b"PK\x03\x04");
        out.extend(common(entry.local_unpacked.unwrap_or(entry.unpacked), local));
        out.extend(local.as_bytes());
        out.extend(&entry.data);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(common(entry.unpacked, &entry.name));
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(entry.name.as_bytes());
    }
    let count = u16::try_from(entries.len()).expect("few entries");
    let (begins, length) = (size(&out), size(&directory));
    out.extend(directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(count.to_le_bytes());
    out.extend(count.to_le_bytes());
    out.extend(length.to_le_bytes());
    out.extend(begins.to_le_bytes());
    out.extend([0; 2]);
    out
}

/// Packed with gzip.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("bytes in memory");
    encoder.finish().expect("bytes in memory")
}

/// A sheet: its rows as XML, and what follows them.
#[derive(Default)]
pub struct Sheet {
    pub name: String,
    /// `hidden` or `veryHidden`.
    pub state: Option<String>,
    pub rows: String,
    /// What follows the rows: merged cells.
    pub after: String,
}

/// A workbook that is being made.
#[derive(Default)]
pub struct Book {
    pub sheets: Vec<Sheet>,
    pub from_1904: bool,
    /// Parts beside those that every workbook has.
    pub more: Vec<(String, Vec<u8>)>,
    /// Number formats of its own: the first is style 2.
    pub formats: Vec<String>,
}

/// Style of a day: `dd/mm/yyyy`.
const DAY: u32 = 1;

impl Book {
    /// One sheet of these rows, as in [`Book::of`].
    pub fn rows(rows: &[&str]) -> Self {
        Self::of(&[&["sheet Sheet1"], rows].concat())
    }

    /// Lines: `sheet NAME` (or `sheet NAME / hidden`) begins a sheet, `1904` counts days from there, `merge A1:C1` merges, `part NAME TEXT`
    /// adds a part, `hidden …` is a row that is not shown, `-` a row without cells; every other line is a row of cells with `;` between them.
    ///
    /// A cell is text, unless it is a number (`12.50`), a day (`2018-04-03`), an error (`#REF!`) or a formula: `=A1`, never calculated, or
    /// `=A1->12.50`. `'12.50` is text. `s1:` before a number gives it the style of a day, `s2:` the first that `format CODE` names.
    pub fn of(lines: &[&str]) -> Self {
        let mut book = Self::default();
        let mut row = 0;
        for line in lines {
            if let Some(name) = line.strip_prefix("sheet ") {
                let (name, state) = name.split_once(" / ").map_or((name, None), |(name, state)| (name, Some(state.to_owned())));
                book.sheets.push(Sheet { name: name.into(), state, ..Sheet::default() });
                row = 0;
                continue;
            }
            if *line == "1904" {
                book.from_1904 = true;
                continue;
            }
            if let Some((name, text)) = line.strip_prefix("part ").and_then(|part| part.split_once(' ')) {
                book.more.push((name.into(), text.into()));
                continue;
            }
            if let Some(code) = line.strip_prefix("format ") {
                book.formats.push(code.into());
                continue;
            }
            let sheet = book.sheets.last_mut().expect("a sheet before its rows");
            if let Some(region) = line.strip_prefix("merge ") {
                let _ = write!(sheet.after, "<mergeCells><mergeCell ref=\"{region}\"/></mergeCells>");
                continue;
            }
            row += 1;
            let (cells, hidden) = line.strip_prefix("hidden ").map_or((*line, ""), |cells| (cells, " hidden=\"1\""));
            if cells == "-" {
                continue;
            }
            let _ = write!(sheet.rows, "<row r=\"{row}\"{hidden}>");
            for (at, text) in cells.split(';').enumerate() {
                sheet.rows.push_str(&cell(&place(at), row, text, book.from_1904));
            }
            sheet.rows.push_str("</row>");
        }
        book
    }

    /// The parts of the workbook.
    pub fn parts(&self) -> Vec<Packed> {
        const SPACE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
        let (mut list, mut links) = (String::new(), String::new());
        let mut parts = Vec::new();
        for (at, sheet) in self.sheets.iter().enumerate() {
            let number = at + 1;
            let state = sheet.state.as_ref().map_or_else(String::new, |state| format!(" state=\"{state}\""));
            let _ = write!(list, "<sheet name=\"{}\" sheetId=\"{number}\"{state} r:id=\"rId{number}\"/>", escaped(&sheet.name));
            let _ = write!(links, "<Relationship Id=\"rId{number}\" Type=\"{SPACE}/worksheet\" Target=\"worksheets/sheet{number}.xml\"/>");
            let text = format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<worksheet><sheetData>{}</sheetData>{}</worksheet>",
                sheet.rows, sheet.after
            );
            parts.push(entry(&format!("xl/worksheets/sheet{number}.xml"), text.as_bytes()));
        }
        let epoch = if self.from_1904 { "<workbookPr date1904=\"1\"/>" } else { "<workbookPr/>" };
        let workbook = format!("<workbook xmlns:r=\"{SPACE}\">{epoch}<sheets>{list}</sheets></workbook>");
        let (mut formats, mut styles) = (String::new(), String::new());
        for (id, code) in (164..).zip(std::iter::once("dd/mm/yyyy").chain(self.formats.iter().map(String::as_str))) {
            let _ = write!(formats, "<numFmt numFmtId=\"{id}\" formatCode=\"{}\"/>", escaped(code));
            let _ = write!(styles, "<xf numFmtId=\"{id}\"/>");
        }
        let styles = format!("<styleSheet><numFmts>{formats}</numFmts><cellXfs><xf numFmtId=\"0\"/>{styles}</cellXfs></styleSheet>");
        let mut all = vec![
            entry("[Content_Types].xml", b"<Types/>"),
            entry(
                "_rels/.rels",
                format!(
                    "<Relationships><Relationship Id=\"rId1\" Type=\"{SPACE}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
                )
                .as_bytes(),
            ),
            entry("xl/workbook.xml", workbook.as_bytes()),
            entry("xl/_rels/workbook.xml.rels", format!("<Relationships>{links}</Relationships>").as_bytes()),
            entry("xl/styles.xml", styles.as_bytes()),
        ];
        all.extend(parts);
        all.extend(self.more.iter().map(|(name, bytes)| entry(name, bytes)));
        all
    }

    pub fn bytes(&self) -> Vec<u8> {
        archive(&self.parts())
    }
}

/// 0 → `A`.
fn place(at: usize) -> String {
    let letter = |n: usize| char::from(b'A' + u8::try_from(n % 26).expect("a letter"));
    if at < 26 { letter(at).to_string() } else { format!("{}{}", letter(at / 26 - 1), letter(at)) }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

fn cell(column: &str, row: u32, text: &str, from_1904: bool) -> String {
    let at = format!("r=\"{column}{row}\"");
    if text.is_empty() {
        return String::new();
    }
    if let Some(text) = text.strip_prefix('\'') {
        return inline(&at, text);
    }
    if let Some(formula) = text.strip_prefix('=') {
        return match formula.split_once("->") {
            None => format!("<c {at}><f>{}</f></c>", escaped(formula)),
            Some((formula, value)) if value.starts_with('#') => format!("<c {at} t=\"e\"><f>{}</f><v>{value}</v></c>", escaped(formula)),
            Some((formula, value)) if value.parse::<f64>().is_ok() => format!("<c {at}><f>{}</f><v>{value}</v></c>", escaped(formula)),
            Some((formula, value)) => format!("<c {at} t=\"str\"><f>{}</f><v>{}</v></c>", escaped(formula), escaped(value)),
        };
    }
    if let Some((style, number)) = text.strip_prefix('s').and_then(|styled| styled.split_once(':'))
        && style.parse::<u32>().is_ok()
    {
        return format!("<c {at} s=\"{style}\"><v>{number}</v></c>");
    }
    if text.starts_with('#') && text.len() > 1 {
        return format!("<c {at} t=\"e\"><v>{text}</v></c>");
    }
    if let Some(day) = truecost::domain::Day::parse_iso(text) {
        let serial = i64::from(day.0) + if from_1904 { 24_107 } else { 25_569 };
        return format!("<c {at} s=\"{DAY}\"><v>{serial}</v></c>");
    }
    if text.parse::<f64>().is_ok() { format!("<c {at}><v>{text}</v></c>") } else { inline(&at, text) }
}

fn inline(at: &str, text: &str) -> String {
    format!("<c {at} t=\"inlineStr\"><is><t xml:space=\"preserve\">{}</t></is></c>", escaped(text))
}
