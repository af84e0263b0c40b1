//! What was found in a file, for a person: the file, its columns, what is no row, and what only a person can answer.

use serde_json::to_value;

use super::page::{Align, Page, Table};
use crate::{
    diagnostic::{Answer, Diagnostic, codes},
    domain::{counted, grouped},
    profile::{Column, Format, Kind, LeftOut, Money, Over, Profile, Reason, Total},
};

/// The page of a profile.
///
/// # Errors
/// TC0130 where it cannot be written as JSON, which cannot be.
pub fn profile(profile: &Profile) -> Answer<Page> {
    let json = to_value(profile).map_err(|error| Diagnostic::new(codes::command::NOT_PROFILED, error.to_string()))?;
    let mut text = head(profile);
    text.push_str(&columns(profile));
    for column in &profile.columns {
        text.push_str(&about(profile, column));
    }
    text.push_str(&between(profile));
    text.push_str(&left_out(profile));
    list(&mut text, "noted", &profile.notes);
    list(&mut text, "a person answers", &profile.questions);
    Ok(Page::new("profile", text, json))
}

fn list(text: &mut String, title: &str, lines: &[String]) {
    if !lines.is_empty() {
        text.push_str(&format!("\n{title}:\n"));
        lines.iter().for_each(|line| text.push_str(&format!("  {line}\n")));
    }
}

fn fact(text: &mut String, name: &str, value: &str) {
    if !value.is_empty() {
        text.push_str(&format!("{name:<11}{value}\n"));
    }
}

fn head(profile: &Profile) -> String {
    let mut text = String::new();
    let member = profile.member.as_ref().map_or_else(String::new, |member| format!(", in it {member}"));
    fact(&mut text, "file", &format!("{}{member}, {}", profile.file, counted(profile.bytes, "byte")));
    if let Some(facts) = &profile.text {
        let mark = if facts.byte_order_mark { " with byte order mark" } else { "" };
        let ascii = if facts.ascii { ", ASCII alone" } else { "" };
        fact(&mut text, "encoding", &format!("{}{mark}{ascii}: {}", facts.encoding, facts.evidence));
        let ends = [("CR LF", facts.crlf), ("LF", facts.lf), ("CR", facts.cr), ("CR CR LF", facts.cr_crlf)];
        let ends: Vec<String> = ends.iter().filter(|(_, n)| *n > 0).map(|(name, n)| format!("{name} {n} times")).collect();
        let open = if facts.open_end { ", none after the last line" } else { "" };
        let feeds = if facts.form_feeds > 0 { format!(", {}", counted(facts.form_feeds, "form feed")) } else { String::new() };
        fact(&mut text, "line ends", &format!("{}{open}{feeds}", ends.join(", ")));
    }
    for sheet in &profile.sheets {
        let looked = if Some(&sheet.name) == profile.sheet.as_ref() { ", looked at here" } else { "" };
        let hidden = if sheet.hidden { ", hidden" } else { "" };
        let formulas = if sheet.formulas > 0 { format!(", {}", counted(sheet.formulas, "formula")) } else { String::new() };
        fact(&mut text, "sheet", &format!("{}: {}{formulas}{hidden}{looked}", sheet.name, counted(sheet.cells, "cell")));
    }
    fact(&mut text, "layout", &layout(profile));
    fact(&mut text, "header", &header(profile));
    fact(&mut text, "rows", &rows(profile));
    fact(&mut text, "name", &name(profile));
    text
}

fn layout(profile: &Profile) -> String {
    let layout = &profile.layout;
    let mut parts = Vec::new();
    match (profile.format, layout.delimiter) {
        (Format::Workbook, _) => parts.push("workbook".to_owned()),
        (Format::Fixed, _) => match layout.width {
            Some((width, of)) => parts.push(format!("fixed width, {width} characters on {} of {} lines", of.rows, of.of)),
            None => parts.push("a printed report: columns stand where dashes under the headings show them".to_owned()),
        },
        (Format::Delimited, Some('\t')) => parts.push("fields parted by tabs".to_owned()),
        (Format::Delimited, Some(delimiter)) => parts.push(format!("fields parted by `{delimiter}`")),
        (Format::Delimited, None) => parts.push("one field a line".to_owned()),
    }
    if layout.quoted_fields > 0 {
        parts.push(format!("{} in quotes", counted(layout.quoted_fields, "field")));
    }
    if layout.quotes_in_text > 0 {
        parts.push(format!("nothing is quoted: {} are text", counted(layout.quotes_in_text, "quote mark")));
    }
    if layout.stray_quotes > 0 {
        parts.push(format!("{} with a quote mark inside that is text", counted(layout.stray_quotes, "field")));
    }
    let words = [
        (layout.backslash, "a backslash before quotes in text"),
        (layout.trailing_delimiter, "a delimiter ends each line and is no column"),
        (layout.bars, "bars at both ends of each line"),
    ];
    parts.extend(words.iter().filter(|(holds, _)| *holds).map(|(_, text)| (*text).to_owned()));
    if layout.formula_texts > 0 {
        parts.push(format!("{} written as =\"…\"", counted(layout.formula_texts, "text")));
    }
    if let [(most, _), others @ ..] = layout.fields.as_slice()
        && profile.format == Format::Delimited
    {
        let other: Vec<String> = others.iter().map(|(fields, n)| format!("{} of {fields}", counted(*n, "record"))).collect();
        parts.push(format!("{most} fields{}", if other.is_empty() { String::new() } else { format!(" (but {})", other.join(", ")) }));
    }
    parts.join("; ")
}

fn header(profile: &Profile) -> String {
    let header = &profile.header;
    let Some(line) = header.line else { return "none: the file names no columns".to_owned() };
    let mut parts = vec![format!("line {line}")];
    if header.records > 1 {
        parts.push(format!("{} records together", header.records));
    }
    if header.lines > u64::from(header.records) && profile.layout.places.is_empty() {
        parts.push(format!("{} lines, for names hold line breaks", header.lines));
    }
    if header.before > 0 {
        parts.push(format!("{} above it", counted(header.before, "line")));
    }
    if header.blank_before > 0 {
        parts.push(format!("{} blank above it", header.blank_before));
    }
    if header.repeats > 0 {
        parts.push(format!("again {}", counted(header.repeats, "time")));
    }
    parts.join(", ")
}

fn rows(profile: &Profile) -> String {
    let rows = &profile.rows;
    let amount = profile.amount.and_then(|at| profile.columns.get(at));
    let mut parts = vec![match amount {
        Some(column) => format!("{} with an amount in {}", counted(rows.data, "row"), called(column)),
        None => counted(rows.data, "row"),
    }];
    if rows.without_amount > 0 && amount.is_some() {
        let lines: Vec<String> = rows.without_amount_lines.iter().map(u64::to_string).collect();
        parts.push(format!("{} without (line {})", rows.without_amount, lines.join(", ")));
    }
    if rows.exact_copies > 0 {
        parts.push(format!("{} equal to one before", rows.exact_copies));
    }
    if rows.odd_widths > 0 {
        parts.push(format!("{} of another width", rows.odd_widths));
    }
    parts.join(", ")
}

fn name(profile: &Profile) -> String {
    let name = &profile.name;
    let months = match (name.months.first(), name.months.last()) {
        (Some((year, month)), Some((last_year, last_month))) => {
            let first = format!("{year:04}-{month:02}");
            let last = format!("{last_year:04}-{last_month:02}");
            if first == last { format!("says {first}") } else { format!("says {first} to {last}") }
        }
        _ => name.day.as_ref().map_or_else(String::new, |day| format!("says the day {day}, and no month")),
    };
    let doubt = if name.doubtful { "; it can be read in two ways" } else { "" };
    match &name.pattern {
        Some(pattern) => format!("{months}{doubt}; files: {pattern}"),
        None => "says no month".to_owned(),
    }
}

/// A heading on one line, or the column's number.
fn called(column: &Column) -> String {
    let heading = column.heading.split_whitespace().collect::<Vec<_>>().join(" ");
    match (heading.is_empty(), column.occurrence) {
        (true, _) => format!("column {}", column.at + 1),
        (false, Some(n)) => format!("{heading} ({n})"),
        (false, None) => heading,
    }
}

const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Empty => "empty",
        Kind::Date => "date",
        Kind::Money => "money",
        Kind::Quantity => "quantity",
        Kind::Code => "code",
        Kind::Period => "period",
        Kind::Flag => "flag",
        Kind::Text => "text",
    }
}

fn columns(profile: &Profile) -> String {
    if profile.columns.is_empty() {
        return String::new();
    }
    let right = Align::Right;
    let mut table = Table::new(&[
        ("", right),
        ("column", Align::Left),
        ("what", Align::Left),
        ("filled", right),
        ("different", right),
        ("length", right),
    ]);
    for column in &profile.columns {
        let (least, most) = column.lengths;
        let length = if least == most { least.to_string() } else { format!("{least}–{most}") };
        let different = column.distinct.map_or_else(|| "many".to_owned(), |n| grouped(u128::from(n)));
        let filled = format!("{} of {}", column.filled.rows, column.filled.of);
        table.row([(column.at + 1).to_string(), called(column), kind(column.kind).to_owned(), filled, different, length]);
    }
    format!("\n{}", table.text())
}

/// Lines about a column that say more than the table does.
fn about(profile: &Profile, column: &Column) -> String {
    let mut lines = Vec::new();
    if let Some(dates) = &column.dates {
        for kind in &dates.kinds {
            let orders = match (kind.day_first_only, kind.month_first_only, kind.either) {
                (0, 0, 0) => String::new(),
                (day, month, either) => {
                    format!(", {day} only with the day first, {month} only with the month first, {either} in either order")
                }
            };
            lines.push(format!("{}: {} of {} rows{orders}", kind.printed, kind.rows, column.filled.rows));
        }
        let months: Vec<String> = dates.months.iter().map(|((year, month), n)| format!("{year:04}-{month:02} {n}")).collect();
        if !months.is_empty() {
            lines.push(format!("months: {}", cut(&months)));
        }
        if let Some(within) = dates.in_name {
            lines.push(format!("{} of {} in what the file's name says", within.rows, within.of));
        }
        lines.extend(dates.other_shapes.iter().map(|(shape, n)| format!("no date: {n} like `{shape}`")));
    }
    if let Some(facts) = &column.money {
        money(facts, &mut lines);
    }
    words(column, &mut lines);
    if lines.is_empty() {
        return String::new();
    }
    let marks = [(profile.amount, " (most likely the amount)"), (profile.date, " (most likely the date that counts)")];
    let mark = marks.iter().find(|(at, _)| *at == Some(column.at)).map_or("", |(_, text)| *text);
    let lines: String = lines.iter().map(|line| format!("  {line}\n")).collect();
    format!("\n{}{mark}:\n{lines}", called(column))
}

fn cut(words: &[String]) -> String {
    const MOST: usize = 24;
    match words.get(..MOST) {
        Some(first) if words.len() > MOST => format!("{} and {} more", first.join(", "), words.len() - MOST),
        _ => words.join(", "),
    }
}

fn money(facts: &Money, lines: &mut Vec<String>) {
    let styles: Vec<String> = facts.styles.iter().map(|(style, n)| format!("{style} {n}")).collect();
    lines.push(format!("written: {}", styles.join(", ")));
    let range = match (facts.smallest, facts.largest) {
        (Some(least), Some(most)) => format!("; from {} to {}", least.text(), most.text()),
        _ => String::new(),
    };
    lines.push(format!(
        "sum {}: debits {}, credits {}; {} negative, {} nought, {} positive{}",
        facts.sum.text(),
        facts.debits.text(),
        facts.credits.text(),
        facts.negative,
        facts.nought,
        facts.positive,
        range
    ));
    let odd = [
        (facts.noise, "with noise of a spreadsheet beside the penny"),
        (facts.part_pennies, "with real parts of a penny"),
        (facts.finer, "finer than a millionth of a pound, and in no sum here"),
        (facts.others, "no amounts"),
    ];
    lines.extend(odd.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")));
}

fn words(column: &Column, lines: &mut Vec<String>) {
    if let Some(personal) = &column.personal {
        let rows = personal.rows;
        lines.push(format!(
            "may be personal ({}): {}; {} of {} look so; no value is shown",
            personal.kind, personal.why, rows.rows, rows.of
        ));
    }
    match (&column.constant, column.values.is_empty()) {
        (Some(value), _) => lines.push(format!("always `{value}`")),
        (None, false) => {
            let values: Vec<String> = column.values.iter().map(|(value, n)| format!("`{value}` {n}")).collect();
            lines.push(format!("values: {}", values.join(", ")));
        }
        (None, true) if matches!(column.kind, Kind::Code | Kind::Text) => {
            let shapes: Vec<String> = column.shapes.iter().take(4).map(|(shape, n)| format!("`{shape}` {n}")).collect();
            if column.kind == Kind::Code {
                lines.push(format!("like {}", shapes.join(", ")));
            }
        }
        (None, true) => {}
    }
    if column.kind == Kind::Period {
        let periods: Vec<String> = column.periods.iter().map(|(word, n)| format!("{word} {n}")).collect();
        lines.push(format!("written: {}", periods.join(", ")));
    }
    let counts = [
        (column.leading_noughts, "with a nought in front"),
        (column.padded, "padded with blanks"),
        (column.line_breaks, "with line breaks"),
    ];
    lines.extend(counts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")));
    if column.personal.is_none() {
        lines.extend(column.null_words.iter().map(|(word, n)| format!("`{word}` {n} times: perhaps for nothing")));
        lines.extend(column.look_alikes.iter().map(|(one, other)| format!("`{one}` and `{other}` look alike")));
    }
    if !column.cells.is_empty() {
        let cells: Vec<String> = column.cells.iter().map(|(own, n)| format!("{own} {n}")).collect();
        lines.push(format!("cells: {}", cells.join(", ")));
    }
}

/// What stands in several columns of a row.
fn between(profile: &Profile) -> String {
    let named = |at: usize| profile.columns.get(at).map_or_else(String::new, called);
    let mut lines = Vec::new();
    for identity in &profile.identities {
        let parts: Vec<String> = identity.parts.iter().map(|at| named(*at)).collect();
        let agree = identity.agree;
        lines.push(format!("{} = {} on {} of {} rows", parts.join(" + "), named(identity.whole), agree.rows, agree.of));
    }
    for signs in &profile.signs {
        let words: Vec<String> = signs
            .words
            .iter()
            .map(|w| format!("`{}` {} minus, {} plus, {} nought, sum {}", w.word, w.negative, w.positive, w.nought, w.sum.text()))
            .collect();
        lines.push(format!("{} beside {}: {}", named(signs.flag), named(signs.amount), words.join("; ")));
    }
    for kind in &profile.record_types {
        lines.push(format!("record `{}`: {}, of {} fields", kind.tag, counted(kind.records, "time"), kind.fields));
        lines.extend(kind.counts.iter().map(|at| format!("  its field {at} is the number of rows")));
        lines.extend(kind.sums.iter().map(|(at, of)| format!("  its field {at} is the sum of {}", named(*of))));
    }
    let mut text = String::new();
    list(&mut text, "between columns", &lines);
    text
}

const fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::Preamble => "text above the headings",
        Reason::TotalAbove => "amounts above the headings",
        Reason::RepeatedHeader => "the headings again",
        Reason::Blank => "blank",
        Reason::Rule => "line of dashes",
        Reason::PageHead => "head of a page",
        Reason::Total => "total",
        Reason::Subtotal => "subtotal",
        Reason::Marker => "mark or note",
        Reason::Nil => "says that there is nothing",
        Reason::RecordType => "record of another type",
        Reason::End => "end of the report",
    }
}

fn left_out(profile: &Profile) -> String {
    let line = |left: &LeftOut| {
        let lines: Vec<String> = left.lines.iter().map(u64::to_string).collect();
        let more = if left.rows as usize > left.lines.len() { ", …" } else { "" };
        let label = left.label.as_ref().map_or_else(String::new, |label| format!(" `{label}`"));
        let amount = left.printed.as_ref().map_or_else(String::new, |printed| format!(", prints {}", printed.trim()));
        format!("{}: {}{label}{amount} (line {}{more})", reason(left.reason), counted(left.rows, "record"), lines.join(", "))
    };
    let mut lines: Vec<String> = profile.left_out.iter().map(line).collect();
    lines.extend(profile.totals.iter().map(|total| total_line(profile, total)));
    let mut text = String::new();
    list(&mut text, "no rows", &lines);
    text
}

fn total_line(profile: &Profile, total: &Total) -> String {
    let column = profile.columns.get(total.column).map_or_else(String::new, called);
    let over = match total.over {
        Over::All => "all rows",
        Over::Above => "the rows above",
        Over::Block => "the rows since the last sum",
    };
    let found = if total.difference.0 == 0 {
        format!("equals {over}, to the penny")
    } else {
        format!("{over} add up to {}: it differs by {}", total.sum.text(), total.difference.text())
    };
    format!("line {} prints {} in {column}: {found}", total.line, total.printed.trim())
}
