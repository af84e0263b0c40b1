//! Physical lines: what ends one, and how many there are.
//!
//! A line ends with CR CR LF, CR LF, LF or CR, the longest that fits. So a run of k CRs before an LF makes
//! `max(k - 2, 0) + 1` line ends, and one that no LF follows makes k.

use memchr::{memchr, memchr_iter};

/// Length of the line end that starts at `at`: 0 where none does.
#[inline]
pub(in crate::decode) fn line_end_len(text: &[u8], at: usize) -> usize {
    match text.get(at) {
        Some(b'\n') => 1,
        Some(b'\r') => match (text.get(at + 1), text.get(at + 2)) {
            (Some(b'\n'), _) => 2,
            (Some(b'\r'), Some(b'\n')) => 3,
            _ => 1,
        },
        _ => 0,
    }
}

/// Line ends in a text that starts and ends between two of them.
pub(in crate::decode) fn count_line_ends(text: &[u8]) -> u64 {
    let mut counter = LineCounter::default();
    counter.update(text);
    counter.lines
}

/// Counts line ends over pieces of a text, wherever they are cut.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::decode) struct LineCounter {
    /// Line ends seen; a CR at the very end counts, and is taken back when an LF follows.
    pub(in crate::decode) lines: u64,
    /// How many CRs (0 to 2) the text so far ends with.
    open_crs: u8,
}

impl LineCounter {
    pub(in crate::decode) fn update(&mut self, piece: &[u8]) {
        self.lines += memchr_iter(b'\n', piece).count() as u64;
        if self.open_crs > 0 || memchr(b'\r', piece).is_some() {
            self.lines += memchr_iter(b'\r', piece).count() as u64;
            self.lines -= memchr_iter(b'\n', piece).map(|at| u64::from(self.crs_before(piece, at))).sum::<u64>();
        }
        self.open_crs = self.crs_before(piece, piece.len());
    }

    /// How many CRs, two at most, stand right before `at`.
    fn crs_before(self, piece: &[u8], at: usize) -> u8 {
        let is_cr = |back: usize| match at.checked_sub(back) {
            Some(place) => piece.get(place) == Some(&b'\r'),
            None => usize::from(self.open_crs) >= back - at,
        };
        match (is_cr(1), is_cr(2)) {
            (false, _) => 0,
            (true, false) => 1,
            (true, true) => 2,
        }
    }
}

/// How records ended: LF, CRLF, CR, CR CR LF.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::decode) struct LineEnds {
    pub(in crate::decode) lf: u64,
    pub(in crate::decode) crlf: u64,
    pub(in crate::decode) cr: u64,
    pub(in crate::decode) cr_crlf: u64,
}

impl LineEnds {
    /// Counts the line end of `length` bytes whose first byte is `first`.
    #[inline]
    pub(in crate::decode) fn count(&mut self, first: u8, length: usize) {
        match (first, length) {
            (b'\n', _) => self.lf += 1,
            (_, 1) => self.cr += 1,
            (_, 2) => self.crlf += 1,
            _ => self.cr_crlf += 1,
        }
    }

    pub(in crate::decode) fn add(&mut self, other: Self) {
        self.lf += other.lf;
        self.crlf += other.crlf;
        self.cr += other.cr;
        self.cr_crlf += other.cr_crlf;
    }

    /// A sentence where line ends are not all LF or all CRLF.
    pub(in crate::decode) fn note(self) -> Option<String> {
        let kinds = [("LF", self.lf), ("CRLF", self.crlf), ("CR", self.cr), ("CR CR LF", self.cr_crlf)];
        let used: Vec<_> = kinds.iter().filter(|(_, count)| *count > 0).collect();
        match used.as_slice() {
            [] | [("LF" | "CRLF", _)] => None,
            [(name, _)] => Some(format!("lines end with {name}")),
            many => {
                let parts: Vec<_> = many.iter().map(|(name, count)| format!("{count} {name}")).collect();
                Some(format!("line ends are mixed: {}", parts.join(", ")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The rule, read off one byte after another.
    fn slowly(text: &[u8]) -> u64 {
        let (mut at, mut lines) = (0, 0);
        while at < text.len() {
            let length = line_end_len(text, at);
            lines += u64::from(length > 0);
            at += length.max(1);
        }
        lines
    }

    #[test]
    fn each_kind_counts_once() {
        for (text, lines) in [("a\nb\n", 2), ("a\r\nb\r\n", 2), ("a\rb\r", 2), ("a\r\r\nb", 1), ("\r\r\r\n", 2), ("", 0)] {
            assert_eq!(count_line_ends(text.as_bytes()), lines, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn the_count_is_that_of_the_rule_wherever_the_text_is_cut(text in "[a\r\n]{0,40}", cuts in prop::collection::vec(0usize..40, 0..5)) {
            let text = text.as_bytes();
            prop_assert_eq!(count_line_ends(text), slowly(text));
            let mut cuts: Vec<_> = cuts.into_iter().map(|c| c.min(text.len())).chain([0, text.len()]).collect();
            cuts.sort_unstable();
            let mut counter = LineCounter::default();
            for pair in cuts.windows(2) {
                counter.update(&text[pair[0]..pair[1]]);
            }
            prop_assert_eq!(counter.lines, slowly(text));
        }
    }
}
