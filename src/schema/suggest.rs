//! "Did you mean": the nearest of the words that would have been right.

/// The known word that differs least, if it differs little.
#[must_use]
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let lower = word.to_lowercase();
    let limit = (word.chars().count() / 3).clamp(1, 3);
    known
        .into_iter()
        .map(|candidate| (distance(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, candidate)| (*distance, candidate.len()))
        .map(|(_, candidate)| candidate)
}

/// A known code that a person would take for this one: equal but for letter case, equal but for noughts before a number, or one
/// letter inserted, dropped, changed or swapped with its neighbour (codes of three letters at least), in this order; of several the first as text.
#[must_use]
pub fn look_alike<'k>(code: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let (lower, bare) = (code.to_lowercase(), without_noughts(code));
    let near = |candidate: &str| -> Option<u8> {
        if candidate == code || candidate.is_empty() || code.is_empty() {
            return None;
        }
        let lower_candidate = candidate.to_lowercase();
        if lower_candidate == lower {
            return Some(0);
        }
        if without_noughts(&lower_candidate) == bare.to_lowercase() {
            return Some(1);
        }
        let (long, other) = (lower.chars().count(), lower_candidate.chars().count());
        (long.min(other) >= 3 && long.abs_diff(other) <= 1 && distance(&lower, &lower_candidate) == 1).then_some(2)
    };
    known.into_iter().filter_map(|candidate| Some((near(candidate)?, candidate))).min().map(|(_, candidate)| candidate)
}

/// `A0042` → `A42`: every number in the code without the noughts before it.
fn without_noughts(code: &str) -> String {
    let mut bare = String::with_capacity(code.len());
    let mut in_number = false;
    let mut rest = code.chars().peekable();
    while let Some(letter) = rest.next() {
        let padding = letter == '0' && !in_number && rest.peek().is_some_and(char::is_ascii_digit);
        if !padding {
            bare.push(letter);
            in_number = letter.is_ascii_digit();
        }
    }
    bare
}

/// Letters to insert, drop, change or swap with their neighbour (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let width = b.len() + 1;
    let mut before: Vec<usize> = vec![0; width];
    let mut above: Vec<usize> = (0..width).collect();
    for (row, letter) in a.iter().enumerate() {
        let mut line = vec![row + 1];
        for (column, other) in b.iter().enumerate() {
            let cell = |line: &[usize], at: usize| line.get(at).copied().unwrap_or(usize::MAX - 1);
            let changed = cell(&above, column) + usize::from(letter != other);
            let mut least = changed.min(cell(&above, column + 1) + 1).min(cell(&line, column) + 1);
            let swapped = row > 0 && column > 0 && a.get(row - 1) == Some(other) && b.get(column - 1) == Some(letter);
            if swapped {
                least = least.min(cell(&before, column - 1) + 1);
            }
            line.push(least);
        }
        before = std::mem::replace(&mut above, line);
    }
    above.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_offered_and_far_ones_not() {
        let known = ["schedule", "tolerance", "files", "into"];
        assert_eq!(nearest("schedul", known), Some("schedule"));
        assert_eq!(nearest("tolernace", known), Some("tolerance"));
        assert_eq!(nearest("File", known), Some("files"));
        assert_eq!(nearest("colour", known), None);
    }

    #[test]
    fn codes_that_look_alike() {
        let known = ["A100", "Parks", "0042", "X-007", "AB"];
        assert_eq!(look_alike("a100", known), Some("A100"));
        assert_eq!(look_alike("PARKS", known), Some("Parks"));
        assert_eq!(look_alike("42", known), Some("0042"));
        assert_eq!(look_alike("X-7", known), Some("X-007"));
        assert_eq!(look_alike("Park", known), Some("Parks"));
        assert_eq!(look_alike("A010", known), Some("A100"));
        assert_eq!(look_alike("A100", known), None);
        assert_eq!(look_alike("AC", known), None);
        assert_eq!(look_alike("", known), None);
        assert_eq!(without_noughts("A0042.00"), "A42.0");
    }

    #[test]
    fn the_distance_counts_single_edits() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abcd", "abdc"), 1);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
