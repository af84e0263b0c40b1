//! How the records of a text are cut into fields: tried on its beginning, decided by how alike the records become.

use std::collections::{BTreeMap, BTreeSet};

use crate::decode::{PlainRecords, Spelling};

use super::{
    encoding::{Change, FORMULA, STAND_IN},
    words,
};

/// Records by which ways of cutting are compared.
const TRIED: usize = 400;

/// A way of cutting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    /// As it stands in the file.
    pub(super) delimiter: char,
    pub(super) spelling: Spelling,
    pub(super) change: Change,
}

/// What the beginning of a text is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// The ways of cutting to try, the best first; the last never fails.
    Delimited(Vec<Cut>),
    /// Fields stand at fixed places: first and last character of each, from 0, as the dashes under the headings show them.
    Ruled { columns: Vec<(usize, usize)>, rule: String },
    /// Lines of one width, with nothing that shows where fields begin.
    Fixed { width: usize },
    /// One field a line.
    Single,
}

/// The most usual delimiters first: of two that cut alike the first is taken.
const USUAL: [char; 7] = [',', '\t', ';', '|', '¬', '~', '^'];

/// What the beginning of a text, cut at a line end, looks like.
pub(super) fn look(head: &str) -> Look {
    if let Some((columns, rule)) = ruled(head) {
        return Look::Ruled { columns, rule };
    }
    let best = USUAL.into_iter().chain(unusual(head)).filter_map(|delimiter| Some((score(head, delimiter)?, delimiter)));
    let best = best.fold(None, |best: Option<(u64, char)>, (score, delimiter)| match best {
        Some((most, _)) if most >= score => best,
        _ => Some((score, delimiter)),
    });
    match best {
        Some((_, delimiter)) => Look::Delimited(cuts(head, delimiter)),
        None => fixed(head).map_or(Look::Single, |width| Look::Fixed { width }),
    }
}

/// Characters that are no usual delimiter and stand equally often in most lines.
fn unusual(head: &str) -> Vec<char> {
    let lines: Vec<&str> = head.lines().filter(|line| !line.trim().is_empty()).take(50).collect();
    // Counted once: a line may be a megabyte of one letter.
    let counts: Vec<BTreeMap<char, usize>> = lines.iter().map(|line| unusual_letters(line)).collect();
    let Some((second, letters)) = lines.get(1).zip(counts.get(1)) else { return Vec::new() };
    let is_delimiter = |letter: &char| {
        let often = letters.get(letter);
        let alike = counts.iter().filter(|line| line.get(letter) == often).count();
        alike * 10 >= lines.len() * 9 && often.is_some_and(|often| *often > 1)
    };
    let mut seen = BTreeSet::new();
    second.chars().filter(|letter| letters.contains_key(letter) && seen.insert(*letter)).filter(is_delimiter).take(UNUSUAL).collect()
}

/// Delimiters beside the usual ones that are tried.
const UNUSUAL: usize = 8;

/// How often each character stands in a line that no text is made of.
fn unusual_letters(line: &str) -> BTreeMap<char, usize> {
    let mut counts = BTreeMap::new();
    let is_text = |c: char| c.is_alphanumeric() || c.is_whitespace() || USUAL.contains(&c) || "\"'.-/:()£&+<>=_%#".contains(c);
    line.chars().filter(|c| !is_text(*c)).for_each(|letter| *counts.entry(letter).or_default() += 1);
    counts
}

/// How alike records become: of thousand records those of the most frequent number of fields, and a little for each field. `None` where
/// it cuts nothing.
fn score(head: &str, delimiter: char) -> Option<u64> {
    if !head.contains(delimiter) {
        return None;
    }
    let cut = cuts(head, delimiter).into_iter().next()?;
    let counts: Vec<usize> = records(head, cut, TRIED).iter().map(|(_, fields)| fields.len()).collect();
    let (fields, often) = counts.iter().map(|n| (*n, counts.iter().filter(|m| *m == n).count())).max_by_key(|(n, often)| (*often, *n))?;
    // A line of one field among many is a title or a rule; that half of the lines have one is no table.
    let enough = (fields > 1 && often * 2 > counts.len()) || is_ragged(&counts);
    // Quotes that follow a rule speak for a delimiter, those that stand anywhere against it.
    let ruled = if head.contains('"') && cut.spelling.quote.is_some() { 100 } else { 0 };
    enough.then_some(often as u64 * 1000 / counts.len() as u64 + 40 * (fields as u64).min(20) + ruled)
}

/// Records of which each has most of the fields of the first: those at their ends are lacking.
fn is_ragged(counts: &[usize]) -> bool {
    let Some(first) = counts.first().copied().filter(|first| *first > 2) else { return false };
    counts.len() > 2 && counts.contains(&first) && counts.iter().skip(1).all(|n| *n <= first && *n * 2 > first)
}

/// The ways in which fields may be quoted under a delimiter: those that cut the beginning without a fault.
fn cuts(head: &str, delimiter: char) -> Vec<Cut> {
    let byte = if delimiter.is_ascii() { delimiter as u8 } else { STAND_IN };
    let wide = Some(delimiter).filter(|c| !c.is_ascii());
    let spelling = |quote, backslash| Spelling { delimiter: byte, quote, backslash, strays: false };
    let cut = |spelling, formulas| Cut { delimiter, spelling, change: Change { delimiter: wide, formulas } };
    let strays = Spelling { strays: true, ..spelling(Some(b'"'), false) };
    let mut all = Vec::new();
    if head.contains('"') {
        if head.contains("=\"") {
            all.push(cut(spelling(Some(b'"'), false), Some(byte)));
        }
        all.push(cut(spelling(Some(b'"'), false), None));
        if head.contains("\\\"") {
            all.push(cut(spelling(Some(b'"'), true), None));
        }
        all.push(cut(strays, None));
        let whole = |cut: &Cut| faultless(head, *cut);
        all.retain(whole);
    } else {
        all.extend([spelling(Some(b'"'), false), strays].map(|spelling| cut(spelling, None)));
    }
    all.push(cut(spelling(None, false), None));
    all
}

/// The text as a way of cutting needs it.
fn changed(head: &str, cut: Cut) -> String {
    let wide = cut.change.delimiter.map_or_else(|| head.to_owned(), |c| head.replace(c, "\u{1f}"));
    let Some(delimiter) = cut.change.formulas else { return wide };
    let marked = |before: char| wide_replace(before);
    let begins = if wide.starts_with("=\"") { format!("\"{}{}", char::from(FORMULA), wide.get(2..).unwrap_or_default()) } else { wide };
    ['\n', '\r', char::from(delimiter)].into_iter().fold(begins, |text, before| {
        let (from, to) = marked(before);
        text.replace(&from, &to)
    })
}

fn wide_replace(before: char) -> (String, String) {
    (format!("{before}=\""), format!("{before}\"{}", char::from(FORMULA)))
}

fn faultless(head: &str, cut: Cut) -> bool {
    PlainRecords::new(changed(head, cut).as_bytes(), cut.spelling, 1).each(&mut |_| ()).is_ok()
}

/// Lines and fields of the first records of a text; marks of formulas are taken off.
pub(super) fn records(head: &str, cut: Cut, most: usize) -> Vec<(u64, Vec<String>)> {
    let mut all = Vec::new();
    let text = changed(head, cut);
    // A fault ends the records: what was read before it is what is looked at.
    let _ = PlainRecords::new(text.as_bytes(), cut.spelling, 1).each(&mut |record| {
        if all.len() < most {
            let fields = record.fields.iter().map(|field| String::from_utf8_lossy(field).replace('\u{1d}', "")).collect();
            all.push((record.line, fields));
        }
    });
    all
}

/// Groups of dashes under headings: a printed report, whose columns they show.
fn ruled(head: &str) -> Option<(Vec<(usize, usize)>, String)> {
    let rule = head.lines().find(|line| {
        let groups = line.split_whitespace().count();
        groups >= 3 && line.len() >= 20 && line.bytes().all(|byte| matches!(byte, b'-' | b'=' | b' '))
    })?;
    let mut columns: Vec<(usize, usize)> = Vec::new();
    let mut open = None;
    for (at, byte) in rule.bytes().chain([b' ']).enumerate() {
        match (byte, open) {
            (b' ', Some(from)) => {
                columns.push((from, at - 1));
                open = None;
            }
            (b' ', None) => {}
            (_, None) => open = Some(at),
            _ => {}
        }
    }
    (columns.len() >= 3).then(|| (columns, rule.to_owned()))
}

/// Characters of a line, where nearly all have as many and these are a record's.
fn fixed(head: &str) -> Option<usize> {
    let lines: Vec<usize> =
        head.lines().filter(|line| !words::is_rule(line.as_bytes())).take(TRIED).map(|line| line.chars().count()).collect();
    let width = lines.iter().copied().max_by_key(|n| lines.iter().filter(|m| *m == n).count())?;
    let alike = lines.iter().filter(|n| **n == width).count();
    (width >= 20 && lines.len() > 1 && alike * 20 >= lines.len() * 19).then_some(width)
}

/// Where the names of columns stand among the first records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Heading {
    /// Position of the first record that names columns; `None` where none does.
    pub(super) at: Option<usize>,
    /// How many name them together.
    pub(super) records: usize,
    pub(super) names: Vec<String>,
    /// Fields of a row.
    pub(super) width: usize,
    /// First fields that tell kinds of records.
    pub(super) tags: Vec<String>,
}

impl Heading {
    /// With the names that somebody gives to columns which the file does not name; where the first says the type of a record, it need
    /// not be among them.
    pub(super) fn called(mut self, names: &[String]) -> Self {
        if self.at.is_none() && !names.is_empty() {
            let tag = (!self.tags.is_empty() && names.len() + 1 == self.width).then(|| "Record type".to_owned());
            self.names = tag.into_iter().chain(names.iter().cloned()).take(self.width).collect();
            self.names.resize(self.width, String::new());
        }
        self
    }
}

/// Finds it: the last record of words before the first record of values.
pub(super) fn heading(records: &[(u64, Vec<String>)]) -> Heading {
    let widths: Vec<usize> = records.iter().map(|(_, fields)| fields.len()).collect();
    let width = widths.iter().copied().max_by_key(|n| (widths.iter().filter(|m| *m == n).count(), *n)).unwrap_or(0);
    let filled = |fields: &[String]| fields.iter().filter(|field| !field.trim().is_empty()).count();
    let mut counts: Vec<usize> = records.iter().map(|(_, fields)| filled(fields)).filter(|n| *n > 0).collect();
    counts.sort_unstable();
    let typical = counts.get(counts.len() / 2).copied().unwrap_or(0).max(1);
    let is_row = |fields: &[String]| fields.len() == width && filled(fields) * 2 > typical && fields.iter().any(|field| is_value(field));
    let first_row = records.iter().position(|(_, fields)| is_row(fields));
    let is_names = |fields: &[String]| {
        filled(fields) * 2 >= typical
            && filled(fields) >= 1
            && !fields.iter().any(|field| is_value(field))
            && !is_alone(fields, width)
            && !fields.iter().any(|field| words::is_nil(field))
            && !words::is_rule(fields.join(",").as_bytes())
    };
    let before = records.get(..first_row.unwrap_or(records.len())).unwrap_or(records);
    let at = match first_row {
        Some(_) => before.iter().rposition(|(_, fields)| is_names(fields)),
        // Nothing but words: the first of them names the columns.
        None => before.iter().position(|(_, fields)| is_names(fields)),
    };
    let tags = if at.is_none() { tags(records, width) } else { Vec::new() };
    let Some(at) = at else { return Heading { width, tags, ..Heading::default() } };
    let names = records.get(at).map(|(_, fields)| fields.clone()).unwrap_or_default();
    // Where most rows lack empty fields at their end, the names tell how many there are.
    let rows = records.get(at + 1..).unwrap_or_default();
    let is_named = names.last().is_some_and(|name| !name.trim().is_empty());
    let fits = rows.iter().all(|(_, fields)| fields.len() <= names.len()) && rows.iter().any(|(_, fields)| fields.len() == names.len());
    let width = if is_named && fits { width.max(names.len()) } else { width };
    match at
        .checked_sub(1)
        .and_then(|upper| Some((upper, &records.get(upper)?.1)))
        .filter(|(_, upper)| (needs_second(upper, width) || completes(upper, &names, width)) && first_row.is_some())
    {
        Some((upper_at, upper)) => Heading { at: Some(upper_at), records: 2, names: joined(upper, &names), width, tags },
        None => Heading { at: Some(at), records: 1, names, width, tags },
    }
}

/// One word in one field is a title or a remark, no name of columns, unless columns are one.
fn is_alone(fields: &[String], width: usize) -> bool {
    width > 1 && fields.iter().filter(|field| !field.trim().is_empty()).count() == 1
}

/// Words of half of the columns or more that do not tell them apart: the next record completes them.
fn needs_second(upper: &[String], width: usize) -> bool {
    let words: Vec<String> = upper.iter().map(|field| field.trim().to_lowercase()).filter(|field| !field.is_empty()).collect();
    let repeats = words.iter().collect::<BTreeSet<_>>().len() < words.len();
    upper.len() == width && words.len() * 2 >= width && repeats && !upper.iter().any(|field| is_value(field))
}

/// Names of groups above names that lack some, or that do not tell columns apart: `Date, Supplier, Amount` above `, , Net, VAT, Gross`.
fn completes(upper: &[String], lower: &[String], width: usize) -> bool {
    let is_empty = |fields: &[String], at: usize| fields.get(at).is_none_or(|field| field.trim().is_empty());
    if upper.len() != width || upper.iter().any(|field| is_value(field)) || (0..width).filter(|at| !is_empty(upper, *at)).count() < 2 {
        return false;
    }
    let lacking: Vec<usize> = (0..width).filter(|at| is_empty(lower, *at)).collect();
    let given = lacking.iter().filter(|at| !is_empty(upper, **at)).count();
    let same = |at: usize| {
        let name = lower.get(at).map(|name| name.trim().to_lowercase()).unwrap_or_default();
        lower.iter().filter(|other| other.trim().to_lowercase() == name).count() > 1
    };
    // Above columns that have a name of their own stand names of groups, which are fewer.
    let named: Vec<usize> = (0..width).filter(|at| !is_empty(lower, *at)).collect();
    let above: Vec<usize> = named.iter().copied().filter(|at| !is_empty(upper, *at)).collect();
    let told = given > 0 || above.iter().all(|at| same(*at));
    above.len() * 2 <= named.len() && given * 2 >= lacking.len() && told
}

fn joined(upper: &[String], lower: &[String]) -> Vec<String> {
    let join = |(upper, lower): (&String, &String)| format!("{} {}", upper.trim(), lower.trim()).trim().to_owned();
    upper.iter().zip(lower).map(join).collect()
}

/// An amount with decimals or marks, a day, a code of digits: what no heading is. A year and `Apr-25` may be one.
pub(super) fn is_value(field: &str) -> bool {
    let text = field.trim().as_bytes();
    if super::date::read(text).is_some() {
        return true;
    }
    let dash = text == b"-";
    let year = text.len() == 4 && (text.starts_with(b"19") || text.starts_with(b"20"));
    let short = text.len() <= 2 && text.iter().all(u8::is_ascii_digit);
    super::amount::read(text).is_some() && !dash && !year && !short
}

/// First fields of few letters that tell kinds of records of different widths.
fn tags(records: &[(u64, Vec<String>)], width: usize) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    let (mut rows, mut others) = (0, 0);
    for (_, fields) in records {
        let Some(first) = fields.first().filter(|first| is_tag(first)) else { continue };
        if fields.len() == width {
            rows += 1;
        } else {
            others += 1;
        }
        if !tags.contains(first) {
            tags.push(first.clone());
        }
    }
    if rows > 0 && others > 0 && tags.len() <= 12 { tags } else { Vec::new() }
}

/// One to six capitals or digits, a letter among them.
pub(super) fn is_tag(text: &str) -> bool {
    (1..=6).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        && text.bytes().any(|byte| byte.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delimiter(head: &str) -> Option<(char, Option<u8>)> {
        match look(head) {
            Look::Delimited(cuts) => cuts.first().map(|cut| (cut.delimiter, cut.spelling.quote)),
            _ => None,
        }
    }

    /// Two lines of a megabyte, as a dump of a database has them, are looked at in no time: it took hours.
    #[test]
    fn long_lines_of_marks_are_counted_once() {
        let line = "(§,'x¤');".repeat(50_000);
        assert_eq!(unusual(&format!("{line}\n{line}\n")), ['§', '¤']);
        let all: Vec<String> = (0..60_000).map(|n| format!("name {n}")).collect();
        assert!(!needs_second(&all, all.len()));
    }

    #[test]
    fn the_delimiter_is_the_one_that_makes_records_alike() {
        assert_eq!(delimiter("a,b;c\n\"1,2\";3\n\"4,5\";6\n"), Some((';', Some(b'"'))));
        assert_eq!(delimiter("date\tname\n01/04/2025\tOak, Elm, Ash\n02/04/2025\tElm\n"), Some(('\t', Some(b'"'))));
        assert_eq!(delimiter("REF¬NAME¬TEXT\n1¬Oak¬\"part paid\n2¬Elm¬2\" pipe\n"), Some(('¬', None)));
        assert_eq!(delimiter("a#x§b§c\n1§2§3\n4§5§6\n"), Some(('§', Some(b'"'))));
        assert_eq!(delimiter("NIL RETURN\n"), None);
    }

    #[test]
    fn fixed_places_are_seen_by_dashes_or_by_width() {
        let ruled = "Report\n\nCost    Name        Amount\n------- ----------- ------\nA1      Oak           1.00\n";
        assert!(matches!(look(ruled), Look::Ruled { columns, .. } if columns == [(0, 6), (8, 18), (20, 25)]));
        assert_eq!(look(&"D0001234SMITHSONIAN 00012\n".repeat(5)), Look::Fixed { width: 25 });
    }

    fn found(text: &str) -> Heading {
        let Look::Delimited(cuts) = look(text) else { panic!("{text}") };
        heading(&records(text, cuts[0], 100))
    }

    #[test]
    fn the_header_is_the_last_line_of_words_before_the_rows() {
        let plain = found("Council payments,,\n,,\nDate,Name,Amount\n01/04/2025,Oak,12.00\n02/04/2025,Elm,1.00\n");
        assert_eq!((plain.at, plain.records, plain.names), (Some(2), 1, ["Date", "Name", "Amount"].map(str::to_owned).to_vec()));
        let two = found("Supplier,Supplier,Amount\nID,Name,£\n0123,Oak,12.00\n0124,Elm,1.00\n");
        assert_eq!(
            (two.at, two.records, two.names),
            (Some(0), 2, ["Supplier ID", "Supplier Name", "Amount £"].map(str::to_owned).to_vec())
        );
        let totals = found(",,\"13.00\"\nDate,Name,Amount\n01/04/2025,Oak,12.00\n02/04/2025,Elm,1.00\n");
        assert_eq!(totals.at, Some(1));
        let tags = found("HDR|BODY|20250502\nDTL|1|Oak|20250401|12.00\nDTL|2|Elm|20250401|1.00\nDTL|3|Ash|20250401|1.00\nTRL|2|13.00\n");
        assert_eq!((tags.at, tags.width, tags.tags.len()), (None, 5, 3));
        assert_eq!(found("Date,Name,Amount\n").at, Some(0));
    }
}
