//! The words of the whole file: what cuts it into records and fields.

use std::collections::BTreeSet;

use super::{
    answers::{NO, Question, YES},
    evidence::Evidence,
};
use crate::{
    diagnostic::{Answer, Diagnostic, Place, codes::command},
    domain::is_like,
    profile::{Container, Format, Kind, Profile, Reason},
    schema::{KnownLayout, known_layouts, words},
};

/// A word of the file with its value as YAML, and what was seen.
pub type FileWord = (&'static str, String, String);

/// Lines within which a contract looks for the headings if it says nothing.
const LOOKED_AT: u64 = 20;

/// How the samples are laid out; what no word says goes to `cannot`. `compared`: totals that they print are held against their rows.
#[must_use]
pub fn layout(evidence: &Evidence, compared: bool, cannot: &mut Vec<String>) -> Vec<FileWord> {
    let profiles: Vec<&Profile> = evidence.samples.iter().map(|sample| &sample.profile).collect();
    let Some(first) = profiles.first() else { return Vec::new() };
    if profiles.iter().any(|profile| profile.format != first.format) {
        cannot.push("some samples are text and others are workbooks".to_owned());
    }
    let mut said = match first.format {
        Format::Delimited => delimited(&profiles, cannot),
        Format::Workbook => workbook(&profiles, cannot),
        Format::Fixed => fixed(&profiles, cannot),
    };
    said.extend(packed(&profiles, cannot));
    said.extend(header(&profiles, compared, cannot));
    said
}

/// Refuses what no answer helps: lines whose fields nobody has named.
///
/// # Errors
/// TC0138.
pub fn in_the_dark(evidence: &Evidence) -> Answer<()> {
    let dark = evidence.samples.iter().find(|sample| {
        let layout = &sample.profile.layout;
        sample.profile.format == Format::Fixed && !layout.given && layout.width.is_some()
    });
    let Some(sample) = dark else { return Ok(()) };
    let width = sample.profile.layout.width.map_or(0, |(width, _)| width);
    if known_widths(&sample.profile).next().is_some() {
        return Ok(()); // a question
    }
    Err(Diagnostic::new(command::NO_WORD, format!("its lines have {width} characters, and nothing in it says where fields begin"))
        .place(Place::file(sample.path.display().to_string()))
        .expected("the places of its fields, from the sender's specification")
        .outcome("nothing was written")
        .hint("write them as a table, `name,from,to` and a line for each field, and add --layout TABLE.csv: docs/feeds.md, \"Fixed width\"")
        .into())
}

/// The known layout that alone has lines as long, where nothing in the sample says where fields begin.
#[must_use]
pub fn only_known(sample: &super::evidence::Sample) -> Option<&'static str> {
    let is_dark = sample.profile.format == Format::Fixed && !sample.profile.layout.given;
    let mut known = known_widths(&sample.profile).filter(|_| is_dark);
    known.next().filter(|_| known.next().is_none()).map(|known| known.name)
}

/// Known layouts whose lines are as long.
pub fn known_widths(profile: &Profile) -> impl Iterator<Item = KnownLayout> {
    let width = profile.layout.width.map(|(width, _)| width).filter(|_| !profile.layout.given);
    let length = |known: &KnownLayout| {
        known.text.lines().find_map(|line| line.trim().strip_prefix("length: ")?.split_whitespace().next()?.parse::<usize>().ok())
    };
    known_layouts().into_iter().filter(move |known| width.is_some() && length(known) == width)
}

/// Lines whose fields stand at places.
fn fixed(profiles: &[&Profile], cannot: &mut Vec<String>) -> Vec<FileWord> {
    let mut said: Vec<FileWord> = vec![("format", "fixed".to_owned(), String::new()), encodings(profiles, cannot)];
    let Some(first) = profiles.first() else { return said };
    if profiles.iter().any(|profile| profile.layout.places.len() != first.layout.places.len()) {
        cannot.push("columns that stand at other places in each sample".to_owned());
    }
    said.push(("unit", "characters".to_owned(), String::new()));
    let length = line_length(profiles);
    said.push(("length", length.to_string(), "of a row's line, without its end".to_owned()));
    if profiles.iter().any(|profile| profile.layout.row_widths.is_some_and(|(least, _)| least < length)) {
        said.push(("short_lines", "allowed".to_owned(), "blanks at the end of lines are lacking".to_owned()));
    }
    let mut at = 1;
    let mut gaps: Vec<String> = Vec::new();
    let mut places = first.layout.places.clone();
    places.sort_unstable();
    let last = places.len().saturating_sub(1);
    for (number, (from, to)) in places.iter().enumerate() {
        if *from > at {
            gaps.push(format!("{{from: {at}, to: {}}}", from - 1));
        }
        at = if number == last && !first.layout.given { length + 1 } else { to + 1 };
    }
    if at <= length {
        gaps.push(format!("{{from: {at}, to: {length}}}"));
    }
    if !gaps.is_empty() {
        said.push(("fill", format!("[{}]", gaps.join(", ")), "nobody reads it".to_owned()));
    }
    said
}

/// Characters of a row's line.
#[must_use]
pub fn line_length(profiles: &[&Profile]) -> usize {
    let of = |profile: &&Profile| {
        let ends = profile.layout.places.iter().map(|(_, to)| *to).max().unwrap_or(0);
        let rows = profile.layout.row_widths.map(|(_, most)| most);
        profile.layout.width.map(|(width, _)| width).or(rows).unwrap_or(0).max(ends)
    };
    profiles.iter().map(of).max().unwrap_or(0)
}

/// The lines of a printed report that are no rows; `compared`: its totals are held against them.
#[must_use]
pub fn printed(profiles: &[&Profile], compared: bool) -> Vec<FileWord> {
    let mut lines: Vec<String> = Vec::new();
    let mut end = None;
    for (pattern, reason) in profiles.iter().flat_map(|profile| &profile.layout.page_lines) {
        let text = serde_json::Value::from(pattern.as_str()).to_string();
        match reason {
            Reason::End => end = Some(format!("{{line: {text}}}")),
            Reason::Total if compared => lines.push(format!("{{line: {text}, holds: total}}")),
            Reason::Total | Reason::Subtotal => lines.push(format!("{{line: {text}, holds: subtotal}}")),
            _ => lines.push(text),
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    lines.retain(|line| seen.insert(line.clone()));
    let mut said: Vec<FileWord> = Vec::new();
    if !lines.is_empty() {
        said.push(("pages", format!("[{}]", lines.join(", ")), "lines of pages, each counted".to_owned()));
    }
    said.extend(end.map(|end| ("end", end, "what stands behind it is tail".to_owned())));
    said
}

/// How the samples are packed, and which file of an archive is read.
fn packed(profiles: &[&Profile], cannot: &mut Vec<String>) -> Vec<FileWord> {
    let Some(first) = profiles.first() else { return Vec::new() };
    if profiles.iter().any(|profile| profile.container != first.container) {
        cannot.push("some samples are packed and others are not: unpack them all, or pack them all alike".to_owned());
    }
    let word = match first.container {
        Container::None => return Vec::new(),
        Container::Gzip => "gzip",
        Container::Zip => "zip",
    };
    let inside = first.member.as_ref().map(|member| format!("holds {member}")).unwrap_or_default();
    vec![("container", word.to_owned(), inside)]
}

fn delimited(profiles: &[&Profile], cannot: &mut Vec<String>) -> Vec<FileWord> {
    let mut said: Vec<FileWord> = vec![("format", "delimited".to_owned(), String::new())];
    let delimiters: Vec<Option<char>> = profiles.iter().map(|profile| profile.layout.delimiter).collect();
    match delimiters.first().copied().flatten() {
        Some(one) if delimiters.iter().all(|other| *other == Some(one)) => {
            let word = if one == '\t' { "tab".to_owned() } else { serde_json::Value::from(one.to_string()).to_string() };
            said.push(("delimiter", word, "in all samples".to_owned()));
        }
        _ => cannot.push("another delimiter in each sample".to_owned()),
    }
    if profiles.iter().all(|profile| profile.layout.quote.is_none()) {
        said.push(("quote", "none".to_owned(), "a quote mark is text".to_owned()));
    }
    if profiles.iter().any(|profile| profile.layout.backslash) {
        said.push(("escape", "backslash".to_owned(), String::new()));
    }
    if profiles.iter().any(|profile| profile.layout.stray_quotes > 0) {
        said.push(("stray_quotes", "text".to_owned(), "behind text a quote mark is text".to_owned()));
    }
    said.push(encodings(profiles, cannot));
    let all = |of: &dyn Fn(&Profile) -> bool| profiles.iter().all(|profile| of(profile));
    if all(&|profile| profile.layout.trailing_delimiter) {
        said.push(("trailing_delimiter", "allowed".to_owned(), "each line ends in one, as the headings do".to_owned()));
    } else if all(&|profile| profile.header.line.is_some() && !profile.layout.bars && ends_in_a_name(profile)) {
        said.push(("trailing_delimiter", "allowed".to_owned(), "spreadsheets leave one at times".to_owned()));
    }
    let mut short = profiles.iter().filter(|profile| profile.layout.short_rows.is_some()).peekable();
    if short.peek().is_some() && short.all(|profile| lacks_little(profile)) {
        said.push(("short_lines", "allowed".to_owned(), "empty fields at the end of lines are lacking".to_owned()));
    }
    if all(&has_open_end) {
        said.push((LAST_LINE_END, "absent".to_owned(), "the last line of no sample has a line end".to_owned()));
    }
    if profiles.iter().any(|profile| profile.layout.bars) {
        need_file(&mut said, "borders", "true", "bars at both ends of each line", cannot);
    }
    if profiles.iter().any(|profile| profile.layout.formula_texts > 0) {
        need_file(&mut said, "formula_texts", "true", "codes written as formulas, `=\"00123\"`", cannot);
    }
    said
}

/// Whether the last column has a heading.
fn ends_in_a_name(profile: &Profile) -> bool {
    profile.columns.last().is_some_and(|column| !column.heading.trim().is_empty())
}

/// Whether rows lack fields at their end, and in none of these stands an amount, a quantity or a day.
fn lacks_little(profile: &Profile) -> bool {
    let Some((rows, least)) = profile.layout.short_rows.filter(|_| profile.record_types.is_empty()) else { return false };
    // Where every row is short, it may be one in the middle that is lacking.
    let some_are_whole = profile.columns.first().is_some_and(|column| rows < column.filled.of);
    let tells = |kind: Kind| matches!(kind, Kind::Money | Kind::Quantity | Kind::Date | Kind::Period);
    some_are_whole
        && least > 1
        && !profile.layout.trailing_delimiter
        && profile.columns.iter().all(|column| column.at < least || !tells(column.kind))
}

fn encodings(profiles: &[&Profile], cannot: &mut Vec<String>) -> FileWord {
    let mut found: Vec<String> = Vec::new();
    for text in profiles.iter().filter_map(|profile| profile.text.as_ref()) {
        // ASCII is read alike by all of them.
        let word = if text.ascii && !text.encoding.starts_with("utf-16") { "utf-8".to_owned() } else { text.encoding.clone() };
        if !found.contains(&word) {
            found.push(word);
        }
    }
    // A month that another program wrote is UTF-8 as a whole or not at all: nothing else is taken for it.
    if found.iter().all(|word| word == "windows-1252") {
        found.push("utf-8".to_owned());
    }
    found.sort_by_key(|word| word != "utf-8");
    // Pure ASCII proves neither: the first name with an accent will be of one or the other.
    let undecided = found == ["utf-8"] && profiles.iter().filter_map(|profile| profile.text.as_ref()).all(|text| text.ascii);
    // A month of another program is in the other of the two; a file that mixes them is refused.
    if found == ["utf-8"] {
        found.push("windows-1252".to_owned());
    }
    let comment = if undecided { "the samples are plain ASCII" } else { "" };
    let known = words::contract().pointer("/$defs/file/properties/encodings/items/enum").and_then(serde_json::Value::as_array);
    for word in &found {
        if !known.is_some_and(|known| known.iter().any(|k| k == word)) {
            cannot.push(format!("the encoding {word}"));
        }
    }
    ("encodings", format!("[{}]", found.join(", ")), comment.to_owned())
}

/// The key of the question about files of which only some lack the last line end, and the word that answers it.
pub const LAST_LINE_END: &str = "last_line_end";

fn has_open_end(profile: &Profile) -> bool {
    profile.text.as_ref().is_some_and(|text| text.open_end)
}

/// Whether files without a last line end are whole, where only some of the samples lack it: one alone may be cut.
#[must_use]
pub fn last_line_end(evidence: &Evidence) -> Option<Question> {
    let open: Vec<&str> =
        evidence.samples.iter().map(|sample| &sample.profile).filter(|p| has_open_end(p)).map(|p| p.file.as_str()).collect();
    if open.is_empty() || open.len() == evidence.samples.len() {
        return None;
    }
    let ask = "Is a file whole whose last line has no line end? absent: the sender leaves it out at times. present: such a file may be cut, and \
               waits for a person.";
    let seen = format!("{} of {} samples have none: {}", open.len(), evidence.samples.len(), open.join(", "));
    let default = if open.len() > 1 { "absent" } else { "present" };
    Some(Question::new(LAST_LINE_END, ask).seen(seen).choices(["absent", "present"]).default(default))
}

/// The key of the question about files that mix encodings.
pub const MIXED: &str = "mixed_encodings";

/// Whether a file that is UTF-8 in places, and elsewhere is not, is read all the same.
#[must_use]
pub fn mixed_encodings(evidence: &Evidence) -> Option<Question> {
    let mut mixed = evidence.samples.iter().filter_map(|sample| Some((&sample.profile, sample.profile.text.as_ref()?.mixed?)));
    let (profile, line) = mixed.next()?;
    let word = profile.text.as_ref().map(|text| text.encoding.clone()).unwrap_or_default();
    let ask = format!(
        "May a file that is UTF-8 in places and {word} elsewhere be read as {word}? Names and texts that were UTF-8 then look like Â£; amounts and dates do not, or are refused."
    );
    let others = mixed.count();
    let more = if others > 0 { format!("; {}", of_samples(others)) } else { String::new() };
    let seen = format!("{} is UTF-8 on line {line}, and not as a whole{more}", profile.file);
    Some(Question::new(MIXED, ask).seen(seen).choices([YES, NO]).default(YES))
}

fn of_samples(others: usize) -> String {
    if others == 1 { "another sample too".to_owned() } else { format!("{others} other samples too") }
}

fn workbook(profiles: &[&Profile], cannot: &mut Vec<String>) -> Vec<FileWord> {
    let mut said: Vec<FileWord> = vec![("format", "workbook".to_owned(), String::new())];
    let sheets: Vec<Option<&String>> = profiles.iter().map(|profile| profile.sheet.as_ref()).collect();
    for profile in profiles {
        let of = profile.sheets.iter().find(|sheet| Some(&sheet.name) == profile.sheet.as_ref());
        if of.is_some_and(|sheet| sheet.tables.len() > 1 && profile.layout.sheet_columns.is_none()) {
            cannot.push("tables that stand side by side on one sheet: each is a feed of its own, of a file of its own".to_owned());
        }
    }
    let one = sheets.first().copied().flatten().filter(|one| sheets.iter().all(|other| *other == Some(*one)));
    let alone = profiles.iter().all(|profile| profile.sheets.iter().filter(|sheet| sheet.cells > 0).count() <= 1);
    let value = match one {
        _ if alone => "only".to_owned(),
        Some(one) => sheet_word(one, profiles),
        None => match profiles.first().and_then(|profile| profile.sheet.as_ref()).map(|first| sheet_word(first, profiles)) {
            Some(word) if word.contains('*') && sheets.iter().flatten().all(|sheet| is_like(word.trim_matches('"'), sheet)) => word,
            _ => same_place(profiles).map_or_else(
                || {
                    cannot.push("data on sheets of other names in each sample, which stand at other places too".to_owned());
                    String::new()
                },
                |number| number.to_string(),
            ),
        },
    };
    need_file(&mut said, "sheet", &value, "the sheet", cannot);
    let twins: BTreeSet<&str> = profiles.iter().flat_map(|profile| super::looks::twins(profile)).map(|sheet| sheet.name.as_str()).collect();
    if !twins.is_empty() {
        let names: Vec<String> = twins.into_iter().map(|name| serde_json::Value::from(name).to_string()).collect();
        said.push(("other_sheets", format!("[{}]", names.join(", ")), "not read, though of the same columns".to_owned()));
    }
    if profiles.iter().all(|profile| profile.layout.sheet_columns.is_some())
        && let Some((from, to)) = profiles.first().and_then(|profile| profile.layout.sheet_columns.clone())
    {
        said.push(("columns", format!("\"{from}:{to}\""), "another table stands beside it".to_owned()));
    }
    said
}

/// A sheet by its name, with `*` for a month or a number in it: the next file's is called by another month.
fn sheet_word(name: &str, profiles: &[&Profile]) -> String {
    let differs = |word: &str| {
        word.bytes().any(|byte| byte.is_ascii_digit()) || crate::profile::month(word.trim_matches(|c: char| !c.is_alphanumeric())).is_some()
    };
    let mut words: Vec<&str> = name.split(' ').map(|word| if differs(word) { "*" } else { word }).collect();
    words.dedup_by(|a, b| *a == "*" && *b == "*");
    let pattern = words.join(" ").replace(" *", "*").replace("* ", "*");
    let pattern = if pattern.contains('*') { pattern } else { name.to_owned() };
    // It must tell the sheet from all others.
    let tells = |profile: &&&Profile| profile.sheets.iter().filter(|sheet| is_like(&pattern, &sheet.name)).count() == 1;
    let plain = pattern.chars().any(char::is_alphanumeric) && profiles.iter().all(|profile| tells(&profile));
    match (plain, same_place(profiles)) {
        (true, _) => serde_json::Value::from(pattern).to_string(),
        (false, Some(number)) if pattern.contains('*') => number.to_string(),
        _ => serde_json::Value::from(name).to_string(),
    }
}

/// The place of the sheet, from 1, where it is the same in all samples.
fn same_place(profiles: &[&Profile]) -> Option<usize> {
    let place = |profile: &Profile| profile.sheets.iter().position(|sheet| Some(&sheet.name) == profile.sheet.as_ref()).map(|at| at + 1);
    let first = profiles.first().and_then(|profile| place(profile))?;
    profiles.iter().all(|profile| place(profile) == Some(first)).then_some(first)
}

fn header(profiles: &[&Profile], compared: bool, cannot: &mut Vec<String>) -> Vec<FileWord> {
    let nameless = |profile: &&&Profile| profile.header.line.is_none() && profile.rows.records > 0;
    let named = |profile: &&&Profile| profile.layout.given || profile.columns.iter().all(|column| !column.heading.is_empty());
    if profiles.iter().filter(nameless).any(|profile| !named(&profile)) {
        cannot.push("a file that does not name its columns".to_owned());
    } else if profiles.iter().any(|profile| nameless(&profile)) {
        let is_fixed = profiles.iter().all(|profile| profile.format == Format::Fixed);
        return if is_fixed { Vec::new() } else { vec![("header", "none".to_owned(), "columns stand in this order".to_owned())] };
    }
    if let Some(profile) = profiles.iter().find(|profile| profile.header.records > 1) {
        let row = profile.header.line.unwrap_or(1);
        match profile.format {
            Format::Workbook => cannot.push(format!(
                "headings over two rows of the sheet, {row} and {}: a sheet is read whose columns are named on one row, each of them",
                row + 1
            )),
            _ => need("header", "lines", "headings over two records", cannot),
        }
    }
    if profiles.iter().any(|profile| profile.header.repeats > 0) {
        need("repeats_header", "", "headings that stand in the file again", cannot);
    }
    let repeats = profiles.iter().any(|profile| profile.header.repeats > 0);
    let deepest = profiles.iter().filter_map(|profile| profile.header.line).max().unwrap_or(1);
    let mut inside: Vec<String> = Vec::new();
    // A file of fixed width has no header unless it is said.
    if deepest > LOOKED_AT || profiles.iter().any(|profile| profile.format == Format::Fixed) {
        inside.push(format!("within_rows: {}", deepest + 10));
    }
    if profiles.iter().any(|profile| profile.left_out.iter().any(|left| left.reason == Reason::TotalAbove)) {
        inside.push(if compared { "holds: total" } else { "holds: subtotal" }.to_owned());
    }
    let records = profiles.iter().map(|profile| profile.header.records).max().unwrap_or(1);
    if records > 1 {
        inside.push(format!("lines: {records}"));
    }
    let header = (!inside.is_empty()).then(|| ("header", format!("{{{}}}", inside.join(", ")), format!("on line {deepest} at the latest")));
    header.into_iter().chain(repeats.then(|| ("repeats_header", "allowed".to_owned(), "on each page".to_owned()))).collect()
}

/// Notes what no word says: a key of the file, or one below it.
fn need(key: &str, below: &str, what: &str, cannot: &mut Vec<String>) {
    let node = words::contract().pointer(&format!("/$defs/file/properties/{key}"));
    // A mapping may be one of several shapes.
    let has = |node: &serde_json::Value| node.to_string().contains(&format!("\"{below}\":{{"));
    if !node.is_some_and(|node| below.is_empty() || has(node)) {
        cannot.push(what.to_owned());
    }
}

fn need_file(said: &mut Vec<FileWord>, key: &'static str, value: &str, what: &str, cannot: &mut Vec<String>) {
    if words::file_keys().contains(&key) {
        said.push((key, value.to_owned(), what.to_owned()));
    } else {
        cannot.push(what.to_owned());
    }
}
