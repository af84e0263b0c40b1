//! What the name of a file says of the months that it covers.

use serde::Serialize;

use crate::domain::month_number;

/// What stands in the name of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NameFacts {
    /// The months that it names, year and month 1–12, first to last; empty where it names none.
    pub months: Vec<(i32, u8)>,
    /// A day in it, `2025-05-02`: of the making or of the state, for a day is no month.
    pub day: Option<String>,
    /// How: `month`, `months`, `quarter`, `year`; empty where no month is named.
    pub how: String,
    /// The name with what was found in the words of `files:`, `spend_{year}_{month}.csv`; `None` where nothing was.
    pub pattern: Option<String>,
    /// It can be read in two ways: `2011_12` is December 2011 or the year 2011/12.
    pub doubtful: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Month(i32),
    Quarter(i32),
    Year(i32),
    /// The second half of a fiscal year, or a year of two digits.
    ShortYear(i32),
    YearMonth(i32, i32),
    Day(i32, i32, i32),
    /// Two digits that are a month.
    MonthNumber(i32),
    /// Two digits that a day is made of.
    Number(i32),
    Other,
}

#[derive(Clone, Debug)]
struct Token {
    word: Word,
    from: usize,
    to: usize,
}

/// Reads the name of a file, without its folder.
pub(super) fn read(name: &str) -> NameFacts {
    let stem_end = name.rfind('.').filter(|at| *at > 0).unwrap_or(name.len());
    let tokens = tokens(name.get(..stem_end).unwrap_or(name));
    let mut facts = found(&tokens);
    facts.pattern = pattern(name, &tokens, &facts);
    facts
}

fn tokens(stem: &str) -> Vec<Token> {
    let bytes = stem.as_bytes();
    let kind = |byte: &u8| if byte.is_ascii_digit() { 1 } else { u8::from(!byte.is_ascii_alphabetic()) * 2 };
    let mut tokens: Vec<Token> = Vec::new();
    let mut at = 0;
    for run in bytes.chunk_by(|a, b| kind(a) == kind(b)) {
        let (from, to) = (at, at + run.len());
        at = to;
        match run.first().map(kind) {
            Some(0) => tokens.push(Token { word: letters(run), from, to }),
            Some(1) => {
                let word = digits(run, tokens.last().map(|t| (t.word, bytes.get(t.to..from).unwrap_or_default())));
                if let (Word::Quarter(n), Some(Token { word: last @ Word::Quarter(0), to: end, .. })) = (word, tokens.last_mut()) {
                    (*last, *end) = (Word::Quarter(n), to);
                } else {
                    tokens.push(Token { word, from, to });
                }
            }
            _ => {}
        }
    }
    days(&mut tokens);
    tokens
}

fn letters(run: &[u8]) -> Word {
    if run.eq_ignore_ascii_case(b"q") {
        return Word::Quarter(0);
    }
    month_number(run).map_or(Word::Other, Word::Month)
}

/// What digits are, after the word before them and what stands between.
fn digits(run: &[u8], before: Option<(Word, &[u8])>) -> Word {
    let number = run.iter().take(9).fold(0, |sum, byte| sum * 10 + i32::from(byte - b'0'));
    let is_year = |n: i32| (1990..2080).contains(&n);
    let is_month = |n: i32| (1..=12).contains(&n);
    match (run.len(), before) {
        (1, Some((Word::Quarter(0), between))) if between.is_empty() && (1..=4).contains(&number) => Word::Quarter(number),
        (8, _) => match (number / 10_000, number / 100 % 100, number % 100, number % 10_000) {
            (year, month, day, _) if is_year(year) && is_month(month) && (1..=31).contains(&day) => Word::Day(year, month, day),
            (dm, _, _, year) if is_year(year) && is_month(dm % 100) && (1..=31).contains(&(dm / 100)) => {
                Word::Day(year, dm % 100, dm / 100)
            }
            _ => Word::Other,
        },
        (6, _) if is_year(number / 100) && is_month(number % 100) => Word::YearMonth(number / 100, number % 100),
        (6, _) if is_year(number % 10_000) && is_month(number / 10_000) => Word::YearMonth(number % 10_000, number / 10_000),
        (4, _) if is_year(number) => Word::Year(number),
        (4, _) if (number / 100 + 1) % 100 == number % 100 => Word::ShortYear(number / 100),
        (2, Some((Word::Month(_), _))) => Word::ShortYear(number),
        (2, Some((Word::Year(year), _))) if (year + 1) % 100 == number => Word::ShortYear(number),
        (2, Some((Word::Year(_), _))) if is_month(number) => Word::MonthNumber(number),
        (1 | 2, _) => Word::Number(number),
        _ => Word::Other,
    }
}

/// `30-09-2025` and `2025-09-30` are days.
fn days(tokens: &mut Vec<Token>) {
    let value = |word: Word| match word {
        Word::Number(n) | Word::MonthNumber(n) | Word::ShortYear(n) => Some(n),
        _ => None,
    };
    let found = tokens.windows(3).enumerate().find_map(|(at, three)| {
        let [a, b, c] = three else { return None };
        match (a.word, b.word, c.word) {
            (Word::Number(day), b, Word::Year(year)) => Some((at, year, value(b)?, day)),
            (Word::Year(year), Word::MonthNumber(month) | Word::ShortYear(month), c) => Some((at, year, month, value(c)?)),
            _ => None,
        }
    });
    if let Some((at, year, month, day)) = found.filter(|(_, _, month, day)| (1..=12).contains(month) && (1..=31).contains(day)) {
        let (from, to) = (tokens.get(at).map_or(0, |t| t.from), tokens.get(at + 2).map_or(0, |t| t.to));
        tokens.splice(at..at + 3, [Token { word: Word::Day(year, month, day), from, to }]);
    }
}

fn found(tokens: &[Token]) -> NameFacts {
    let all: Vec<Word> = tokens.iter().map(|token| token.word).collect();
    let named: Vec<i32> = all.iter().filter_map(|word| if let Word::Month(n) = word { Some(*n) } else { None }).collect();
    let numbered = all.iter().find_map(|word| if let Word::MonthNumber(n) = word { Some(*n) } else { None });
    let quarter = all.iter().find_map(|word| if let Word::Quarter(n @ 1..) = word { Some(*n) } else { None });
    let year = all.iter().find_map(|word| if let Word::Year(n) = word { Some(*n) } else { None });
    let short = all.iter().find_map(|word| if let Word::ShortYear(n) = word { Some(*n) } else { None });
    let both = all.iter().find_map(|word| if let Word::YearMonth(y, m) = word { Some((*y, *m)) } else { None });
    let day = all.iter().find_map(|word| if let Word::Day(y, m, d) = word { Some(format!("{y:04}-{m:02}-{d:02}")) } else { None });
    let fiscal = year.zip(short).filter(|(year, short)| (year + 1) % 100 == *short && named.is_empty()).map(|(year, _)| year);
    let calendar = year.or(short.filter(|_| !named.is_empty()).map(|n| 2000 + n));
    let facts =
        |months: Vec<(i32, u8)>, how: &str, doubtful| NameFacts { months, how: how.to_owned(), doubtful, day: day.clone(), pattern: None };
    match (named.as_slice(), calendar, quarter, fiscal, both) {
        ([first, .., last], Some(year), ..) => facts(span((year, *first), (year + i32::from(last < first), *last)), "months", false),
        ([month], Some(year), ..) => facts(span((year, *month), (year, *month)), "month", false),
        (_, _, Some(quarter), Some(year), _) => facts(fiscal_quarter(year, quarter), "quarter", false),
        (_, Some(year), Some(quarter), ..) => facts(fiscal_quarter(year, quarter), "quarter", true),
        (_, _, _, _, Some((year, month))) => facts(span((year, month), (year, month)), "month", false),
        (_, _, _, Some(year), _) => facts(span((year, 4), (year + 1, 3)), "year", (1..=12).contains(&((year + 1) % 100))),
        (_, Some(year), ..) if numbered.is_some() => {
            let month = numbered.unwrap_or(1);
            facts(span((year, month), (year, month)), "month", false)
        }
        _ => facts(Vec::new(), "", false),
    }
}

fn fiscal_quarter(year: i32, quarter: i32) -> Vec<(i32, u8)> {
    let first = quarter * 3 + 1;
    let (year, first) = if first > 12 { (year + 1, first - 12) } else { (year, first) };
    span((year, first), (year, first + 2))
}

fn span(first: (i32, i32), last: (i32, i32)) -> Vec<(i32, u8)> {
    let count = |(year, month): (i32, i32)| year * 12 + month - 1;
    (count(first)..=count(last)).take(24).filter_map(|n| Some((n.div_euclid(12), u8::try_from(n.rem_euclid(12) + 1).ok()?))).collect()
}

fn pattern(name: &str, tokens: &[Token], facts: &NameFacts) -> Option<String> {
    if facts.months.is_empty() && facts.day.is_none() {
        return None;
    }
    let fiscal = facts.how == "year" || facts.how == "quarter";
    let mut out = String::new();
    let mut done = 0;
    let mut skip = false;
    for (at, token) in tokens.iter().enumerate() {
        if std::mem::take(&mut skip) {
            done = token.to;
            continue;
        }
        let next = tokens.get(at + 1).map(|next| next.word);
        let word = match token.word {
            Word::Month(_) | Word::MonthNumber(_) => "{month}",
            Word::Quarter(1..) => {
                // The letter stays: `q{quarter}`.
                out.push_str(name.get(done..token.to - 1)?);
                out.push_str("{quarter}");
                done = token.to;
                continue;
            }
            Word::Year(_) if fiscal && matches!(next, Some(Word::ShortYear(_))) => {
                skip = true;
                "{fiscal_year}"
            }
            Word::Year(_) => "{year}",
            Word::ShortYear(_) if !facts.months.is_empty() => "{year}",
            Word::YearMonth(year, _) => {
                let first = name.get(token.from..token.from + 4) == Some(year.to_string().as_str());
                if first { "{year}{month}" } else { "{month}{year}" }
            }
            Word::Day(..) => "{date}",
            _ => continue,
        };
        out.push_str(name.get(done..token.from)?);
        out.push_str(word);
        done = token.to;
    }
    out.push_str(name.get(done..)?);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_in_names_as_senders_write_them() {
        for (name, first, last, how, pattern) in [
            ("payments_2025_04.csv", (2025, 4), (2025, 4), "month", "payments_{year}_{month}.csv"),
            (
                "Payments Over 500 May 2025 - To be published.csv",
                (2025, 5),
                (2025, 5),
                "month",
                "Payments Over 500 {month} {year} - To be published.csv",
            ),
            ("consolidated_q2_2025_26.csv", (2025, 7), (2025, 9), "quarter", "consolidated_q{quarter}_{fiscal_year}.csv"),
            ("q1_apr_jun_2025.csv", (2025, 4), (2025, 6), "months", "q{quarter}_{month}_{month}_{year}.csv"),
            ("spend_may25.xls", (2025, 5), (2025, 5), "month", "spend_{month}{year}.xls"),
            ("SPEND_1000_202506.csv", (2025, 6), (2025, 6), "month", "SPEND_1000_{year}{month}.csv"),
            ("AP_042025.csv", (2025, 4), (2025, 4), "month", "AP_{month}{year}.csv"),
            ("Spend Q3 2025-26.xlsx", (2025, 10), (2025, 12), "quarter", "Spend Q{quarter} {fiscal_year}.xlsx"),
            ("Budget 2025-26 profile v3.csv", (2025, 4), (2026, 3), "year", "Budget {fiscal_year} profile v3.csv"),
            ("jul-sept 25 payments.csv", (2025, 7), (2025, 9), "months", "{month}-{month} {year} payments.csv"),
            ("spend-2025-08.zip", (2025, 8), (2025, 8), "month", "spend-{year}-{month}.zip"),
        ] {
            let facts = read(name);
            assert_eq!((facts.months.first(), facts.months.last()), (Some(&first), Some(&last)), "{name}: {facts:?}");
            assert_eq!((facts.how.as_str(), facts.pattern.as_deref()), (how, Some(pattern)), "{name}");
        }
        let made = read("AP_20250502_000417.txt");
        assert_eq!((made.months.len(), made.day.as_deref()), (0, Some("2025-05-02")));
        assert_eq!(read("List 30-09-2025.xlsx").day.as_deref(), Some("2025-09-30"));
        assert_eq!(read("o84120077.out").months, []);
        assert!(read("spend 2011-12.csv").doubtful);
    }
}
