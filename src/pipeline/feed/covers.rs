//! `files` and `covers` of a feed: the names that it knows, and which periods a file covers.

use super::super::{CoverCalendar, CoverFrom, Covers, Extent, FilePattern, FilePatterns, NamePart};
use super::choice;
use crate::{
    diagnostic::codes::config,
    schema::fields::{Fields, Item},
};

/// The keys of `covers`.
const KEYS: &[&str] = &["calendar", "extent", "quarter", "half", "from", "before"];

const EXTENTS: [(&str, Extent); 6] = [
    ("one", Extent::One),
    ("quarter", Extent::Quarter),
    ("half", Extent::Half),
    ("to_date", Extent::ToDate),
    ("year", Extent::Year),
    ("listed", Extent::Listed),
];

/// What only names of a fiscal calendar have.
const FISCAL: [NamePart; 3] = [NamePart::FiscalYear, NamePart::ShortFiscalYear, NamePart::Period];

/// A pattern, or a list of them. `sound` says whether `covers` itself is, so that the names can be judged by it.
pub(super) fn files(fields: &Fields<'_>, covers: &Covers, calendar_said: bool, sound: bool) -> Option<FilePatterns> {
    let item = fields.need("files")?;
    let items = if item.is_list() { item.list()? } else { vec![item] };
    if items.is_empty() {
        fields.need("files")?.wrong("at least one pattern");
    }
    let mut patterns = Vec::new();
    for item in &items {
        let pattern = pattern(item)?;
        if pattern.text.contains('/') {
            item.refuse(config::FILE_PATTERN, "it holds a `/`", "the name of a file in the feed's folder; `url` names the folder", "");
            return None;
        }
        // A name may hold one, and none ever does: it is meant as in `ignore`, or in a shell.
        if let Some(sign) = pattern.text.chars().find(|c| matches!(c, '*' | '?')) {
            let why = format!("`{sign}` stands in it, which is a character of a name here");
            let hint = format!("Write `{}`.", pattern.text.replace(['*', '?'], "{any}"));
            item.refuse(config::FILE_PATTERN, &why, "`{any}` for any text", hint);
            return None;
        }
        // A name that holds no quarter goes by its pattern, if that tells.
        if sound && covers.from.is_none() && covers.in_name.is_empty() {
            let hint = "Or say in `covers` where the period stands: `covers: {from: {header: Period}}`.";
            judge(item, covers, calendar_said, &pattern, "a name does not tell which period the file covers", hint);
        }
        patterns.push(pattern);
    }
    (!patterns.is_empty()).then_some(FilePatterns(patterns))
}

fn pattern(item: &Item<'_>) -> Option<FilePattern> {
    match FilePattern::parse(item.text()?) {
        Ok(pattern) => Some(pattern),
        Err(why) => {
            let expected = format!("a name with `{}`, and `[ ]` around what may be missing", FilePattern::words());
            item.refuse(config::FILE_PATTERN, &why, expected, "");
            None
        }
    }
}

/// `{calendar: month, extent: one}`; or with `from`, where the period is read from the file itself.
///
/// The second is whether it says itself how names count years.
pub(super) fn covers(fields: &Fields<'_>) -> (Covers, bool) {
    let default = Covers { calendar: CoverCalendar::Month, extent: Extent::One, in_name: Vec::new(), from: None, before: 0 };
    let Some(read) = fields.get("covers").and_then(|item| item.fields(KEYS)) else { return (default, false) };
    let covers = &read;
    let calendar_said = covers.get("calendar").is_some();
    let from = covers.get("from").and_then(|item| cover_from(&item));
    let format = match &from {
        Some(CoverFrom::Record { format, .. } | CoverFrom::Header { format: Some(format), .. }) => Some(format),
        _ => None,
    };
    // A format that names a financial year, and no more, says what it covers without further words.
    let fiscal = format.is_some_and(|f| FISCAL.iter().any(|part| f.has(part)));
    let whole_year =
        format.is_some_and(|f| !f.tells_a_stretch() && ![NamePart::Month, NamePart::Period, NamePart::Date].iter().any(|part| f.has(part)));
    let calendars = [("month", CoverCalendar::Month), ("fiscal", CoverCalendar::Fiscal)];
    let in_name = in_name(covers, from.is_some());
    let covers = Covers {
        calendar: choice(covers, "calendar", if fiscal { CoverCalendar::Fiscal } else { CoverCalendar::Month }, &calendars),
        extent: choice(covers, "extent", if whole_year { Extent::Year } else { Extent::One }, &EXTENTS),
        in_name,
        from: from.clone(),
        before: covers.get("before").and_then(|item| item.count(0, 12)).and_then(|n| u8::try_from(n).ok()).unwrap_or(0),
    };
    before_one_month(&read, &covers);
    if let (Some(format), Some(item)) = (format, fields.get("covers")) {
        judge(&item, &covers, calendar_said, format, "`format` does not tell which period is covered", "");
    }
    let keys = fields.get("covers").and_then(|item| item.entries()).unwrap_or_default();
    let shaped = keys.iter().filter(|(key, ..)| matches!(*key, "quarter" | "half"));
    for ((_, _, item), shape) in shaped.zip(&covers.in_name) {
        judge(item, &covers, calendar_said, shape, "it does not tell which period is covered", "");
    }
    (covers, calendar_said)
}

/// `before` is of files of one month: of what a file of a quarter holds nobody says so.
fn before_one_month(read: &Fields<'_>, covers: &Covers) {
    if covers.extent != Extent::One
        && let Some(item) = read.get("before")
    {
        item.refuse(config::WRONG_VALUE, "one file covers more than a month", "`before` only with `extent: one`", "");
    }
}

/// `{quarter: "q{quarter}_{fiscal_year}"}`: how the part of a name looks that says which quarter or half it covers.
fn in_name(covers: &Fields<'_>, from: bool) -> Vec<FilePattern> {
    let mut shapes = Vec::new();
    for (key, part) in [("quarter", NamePart::Quarter), ("half", NamePart::Half)] {
        let Some(item) = covers.get(key) else { continue };
        if from {
            item.refuse(
                config::WRONG_VALUE,
                "`from` stands beside it",
                format!("either `from`, or `{key}`, which is found in the name"),
                "",
            );
        }
        let Some(shape) = pattern(&item) else { continue };
        if shape.always_has(&part) {
            shapes.push(shape);
        } else {
            item.refuse(config::FILE_PATTERN, &format!("it does not say which {key}"), format!("`{{{key}}}` in it"), "");
        }
    }
    shapes
}

/// Refuses a pattern by which nobody can tell what is covered.
fn judge(item: &Item<'_>, covers: &Covers, calendar_said: bool, pattern: &FilePattern, seen: &str, hint: &str) {
    if let Some(lacking) = covers.lacking(pattern) {
        item.refuse(config::FILE_PATTERN, seen, lacking, hint);
    } else if pattern.tells_a_stretch() && !calendar_said && !pattern.always_has_fiscal_year() {
        let hint = "`calendar: fiscal` where `2025` is the year that begins in it (the first quarter is April to June), `calendar: month` where it is that of the calendar.";
        item.refuse(
            config::FILE_PATTERN,
            "it does not say of which year the quarter or half is",
            "`{fiscal_year}`, or `calendar` in `covers`",
            hint,
        );
    }
}

/// Where in the file the period stands.
fn cover_from(item: &Item<'_>) -> Option<CoverFrom> {
    let fields = item.fields(&["record", "field", "header", "format"])?;
    let format = fields.get("format").map(|item| pattern(&item));
    if let Some(label) = fields.get("header") {
        for key in ["record", "field"] {
            if let Some(item) = fields.get(key) {
                item.refuse(config::WRONG_VALUE, "`header` stands beside it", "either `header`, or `record` and `field`", "");
            }
        }
        return Some(CoverFrom::Header { label: label.text()?.to_owned(), format: format.flatten() });
    }
    let record = fields.need("record").and_then(|item| item.text());
    let field = fields.need("field").and_then(|item| item.count(2, 4_096)).and_then(|n| usize::try_from(n).ok());
    if format.is_none() {
        let _ = fields.need("format");
    }
    Some(CoverFrom::Record { record: record?.to_owned(), field: field?, format: format?? })
}
