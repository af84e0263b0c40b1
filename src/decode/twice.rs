//! Whether every record of a file stands in it an even number of times: a file that was put together from two copies of itself, side by
//! side or one behind the other, counts every pound twice.
//!
//! No list of records is kept: fingerprints of records that are there twice take each other away, so that of such a file nothing is left.

/// Records without which two equal ones are no sign of anything, and how many of them have to differ.
const LEAST: u64 = 12;
const DIFFERENT: usize = 6;

/// The records of a file, or of a piece of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Twice {
    records: u64,
    left: u64,
    /// A few fingerprints that differ.
    some: Vec<u64>,
}

impl Twice {
    /// The next record.
    pub(super) fn record(&mut self, text: &[u8]) {
        let fingerprint = fingerprint(text);
        self.records += 1;
        self.left ^= fingerprint;
        self.remember(fingerprint);
    }

    fn remember(&mut self, fingerprint: u64) {
        if self.some.len() < DIFFERENT && !self.some.contains(&fingerprint) {
            self.some.push(fingerprint);
        }
    }

    /// Adds another piece of the file.
    pub(super) fn add(&mut self, next: &Self) {
        self.records += next.records;
        self.left ^= next.left;
        next.some.iter().for_each(|fingerprint| self.remember(*fingerprint));
    }

    /// Whether each record is there twice, or four times, and these are no few records and not the same ones over and over.
    pub(super) fn is_all(&self) -> bool {
        self.left == 0 && self.records >= LEAST && self.some.len() >= DIFFERENT
    }
}

/// Sixteen bytes at a time, folded into what is there: equal texts are equal, and others are by one chance in about 2^64.
fn fingerprint(text: &[u8]) -> u64 {
    const FIRST: u64 = 0x9e37_79b9_7f4a_7c15;
    const EACH: u64 = 0xd6e8_feb8_6659_fd93;
    let fold = |one: u64, other: u64| {
        let wide = u128::from(one) * u128::from(other);
        (wide as u64) ^ ((wide >> 64) as u64)
    };
    let mut so_far = fold(FIRST, text.len() as u64 ^ EACH);
    for pair in text.chunks_exact(16) {
        let wide: u128 = pair.try_into().map_or(0, u128::from_le_bytes);
        so_far = fold(so_far ^ (wide as u64), EACH ^ ((wide >> 64) as u64)).wrapping_add(FIRST);
    }
    // What is left over ends the text: its last bytes are looked at once more, in one go.
    let rest: u128 = match text.last_chunk() {
        Some(last) => u128::from_le_bytes(*last),
        None => text.iter().fold(0, |rest, byte| rest << 8 | u128::from(*byte)),
    };
    fold(so_far ^ (rest as u64), EACH ^ ((rest >> 64) as u64)).wrapping_add(so_far)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_all(records: &[&str], piece: usize) -> bool {
        let mut whole = Twice::default();
        for records in records.chunks(piece) {
            let mut part = Twice::default();
            records.iter().for_each(|record| part.record(record.as_bytes()));
            whole.add(&part);
        }
        whole.is_all()
    }

    #[test]
    fn a_file_put_together_from_two_copies_is_told_however_it_is_cut() {
        let one: Vec<String> = (1..7).map(|day| format!("{day:02}/06/2025,Housing,12.{day:02}")).collect();
        let one: Vec<&str> = one.iter().map(String::as_str).collect();
        let side_by_side: Vec<&str> = one.iter().flat_map(|row| [*row, *row]).collect();
        let behind: Vec<&str> = one.iter().chain(&one).copied().collect();
        for piece in 1..13 {
            assert!(is_all(&side_by_side, piece) && is_all(&behind, piece), "{piece}");
            assert!(!is_all(&behind[1..], piece), "one more or less: {piece}");
        }
    }

    #[test]
    fn equal_rows_among_others_few_rows_and_one_row_over_and_over_tell_nothing() {
        assert!(!is_all(&["a", "a", "b", "b"], 2));
        assert!(!is_all(&["a", "a", "b", "b", "c", "c"], 2), "charges of a few payments");
        assert!(!is_all(&["a", "b", "c", "a", "b", "c", "a", "b", "c", "a", "b", "c"], 5));
        assert!(!is_all(&["a", "a", "b", "b", "a", "a", "b", "b"], 3));
        assert!(!is_all(&["a", "a", "b", "b", "c", "c", "d"], 3));
        assert!(!is_all(&["a", "a", "a", "b", "b", "b", "c", "c", "c"], 3));
    }

    #[test]
    fn texts_that_differ_little_have_other_fingerprints() {
        let texts = ["", "\0", "a", "aa", "abcdefgh", "abcdefgi", "abcdefgha", "abcdefghijklmnop", "ijklmnopabcdefgh"];
        for (at, text) in texts.iter().enumerate() {
            assert!(texts.iter().skip(at + 1).all(|other| fingerprint(other.as_bytes()) != fingerprint(text.as_bytes())), "{text:?}");
        }
    }
}
