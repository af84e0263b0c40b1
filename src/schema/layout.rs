//! The schema-level `truecost` property of a source: how the text of an extract is laid out.

use crate::{diagnostic::codes::contract, domain::Identifier};

use super::{
    Column, Encoding, Escape, ExtraColumns, Footer, Holds, Kind, Layout, NotData, RecordType,
    column::value_of_ours,
    fields::{Fields, Item, did_you_mean},
    suggest::nearest,
};

const LAYOUT_KEYS: &[&str] = &[
    "format",
    "delimiter",
    "quote",
    "escape",
    "encodings",
    "trust_encoding",
    "header",
    "records",
    "footer",
    "not_data",
    "blank_rows",
    "extra_columns",
    "last_line_end",
    "null_words",
    "allow_empty",
    "trailing_delimiter",
];

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
    let fields = value.fields(LAYOUT_KEYS)?;
    check_format(&fields)?;
    let (header_within_rows, preamble_holds) = header(&fields);
    let layout = Layout {
        delimiter: delimiter(&fields),
        quote: quote(&fields),
        escape: choice(&fields, "escape", Escape::Doubled, &[("doubled", Escape::Doubled), ("backslash", Escape::Backslash)]),
        encodings: encodings(&fields),
        trust_encoding: flag(&fields, "trust_encoding"),
        header_within_rows,
        preamble_holds,
        records: records(&fields),
        footer: fields.get("footer").and_then(|item| footer(&item, columns)),
        not_data: not_data(&fields, columns),
        skip_blank_rows: choice(&fields, "blank_rows", true, &[("skip", true), ("refuse", false)]),
        extra_columns: choice(
            &fields,
            "extra_columns",
            ExtraColumns::Refuse,
            &[("refuse", ExtraColumns::Refuse), ("note", ExtraColumns::Note)],
        ),
        last_line_end_absent: choice(&fields, "last_line_end", false, &[("present", false), ("absent", true)]),
        null_words: fields.get("null_words").and_then(|item| item.texts()).unwrap_or_else(|| vec![String::new()]),
        allow_empty: flag(&fields, "allow_empty"),
        trailing_delimiter: flag(&fields, "trailing_delimiter"),
    };
    check_whole(&fields, &layout);
    Some(layout)
}

/// Workbooks and fixed width have their room in the profile; this version reads delimited text.
fn check_format(fields: &Fields<'_>) -> Option<()> {
    let item = fields.need("format")?;
    let readable = item.choice(&[("delimited", true), ("fixed", false), ("workbook", false)])?;
    if !readable {
        item.refuse(contract::LAYOUT, "this version reads delimited text only", "`format: delimited`", "Ask the sender for CSV.");
    }
    readable.then_some(())
}

fn choice<T: Copy>(fields: &Fields<'_>, key: &str, default: T, words: &[(&str, T)]) -> T {
    fields.get(key).and_then(|item| item.choice(words)).unwrap_or(default)
}

fn flag(fields: &Fields<'_>, key: &str) -> bool {
    fields.get(key).and_then(|item| item.flag()).unwrap_or(false)
}

fn delimiter(fields: &Fields<'_>) -> u8 {
    let words = [("tab", b'\t'), ("\\t", b'\t'), ("\t", b'\t')];
    let read = |text: &str| {
        let word = words.iter().find(|(word, _)| *word == text).map(|(_, byte)| *byte);
        word.or(match text.as_bytes() {
            [byte] if byte.is_ascii_punctuation() || *byte == b' ' => Some(*byte),
            _ => None,
        })
    };
    fields.need("delimiter").and_then(|item| item.read("one character that is no letter or digit, or `tab`", read)).unwrap_or(b',')
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
    let words = [Encoding::Utf8, Encoding::Windows1252, Encoding::Utf16Le, Encoding::Utf16Be, Encoding::Latin1];
    let words = words.map(|encoding| (encoding.as_str(), encoding));
    let Some(item) = fields.need("encodings") else { return Vec::new() };
    let list = item.list().unwrap_or_default();
    if list.is_empty() && item.is_list() {
        item.wrong("at least one encoding");
    }
    list.iter().filter_map(|item| item.choice(&words)).collect()
}

/// Within how many lines it stands, and what amounts before it hold.
fn header(fields: &Fields<'_>) -> (u32, Option<Holds>) {
    let header = fields.get("header").and_then(|item| item.fields(&["find", "within_rows", "holds"]));
    let Some(header) = header else { return (20, None) };
    let _ = header.get("find").and_then(|item| item.choice(&[("by_names", ())]));
    let rows = header.get("within_rows").and_then(|item| item.count(1, 1_000)).and_then(|n| u32::try_from(n).ok());
    (rows.unwrap_or(20), holds(&header))
}

/// `holds: subtotal`.
fn holds(fields: &Fields<'_>) -> Option<Holds> {
    fields.get("holds").and_then(|item| item.choice(&Holds::WORDS))
}

fn records(fields: &Fields<'_>) -> Vec<RecordType> {
    let Some(entries) = fields.get("records").and_then(|item| item.entries()) else { return Vec::new() };
    let field = |(name, _, item): (&str, _, Item<'_>)| {
        let position = item.count(2, 4_096)?;
        Some((name.to_owned(), usize::try_from(position).ok()?))
    };
    let record = |(tag, _, item): (&str, _, Item<'_>)| {
        let mut holds = None;
        let mut named = Vec::new();
        if item.is_map() {
            for (name, at, item) in item.entries().unwrap_or_default() {
                // A field may be called `holds` too: then a number follows.
                if name == "holds" && item.raw_text().is_none_or(|text| text.parse::<u64>().is_err()) {
                    holds = item.choice(&Holds::WORDS);
                } else {
                    named.extend(field((name, at, item)));
                }
            }
        } else {
            let expected = "`skip`, names with the position of their field (`{rows: 2}`), or what it holds (`{holds: subtotal}`)";
            item.read(expected, |text| (text == "skip").then_some(()))?;
        }
        Some(RecordType { tag: tag.to_owned(), fields: named, holds })
    };
    entries.into_iter().filter_map(record).collect()
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

/// `{cost_centre: TOTAL, amount: ""}`.
fn conditions(item: &Item<'_>, columns: &Columns<'_>) -> Vec<(Identifier, String)> {
    let entries = item.entries().unwrap_or_default();
    if entries.is_empty() && item.is_map() {
        item.wrong("at least one column with its text");
    }
    let condition = |(name, _, value): (&str, _, Item<'_>)| {
        let column = column(&value, columns, name)?;
        Some((column, value.scalar_text()?.to_owned()))
    };
    entries.into_iter().filter_map(condition).collect()
}

fn column(item: &Item<'_>, columns: &Columns<'_>, name: &str) -> Option<Identifier> {
    let found = columns.iter().map(|(column, _)| &column.name).find(|known| &***known == name);
    if found.is_none() {
        let hint = did_you_mean(nearest(name, columns.iter().map(|(column, _)| &*column.name)));
        item.refuse(contract::LAYOUT, &format!("there is no column `{}`", name.escape_debug()), "a column of this contract", hint);
    }
    found.cloned()
}

fn check_whole(fields: &Fields<'_>, layout: &Layout) {
    if layout.quote == Some(layout.delimiter)
        && let Some(item) = fields.get("quote")
    {
        item.refuse(contract::LAYOUT, "delimiter and quote are the same character", "two different characters", "");
    }
    if layout.quote.is_none()
        && layout.escape == Escape::Backslash
        && let Some(item) = fields.get("escape")
    {
        item.refuse(contract::LAYOUT, "nothing is quoted here", "`escape` only where there is a `quote`", "");
    }
    let mut names: Vec<&str> = layout.records.iter().flat_map(|record| &record.fields).map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    if let Some([double, _]) = names.windows(2).find(|pair| pair.first() == pair.last())
        && let Some(item) = fields.get("records")
    {
        item.refuse(contract::LAYOUT, &format!("the name `{double}` is given to two fields"), "each name once over all records", "");
    }
}
