//! The schema-level `truecost` property of a source: how the text of an extract is laid out.

mod adds_up;
mod fixed;
mod printed;

use crate::{diagnostic::codes::contract, domain::Identifier};

use super::{
    Column, Container, Delimited, Encoding, Escape, ExtraColumns, Footer, Format, Holds, Kind, Layout, NotData, RecordAt, RecordType,
    RowRules, STAND_IN, Said, TextRules, TrailingDelimiter,
    column::value_of_ours,
    fields::{Fields, Item, did_you_mean},
    suggest::nearest,
    words,
    workbook_form::{OF_TEXT, workbook_form},
};
pub use fixed::{STRETCH_KEYS, stretch};
use fixed::{fixed, stretch_of};

type Columns<'r> = [(Column, Item<'r>)];

/// `None` where nothing is laid out (common, reference and published tables) or a fault has been reported.
pub fn read_layout(object: &Fields<'_>, kind: Kind, columns: &Columns<'_>) -> Option<Layout> {
    if kind == Kind::Common {
        return None;
    }
    let value = value_of_ours(object);
    if kind != Kind::Source {
        if let Some(value) = value {
            value.refuse(contract::LAYOUT, "this table is no extract", "a layout only in the contract of a source", "");
        }
        return None;
    }
    let Some(value) = value else {
        let fault = crate::diagnostic::Diagnostic::new(contract::LAYOUT, "the contract does not say how the extract is laid out");
        let expected = "`customProperties: [{property: truecost, vendor: truecost, value: {format: delimited, …}}]`";
        object.reader().fault(object.at, fault.expected(expected));
        return None;
    };
    let fields = value.fields(words::file_keys())?;
    let format = format(&fields, columns)?;
    if let Format::Fixed(_) | Format::Workbook(_) = format {
        format_keys(&fields, if matches!(format, Format::Fixed(_)) { "fixed" } else { "workbook" }, &["borders", "formula_texts"]);
    }
    if let Format::Fixed(_) = format {
        let by_heading = |rules: &super::ColumnRules| rules.occurrence.or(rules.position).is_some() || rules.may_be_absent;
        for (column, item) in columns.iter().filter(|(column, _)| by_heading(&column.rules)) {
            let why = format!("the column `{}` has its place in the line", column.name);
            item.refuse(contract::LAYOUT, &why, "`occurrence`, `position` and `absent` only where columns have headings", "");
        }
    }
    let layout = Layout { rows: row_rules(&fields, columns, &format), format, container: container(&fields) };
    check_names(&fields, &layout.rows);
    Some(layout)
}

/// The format, and what its own keys say.
fn format(fields: &Fields<'_>, columns: &Columns<'_>) -> Option<Format> {
    #[derive(Clone, Copy)]
    enum Word {
        Delimited,
        Fixed,
        Workbook,
    }
    let item = fields.need("format")?;
    match item.choice(&[("delimited", Word::Delimited), ("fixed", Word::Fixed), ("workbook", Word::Workbook)])? {
        Word::Delimited => Some(Format::Delimited(delimited(fields, columns))),
        Word::Fixed => Some(Format::Fixed(fixed(fields, columns)?)),
        Word::Workbook => {
            format_keys(fields, "workbook", OF_TEXT);
            no_places(columns);
            Some(Format::Workbook(workbook_form(fields)))
        }
    }
}

/// Keys that mean nothing in this format.
fn format_keys(fields: &Fields<'_>, format: &str, others: &[&str]) {
    for item in others.iter().filter_map(|key| fields.get(key)) {
        item.refuse(contract::LAYOUT, &format!("it means nothing in `format: {format}`"), "only keys of this format", "");
    }
}

/// No column has a place in a line that has none.
fn no_places(columns: &Columns<'_>) {
    for (column, item) in columns.iter().filter(|(column, _)| column.rules.at.is_some()) {
        let why = format!("the column `{}` has a place in the line", column.name);
        item.refuse(contract::LAYOUT, &why, "`start`, `width`, `from` and `to` only in `format: fixed`", "");
    }
}

/// How the file is packed.
fn container(fields: &Fields<'_>) -> Option<Container> {
    let member = fields.get("member");
    let zip = fields.get("container").and_then(|item| item.choice(&[("gzip", false), ("zip", true)]));
    if zip != Some(true)
        && let Some(item) = &member
    {
        item.refuse(contract::LAYOUT, "only an archive has members", "`member` beside `container: zip` alone", "");
    }
    Some(if zip? { Container::Zip { member: member.and_then(|item| item.text()).map(str::to_owned) } } else { Container::Gzip })
}

fn delimited(fields: &Fields<'_>, columns: &Columns<'_>) -> Delimited {
    format_keys(fields, "delimited", &["unit", "length", "fill", "sheet", "columns", "macros", "other_sheets"]);
    no_places(columns);
    let (delimiter, other_delimiter) = delimiter(fields);
    let delimited = Delimited {
        text: text_rules(fields),
        delimiter,
        other_delimiter,
        borders: flag(fields, "borders"),
        formula_texts: flag(fields, "formula_texts"),
        quote: quote(fields),
        escape: choice(fields, "escape", Escape::Doubled, &[("doubled", Escape::Doubled), ("backslash", Escape::Backslash)]),
        stray_quotes: choice(fields, "stray_quotes", false, &[("refused", false), ("text", true)]),
        trailing_delimiter: choice(
            fields,
            "trailing_delimiter",
            TrailingDelimiter::Refused,
            &[("false", TrailingDelimiter::Refused), ("true", TrailingDelimiter::Required), ("allowed", TrailingDelimiter::Allowed)],
        ),
        short_lines: choice(fields, "short_lines", false, &[("refused", false), ("allowed", true)]),
    };
    check_quotes(fields, &delimited);
    delimited
}

/// What every format of text says.
fn text_rules(fields: &Fields<'_>) -> TextRules {
    TextRules {
        encodings: encodings(fields),
        trust_encoding: flag(fields, "trust_encoding"),
        last_line_end_absent: choice(fields, "last_line_end", false, &[("present", false), ("absent", true)]),
    }
}

/// What holds whatever the format.
fn row_rules(fields: &Fields<'_>, columns: &Columns<'_>, format: &Format) -> RowRules {
    let header = header(fields, format);
    RowRules {
        has_header: header.is_there,
        header_within_rows: header.within_rows,
        header_records: header.records,
        preamble_holds: header.before,
        repeated_header: choice(fields, "repeats_header", false, &[("refused", false), ("allowed", true)]),
        pages: printed::pages(fields),
        end: printed::end(fields, columns),
        nil: printed::nil(fields),
        record_at: record_at(fields, format),
        records: records(fields, format),
        footer: fields.get("footer").and_then(|item| footer(&item, columns)),
        not_data: not_data(fields, columns),
        skip_blank_rows: choice(fields, "blank_rows", true, &[("skip", true), ("refuse", false)]),
        extra_columns: choice(
            fields,
            "extra_columns",
            ExtraColumns::Refuse,
            &[("refuse", ExtraColumns::Refuse), ("note", ExtraColumns::Note)],
        ),
        null_words: fields.get("null_words").and_then(|item| item.texts()).unwrap_or_else(|| vec![String::new()]),
        allow_empty: flag(fields, "allow_empty"),
        adds_up: adds_up::adds_up(fields, columns),
    }
}

fn choice<T: Copy>(fields: &Fields<'_>, key: &str, default: T, words: &[(&str, T)]) -> T {
    fields.get(key).and_then(|item| item.choice(words)).unwrap_or(default)
}

fn flag(fields: &Fields<'_>, key: &str) -> bool {
    fields.get(key).and_then(|item| item.flag()).unwrap_or(false)
}

/// One character; one that is not ASCII has a stand-in in the text as it is split.
fn delimiter(fields: &Fields<'_>) -> (u8, Option<char>) {
    let words = ["tab", "\\t", "\t"];
    let read = |text: &str| {
        let mut characters = text.chars();
        match (characters.next(), characters.next()) {
            _ if words.contains(&text) => Some((b'\t', None)),
            (Some(c), None) if c.is_alphanumeric() || matches!(c, '\n' | '\r' | '\0' | '\u{1a}' | '\u{feff}') => None,
            (Some(c), None) if c.is_ascii() => u8::try_from(c).ok().map(|byte| (byte, None)),
            (Some(c), None) => Some((STAND_IN, Some(c))),
            _ => None,
        }
    };
    fields.need("delimiter").and_then(|item| item.read("one character that is no letter or digit, or `tab`", read)).unwrap_or((b',', None))
}

fn quote(fields: &Fields<'_>) -> Option<u8> {
    let read = |text: &str| match text.as_bytes() {
        b"none" => Some(None),
        [byte @ (b'"' | b'\'')] => Some(Some(*byte)),
        _ => None,
    };
    fields.get("quote").map_or(Some(Some(b'"')), |item| item.read("`'\"'`, `\"'\"` or `none`", read)).flatten()
}

fn encodings(fields: &Fields<'_>) -> Vec<Encoding> {
    let words = [Encoding::Utf8, Encoding::Windows1252, Encoding::Utf16Le, Encoding::Utf16Be, Encoding::Latin1, Encoding::MacRoman];
    let words = words.map(|encoding| (encoding.as_str(), encoding));
    let Some(item) = fields.need("encodings") else { return Vec::new() };
    let list = item.list().unwrap_or_default();
    if list.is_empty() && item.is_list() {
        item.wrong("at least one encoding");
    }
    list.iter().filter_map(|item| item.choice(&words)).collect()
}

/// Whether there is one, within how many lines it stands, and what amounts before it hold.
struct Header {
    is_there: bool,
    within_rows: u32,
    records: u32,
    before: Option<Holds>,
}

/// `none`, or `{find: by_names, within_rows: 20}`; a file of fixed width has none unless it is said.
fn header(fields: &Fields<'_>, format: &Format) -> Header {
    let item = fields.get("header");
    let is_none = item.as_ref().map_or(matches!(format, Format::Fixed(_)), |item| item.raw_text() == Some("none"));
    let mut found = Header { is_there: !is_none, within_rows: 20, records: 1, before: None };
    let header = item.filter(|_| !is_none).and_then(|item| item.fields(&["find", "within_rows", "lines", "holds"]));
    if let Some(header) = header {
        let _ = header.get("find").and_then(|item| item.choice(&[("by_names", ())]));
        let rows = header.get("within_rows").and_then(|item| item.count(1, 1_000)).and_then(|n| u32::try_from(n).ok());
        found.within_rows = rows.unwrap_or(20);
        if let Some(item) = header.get("lines") {
            found.records = item.count(1, 8).and_then(|n| u32::try_from(n).ok()).unwrap_or(1);
            if !matches!(format, Format::Delimited(_)) && found.records > 1 {
                item.refuse(
                    contract::LAYOUT,
                    "only delimited text has headers of several records",
                    "the line with the names alone",
                    if matches!(format, Format::Fixed(_)) {
                        "`pages` takes the others."
                    } else {
                        "ask the sender to name each column on one row"
                    },
                );
            }
        }
        found.before = holds(&header);
    }
    if is_none && let (Format::Delimited(_), Some(item)) = (format, fields.get("extra_columns")) {
        item.refuse(
            contract::LAYOUT,
            "without a header no column is known by its name",
            "`extra_columns` only where there is a header",
            "",
        );
    }
    if is_none && let (Format::Workbook(_), Some(item)) = (format, fields.get("header")) {
        item.refuse(contract::LAYOUT, "the columns of a sheet are known by their names", "`header` with `within_rows`, or none", "");
    }
    found
}

/// `record_type: 1` or `record_type: {start: 1, width: 1}`: where a record says of which type it is.
fn record_at(fields: &Fields<'_>, format: &Format) -> RecordAt {
    let first = RecordAt::Field(0);
    match (format, fields.get("record_type")) {
        (Format::Delimited(_) | Format::Workbook(_), None) => first,
        (Format::Delimited(_) | Format::Workbook(_), Some(item)) => {
            let position = item.count(1, 4_096).and_then(|n| usize::try_from(n).ok());
            position.map_or(first, |position| RecordAt::Field(position - 1))
        }
        (Format::Fixed(_), Some(item)) => stretch_of(&item).map_or(first, RecordAt::Stretch),
        (Format::Fixed(_), None) => {
            if let Some(item) = fields.get("records") {
                let expected = "`record_type: {start: 1, width: 1}`";
                item.refuse(contract::LAYOUT, "nothing says where a line tells of which type it is", expected, "");
            }
            first
        }
    }
}

/// `holds: subtotal`.
fn holds(fields: &Fields<'_>) -> Option<Holds> {
    fields.get("holds").and_then(|item| item.choice(&Holds::WORDS))
}

fn records(fields: &Fields<'_>, format: &Format) -> Vec<RecordType> {
    let Some(entries) = fields.get("records").and_then(|item| item.entries()) else { return Vec::new() };
    entries.into_iter().filter_map(|(tag, _, item)| record(tag, &item, format)).collect()
}

/// `skip`, `data`, or a mapping of names to places, and of `holds`.
fn record(tag: &str, item: &Item<'_>, format: &Format) -> Option<RecordType> {
    let mut record = RecordType { tag: tag.to_owned(), ..RecordType::default() };
    if !item.is_map() {
        let expected = "`skip`, `data`, names with the position of their field (`{rows: 2}`), or what it holds (`{holds: subtotal}`)";
        record.data = item.read(expected, |text| (text == "skip" || text == "data").then_some(text == "data"))?;
        return Some(record);
    }
    for (name, _, item) in item.entries().unwrap_or_default() {
        // A field may be called `holds` too: then its place follows.
        if name == "holds" && !item.is_map() && item.raw_text().is_none_or(|text| text.parse::<u64>().is_err()) {
            record.holds = item.choice(&Holds::WORDS);
            continue;
        }
        let position = match format {
            Format::Delimited(_) | Format::Workbook(_) => item.count(2, 4_096).and_then(|n| usize::try_from(n).ok()),
            Format::Fixed(_) => stretch_of(&item).map(|stretch| {
                record.stretches.push(stretch);
                record.stretches.len() + 1
            }),
        };
        record.fields.extend(position.map(|position| (name.to_owned(), position)));
    }
    Some(record)
}

fn footer(item: &Item<'_>, columns: &Columns<'_>) -> Option<Footer> {
    let fields = item.fields(&["when", "totals", "holds"])?;
    let when = fields.need("when").map(|item| conditions(&item, columns));
    let totals = fields.get("totals").and_then(|item| item.entries()).unwrap_or_default();
    let total = |(name, _, item): (&str, _, Item<'_>)| Some((name.to_owned(), column(&item, columns, item.text()?)?));
    let totals: Vec<_> = totals.into_iter().filter_map(total).collect();
    let holds = holds(&fields);
    if !totals.is_empty()
        && holds.is_some_and(|holds| holds != Holds::Total)
        && let Some(item) = fields.get("holds")
    {
        item.refuse(contract::LAYOUT, "`totals` stands beside it", "`holds: total`, or no `totals`", "");
    }
    Some(Footer { when: when?, holds: if totals.is_empty() { holds } else { Some(Holds::Total) }, totals })
}

fn not_data(fields: &Fields<'_>, columns: &Columns<'_>) -> Vec<NotData> {
    let rows = fields.get("not_data").and_then(|item| item.list()).unwrap_or_default();
    let row = |item: &Item<'_>| {
        let fields = item.fields(&["when", "reason", "holds"])?;
        let when = fields.need("when").map(|item| conditions(&item, columns));
        let reason = fields.need("reason").and_then(|item| item.text());
        Some(NotData { when: when?, reason: reason?.to_owned(), holds: holds(&fields) })
    };
    rows.iter().filter_map(row).collect()
}

/// `{cost_centre: TOTAL, amount: ""}`, `{supplier: {like: "* Total"}}`.
fn conditions(item: &Item<'_>, columns: &Columns<'_>) -> Vec<(Identifier, Said)> {
    let entries = item.entries().unwrap_or_default();
    if entries.is_empty() && item.is_map() {
        item.wrong("at least one column with its text");
    }
    let condition = |(name, _, value): (&str, _, Item<'_>)| {
        let column = column(&value, columns, name)?;
        if !value.is_map() {
            return Some((column, Said::Text(value.scalar_text()?.to_owned())));
        }
        let like = value.fields(&["like"])?.need("like")?;
        Some((column, Said::Like(printed::line(&like)?)))
    };
    entries.into_iter().filter_map(condition).collect()
}

fn column(item: &Item<'_>, columns: &Columns<'_>, name: &str) -> Option<Identifier> {
    let found = columns.iter().map(|(column, _)| column).find(|known| *known.name == *name);
    match found {
        None => {
            let hint = did_you_mean(nearest(name, columns.iter().map(|(column, _)| &*column.name)));
            item.refuse(contract::LAYOUT, &format!("there is no column `{}`", name.escape_debug()), "a column of this contract", hint);
        }
        Some(column) if column.rules.may_be_absent => {
            let why = format!("`{name}` may be absent, and what is said of it could not be told then");
            item.refuse(contract::LAYOUT, &why, "a column without `absent: allowed`", "");
        }
        Some(_) => {}
    }
    found.map(|column| column.name.clone())
}

fn check_quotes(fields: &Fields<'_>, layout: &Delimited) {
    if layout.quote == Some(layout.delimiter)
        && let Some(item) = fields.get("quote")
    {
        item.refuse(contract::LAYOUT, "delimiter and quote are the same character", "two different characters", "");
    }
    let needs_quotes =
        [("escape", layout.escape == Escape::Backslash), ("stray_quotes", layout.stray_quotes), ("formula_texts", layout.formula_texts)];
    for (key, _) in needs_quotes.iter().filter(|(_, said)| *said && layout.quote.is_none()) {
        if let Some(item) = fields.get(key) {
            item.refuse(contract::LAYOUT, "nothing is quoted here", format!("`{key}` only where there is a `quote`"), "");
        }
    }
}

/// Each name of a trailer once.
fn check_names(fields: &Fields<'_>, rows: &RowRules) {
    let mut names: Vec<&str> = rows.records.iter().flat_map(|record| &record.fields).map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    if let Some([double, _]) = names.windows(2).find(|pair| pair.first() == pair.last())
        && let Some(item) = fields.get("records")
    {
        item.refuse(contract::LAYOUT, &format!("the name `{double}` is given to two fields"), "each name once over all records", "");
    }
}
