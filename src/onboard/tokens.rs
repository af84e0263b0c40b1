//! What stands in the name of a file: years, months, quarters and days, and the patterns that they may be written as.

use std::collections::BTreeSet;

pub(super) const MONTHS: [&str; 12] =
    ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];

/// A piece of a name that may stand for something.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Token {
    from: usize,
    to: usize,
    part: &'static str,
}

/// Every pattern that one name could be of: its years, months and days as words, what is left as it is; those with fewer `{any}` first.
pub fn patterns(name: &str) -> Vec<String> {
    let tokens = tokens(name);
    let mut found: Vec<(usize, usize, String)> = Vec::new();
    // At most so many tokens in a name of a sane length; each is taken or not.
    let most = tokens.len().min(10);
    for chosen in 0_u32..(1 << most) {
        let taken: Vec<&Token> = tokens.iter().take(most).enumerate().filter(|(at, _)| chosen & (1 << at) != 0).map(|(_, t)| t).collect();
        if let Some(pattern) = written(name, &taken) {
            found.push((pattern.matches("{any}").count(), taken.len(), pattern));
            if let Some(range) = with_range(name, &taken) {
                found.push((0, taken.len() + 1, range));
            }
        }
    }
    // Fewest wildcards first; of these the one that explains most of the name.
    found.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)).then(a.2.cmp(&b.2)));
    found.dedup();
    found.into_iter().map(|(_, _, pattern)| pattern).collect()
}

/// The name with these pieces as words; other months that stand in it may be anything. `None` where pieces overlap or a word stands twice.
fn written(name: &str, taken: &[&Token]) -> Option<String> {
    let mut words = BTreeSet::new();
    if taken.is_empty() || !taken.iter().all(|token| words.insert(token.part)) || !disjoint(taken) {
        return None;
    }
    if words.contains("{date}") && words.len() > 1 {
        return None;
    }
    // A year that is left as it is, where the same year is a word: the name of the next year has another in both places.
    let year = taken.iter().find(|token| matches!(token.part, "{year}" | "{yy}")).and_then(|token| name.get(token.from..token.to));
    let mut out = String::new();
    let mut at = 0;
    for token in taken {
        out.push_str(&literal(name.get(at..token.from)?));
        out.push_str(token.part);
        at = token.to;
        // Of a day that eight digits give, of which the year alone is a word, the rest is another in every name.
        let rest = name.get(at..).unwrap_or_default();
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if token.part == "{year}" && digits == 4 && !taken.iter().any(|other| other.from == at) {
            out.push_str("{any}");
            at += digits;
        }
        if token.part == "{date}"
            && let Some(between) = time(rest)
        {
            out.push_str(between);
            out.push_str("{any}");
            at += between.len() + rest.get(between.len()..).map_or(0, |rest| rest.bytes().take_while(u8::is_ascii_digit).count());
        }
    }
    out.push_str(&literal(name.get(at..)?));
    let repeats = year.is_some_and(|year| out.split(|c: char| !c.is_ascii_digit()).any(|digits| digits == year));
    (out.matches("{any}").count() <= 3 && !repeats).then_some(out)
}

fn disjoint(taken: &[&Token]) -> bool {
    taken.windows(2).all(|pair| matches!(pair, [a, b] if a.to <= b.from))
}

/// `spend_apr-jun_2025.csv`: the year to date, whose first month is always the first of the year.
fn with_range(name: &str, taken: &[&Token]) -> Option<String> {
    let month = taken.iter().find(|token| token.part == "{month}")?;
    let rest = name.get(month.to..)?.strip_prefix('-')?;
    let second = MONTHS.iter().flat_map(|month| [*month, month.get(..3).unwrap_or(month)]).find(|word| starts_with(rest, word))?;
    let first = name.get(month.from..month.to)?;
    let mut shifted: Vec<Token> = taken.iter().map(|token| (*token).clone()).collect();
    let from = month.to + 1;
    for token in &mut shifted {
        if token.part == "{month}" {
            (token.from, token.to) = (from, from + second.len());
        }
    }
    let refs: Vec<&Token> = shifted.iter().collect();
    let pattern = written(name, &refs)?;
    // `written` has made `{any}` of the first month, which is another one here.
    Some(pattern.replacen("{any}-{month}", &format!("[{first}-]{{month}}"), 1))
}

fn starts_with(text: &str, word: &str) -> bool {
    text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
        && !text.get(word.len()..).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()))
}

/// What stays as it is. A month in it differs from file to file, and brackets have a meaning of their own: these are `{any}`.
fn literal(text: &str) -> String {
    let mut out = String::new();
    let mut at = 0;
    let plain = |from: usize, to: usize| text.get(from..to).unwrap_or_default().replace(['[', ']', '{', '}'], "\0").replace('\0', "{any}");
    for (from, to) in months_in(text) {
        out.push_str(&plain(at, from));
        out.push_str("{any}");
        at = to;
    }
    out.push_str(&plain(at, text.len()));
    out
}

/// What stands between a day and the time at which the file was made, where one follows: another in every name.
fn time(rest: &str) -> Option<&str> {
    let between =
        rest.find(|c: char| c.is_ascii_digit()).and_then(|at| rest.get(..at)).filter(|text| ["_", "-", "T", " ", "."].contains(text))?;
    let digits: String = rest.get(between.len()..)?.chars().take_while(char::is_ascii_digit).collect();
    let part = |from: usize, below: u8| digits.get(from..from + 2).and_then(|two| two.parse::<u8>().ok()).is_some_and(|two| two < below);
    let is_time = part(0, 24) && part(2, 60) && (digits.len() == 4 || digits.len() == 6 && part(4, 60));
    is_time.then_some(between)
}

/// Whether a month stands in the name in letters.
#[must_use]
pub fn has_month(name: &str) -> bool {
    !months_in(name).is_empty()
}

/// Months by their names; behind letters (`SpendApril2025`) where a year follows at once.
fn months_in(text: &str) -> Vec<(usize, usize)> {
    let lower = text.to_ascii_lowercase();
    let mut found: Vec<(usize, usize)> = Vec::new();
    let short = MONTHS.iter().map(|month| month.get(..3).unwrap_or(month));
    for word in MONTHS.iter().copied().chain(["sept"]).chain(short) {
        for (from, _) in lower.match_indices(word) {
            let to = from + word.len();
            let after = lower.get(to..).unwrap_or_default();
            let of_year = after.starts_with("20") && after.bytes().take_while(u8::is_ascii_digit).count() == 4;
            let alone = (of_year || !lower.get(..from).is_some_and(|before| before.ends_with(|c: char| c.is_ascii_alphabetic())))
                && !after.starts_with(|c: char| c.is_ascii_alphabetic());
            if alone && !found.iter().any(|(a, b)| from < *b && *a < to) {
                found.push((from, to));
            }
        }
    }
    found.sort_unstable();
    found
}

/// Pieces of a name that may be a year, a month, a financial year, a day or a version.
fn tokens(name: &str) -> Vec<Token> {
    let months = months_in(name);
    // The number of the month that the name spells may be that of a form, which is the same in each name: it is neither.
    let spelt = |digits: &str| {
        let number = |(from, to): &(usize, usize)| {
            let word = name.get(*from..*to).unwrap_or_default().to_ascii_lowercase();
            MONTHS.iter().position(|month| word.get(..3) == month.get(..3)).map(|at| at + 1)
        };
        months.iter().any(|month| number(month).is_some_and(|number| digits.parse() == Ok(number)))
    };
    let mut tokens: Vec<Token> = months.iter().map(|(from, to)| Token { from: *from, to: *to, part: "{month}" }).collect();
    for (from, to) in runs(name) {
        let digits = name.get(from..to).unwrap_or_default();
        let mut add = |a: usize, b: usize, part: &'static str| tokens.push(Token { from: from + a, to: from + b, part });
        match digits.len() {
            8 => {
                add(0, 8, "{date}");
                add(0, 4, "{year}");
                add(4, 6, "{month}");
            }
            6 => {
                add(0, 6, "{fiscal_year}");
                add(0, 4, "{year}");
                add(4, 6, "{month}");
                add(4, 6, "{period}");
                add(0, 2, "{month}");
                add(2, 6, "{year}");
            }
            4 => {
                add(0, 4, "{year}");
                // `2504`, `0425`: where the one can be a month and the other a year of this century.
                let number = |a: usize, b: usize| digits.get(a..b).and_then(|two| two.parse::<u8>().ok()).unwrap_or(0);
                let may_be = |year: u8, month: u8| (10..50).contains(&year) && (1..=12).contains(&month);
                for (a, b, fits) in
                    [("{yy}", "{month}", may_be(number(0, 2), number(2, 4))), ("{month}", "{yy}", may_be(number(2, 4), number(0, 2)))]
                {
                    if fits {
                        add(0, 2, a);
                        add(2, 4, b);
                    }
                }
                let two = name.get(to..).and_then(|rest| rest.strip_prefix(['-', '_'])).and_then(|rest| rest.get(..2));
                if two.is_some_and(|two| two.bytes().all(|b| b.is_ascii_digit())) {
                    add(0, 7, "{fiscal_year}");
                }
            }
            // `v3`, `version 3`, `rev2`: the number of a version is no month.
            1 | 2 if is_version(name.get(..from).unwrap_or_default()) => add(0, digits.len(), "{version}"),
            1 | 2 => {
                if digits.len() == 2 {
                    add(0, 2, "{yy}");
                }
                add(0, digits.len(), "{month}");
                add(0, digits.len(), "{period}");
                if spelt(digits) {
                    add(0, digits.len(), "{any}");
                }
            }
            _ => {}
        }
    }
    tokens.extend(days(name));
    tokens.extend(quarters(name));
    tokens.extend(ranges(name));
    tokens.sort_by_key(|token| (token.from, token.to));
    tokens
}

/// Whether what stands before a number says that it is of a version.
fn is_version(before: &str) -> bool {
    let before = before.trim_end_matches([' ', '_', '-', '.']).to_ascii_lowercase();
    let word = before.rsplit(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    ["v", "ver", "version", "rev", "revision"].contains(&word)
}

/// `apr-jun`, `jul-sept`: a quarter or a half by its first and last month.
fn ranges(name: &str) -> Vec<Token> {
    let months = months_in(name);
    let joined = |pair: &[(usize, usize)]| match pair {
        [(from, end), (start, to)] if name.get(*end..*start) == Some("-") => Some((*from, *to)),
        _ => None,
    };
    let found = months.windows(2).filter_map(joined);
    found.flat_map(|(from, to)| ["{quarter}", "{half}"].map(|part| Token { from, to, part })).collect()
}

/// `q1`, `Q4`.
fn quarters(name: &str) -> Vec<Token> {
    let is_quarter = |at: usize| matches!(name.get(at..at + 2).map(str::as_bytes), Some([b'q' | b'Q', b'1'..=b'4']));
    let alone = |at: usize| {
        !name.get(..at).is_some_and(|before| before.ends_with(|c: char| c.is_ascii_alphanumeric()))
            && !name.get(at + 2..).is_some_and(|after| after.starts_with(|c: char| c.is_ascii_alphanumeric()))
    };
    let found = (0..name.len()).filter(|at| name.is_char_boundary(*at) && is_quarter(*at) && alone(*at));
    found.map(|at| Token { from: at + 1, to: at + 2, part: "{quarter}" }).collect()
}

/// `30-04-2025`, `2025-04-30`.
fn days(name: &str) -> Vec<Token> {
    let shape = |text: &str| text.bytes().map(|b| if b.is_ascii_digit() { '9' } else { char::from(b) }).collect::<String>();
    let is_day = |text: &str| ["99-99-9999", "9999-99-99", "99.99.9999", "99_99_9999"].contains(&shape(text).as_str());
    let at = |from: usize| name.get(from..from + 10).filter(|text| is_day(text)).map(|_| Token { from, to: from + 10, part: "{date}" });
    (0..name.len()).filter_map(at).collect()
}

/// Where digits stand, from and to.
fn runs(name: &str) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    for (at, _) in name.char_indices().filter(|(_, c)| c.is_ascii_digit()) {
        match found.last_mut() {
            Some((_, to)) if *to == at => *to = at + 1,
            _ => found.push((at, at + 1)),
        }
    }
    found
}
