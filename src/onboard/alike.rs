//! Names that say their months alike and differ in other parts: `914-spend-july-2010.csv` and `915-spend-august-2010.csv` are
//! `{any}-spend-{month}-{year}.csv`.

/// The pattern of all: the words of each, the text that all have, and `{any}` for what differs, `[{any}]` where it may be missing. `None`
/// where their words are not the same ones in the same order, or nothing but words would be left.
#[must_use]
pub fn alike(patterns: &[&str]) -> Option<String> {
    let split: Vec<Vec<(&str, &str)>> = patterns.iter().map(|pattern| parts(pattern)).collect::<Option<_>>()?;
    let (first, others) = split.split_first()?;
    let words = |parts: &[(&str, &str)]| parts.iter().map(|(_, word)| (*word).to_owned()).collect::<Vec<_>>();
    if others.iter().any(|other| words(other) != words(first)) {
        return None;
    }
    let mut out = String::new();
    for (at, (_, word)) in first.iter().enumerate() {
        let texts: Vec<&str> = split.iter().filter_map(|parts| parts.get(at)).map(|(text, _)| *text).collect();
        out.push_str(&common(&texts));
        out.push_str(word);
    }
    Some(out)
}

/// The words of a pattern in their order; `None` where something in it may be missing.
#[must_use]
pub fn words_of(pattern: &str) -> Option<Vec<&str>> {
    Some(parts(pattern)?.into_iter().map(|(_, word)| word).collect())
}

/// Whether nothing but words and `{any}` tells a name: a file of anything may be called so.
#[must_use]
pub fn is_of_wildcards(pattern: &str) -> bool {
    let stem = pattern.rsplit_once('.').map_or(pattern, |(stem, _)| stem);
    let mut in_word = false;
    let tells = |c: char| {
        in_word = c == '{' || (in_word && c != '}');
        !in_word && c.is_alphanumeric()
    };
    pattern.contains("{any}") && !stem.contains(tells)
}

/// A pattern as texts and the words behind them; the last word is empty. `None` where something in it may be missing.
fn parts(pattern: &str) -> Option<Vec<(&str, &str)>> {
    if pattern.contains(['[', ']']) {
        return None;
    }
    let mut all = Vec::new();
    let mut rest = pattern;
    while let Some((text, after)) = rest.split_once('{') {
        let (word, behind) = after.split_once('}')?;
        all.push((text, pattern.get(pattern.len() - after.len() - 1..pattern.len() - behind.len())?));
        debug_assert!(!word.is_empty());
        rest = behind;
    }
    all.push((rest, ""));
    Some(all)
}

/// The text that all have, up to the end of a run of letters or digits, with `{any}` for the rest.
fn common(texts: &[&str]) -> String {
    let Some((first, others)) = texts.split_first() else { return String::new() };
    if others.iter().all(|other| other == first) {
        return (*first).to_owned();
    }
    let head = others.iter().fold(*first, |head, other| whole_head(head, other));
    let shorter = |text: &str| text.get(head.len()..).unwrap_or_default().to_owned();
    let rests: Vec<String> = texts.iter().map(|text| shorter(text)).collect();
    let tail = rests.iter().skip(1).fold(rests.first().cloned().unwrap_or_default(), |tail, rest| whole_tail(&tail, rest));
    let missing = rests.iter().any(|rest| rest.len() == tail.len());
    format!("{head}{}{tail}", if missing { "[{any}]" } else { "{any}" })
}

/// What both begin with, cut back to where letters or digits end.
fn whole_head<'t>(one: &'t str, other: &str) -> &'t str {
    let same = one.chars().zip(other.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
    let head = one.get(..same).unwrap_or_default();
    let goes_on = |text: &str| text.get(same..).is_some_and(|rest| rest.starts_with(char::is_alphanumeric));
    if goes_on(one) || goes_on(other) { head.trim_end_matches(char::is_alphanumeric) } else { head }
}

/// What both end with, cut forward to where letters or digits begin.
fn whole_tail(one: &str, other: &str) -> String {
    let same = one.chars().rev().zip(other.chars().rev()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum::<usize>();
    let tail = one.get(one.len() - same..).unwrap_or_default();
    let before = |text: &str| text.get(..text.len() - same).is_some_and(|rest| rest.ends_with(char::is_alphanumeric));
    let tail = if before(one) || before(other) { tail.trim_start_matches(char::is_alphanumeric) } else { tail };
    tail.to_owned()
}

#[cfg(test)]
mod tests {
    use super::{alike, is_of_wildcards};

    #[test]
    fn names_of_anything_are_told() {
        for (pattern, wanted) in [
            ("[{any}]{month}[{any}]{year}.csv", true),
            ("{any}-{month} {yy}.csv", true),
            ("{any} spend {month}.csv", false),
            ("{month}-{year}.csv", false),
            ("{month}{any}2.csv", false),
        ] {
            assert_eq!(is_of_wildcards(pattern), wanted, "{pattern}");
        }
    }

    #[test]
    fn what_differs_may_be_anything() {
        for (names, wanted) in [
            (["914-spend-{month}-{year}.csv", "915-spend-{month}-{year}.csv"], Some("{any}-spend-{month}-{year}.csv")),
            (["{month}-{year}-amd.csv", "{month}-{year}-amnd3.csv"], Some("{month}-{year}-{any}.csv")),
            (["spend-data-{month}-{yy}.csv", "spend-{month}-{yy}.csv"], Some("spend-[{any}]{month}-{yy}.csv")),
            (["{month}-{year}.csv", "spend-{month}{year}.csv"], Some("[{any}]{month}[{any}]{year}.csv")),
            (["a_{month}_{year}.csv", "a_{month}_{year}.csv"], Some("a_{month}_{year}.csv")),
            (["{month}_{year}.csv", "{year}_{month}.csv"], None),
            (["spend_{year}[_v{version}].csv", "spend_{year}.csv"], None),
        ] {
            assert_eq!(alike(&names).as_deref(), wanted, "{names:?}");
        }
    }
}
