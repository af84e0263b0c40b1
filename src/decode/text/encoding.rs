//! Which encoding a file is in: facts gathered over the whole file while it is landed, then a choice by the contract.

use memchr::memchr;

use super::{
    super::{
        facts::{EncodingFacts, OtherFormat, Spot, Utf16Facts},
        faults,
    },
    lines::LineCounter,
};
use crate::{
    diagnostic::Answer,
    schema::{Encoding, TextRules},
};

/// Gathers [`EncodingFacts`] over pieces of a file of any size.
#[derive(Clone, Debug, Default)]
pub struct EncodingScan {
    facts: EncodingFacts,
    /// The first bytes, until there are enough to tell how the file begins.
    head: Vec<u8>,
    began: bool,
    /// Bytes before the piece at hand, after `head` was let go.
    offset: u64,
    lines: LineCounter,
    /// The unfinished character at the end of the last piece.
    carry: Vec<u8>,
    /// First half of a UTF-16 pair waits for its second.
    high_surrogate: Option<Spot>,
    /// The first bytes, by which text of a mainframe is known.
    sample: Vec<u8>,
}

const HEAD: usize = 4;
/// Bytes of the sample.
const SAMPLE: usize = 512;
/// Bytes of which fewer say nothing.
const LEAST_SAMPLE: usize = 24;

impl EncodingScan {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next piece of the file.
    pub fn update(&mut self, piece: &[u8]) {
        self.facts.len += piece.len() as u64;
        if self.sample.len() < SAMPLE {
            self.sample.extend(piece.iter().take(SAMPLE - self.sample.len()));
        }
        if self.began {
            return self.scan(piece);
        }
        self.head.extend_from_slice(piece);
        if self.head.len() >= HEAD {
            self.begin();
        }
    }

    /// The facts, once the whole file was seen.
    #[must_use]
    pub fn finish(mut self) -> EncodingFacts {
        if !self.began {
            self.begin();
        }
        if !self.carry.is_empty() {
            let spot = Spot { offset: self.offset - self.carry.len() as u64, line: self.lines.lines + 1 };
            match &mut self.facts.utf16 {
                Some(utf16) => utf16.invalid = utf16.invalid.or(Some(spot)),
                None => self.facts.first_invalid_utf8 = self.facts.first_invalid_utf8.or(Some(spot)),
            }
        }
        if let (Some(spot), Some(utf16)) = (self.high_surrogate, &mut self.facts.utf16) {
            utf16.invalid = utf16.invalid.or(Some(spot));
        }
        if self.facts.other.is_none() && self.facts.bom_len == 0 && is_ebcdic(&self.sample) {
            self.facts.other = Some(OtherFormat::Ebcdic);
        }
        self.facts
    }

    fn begin(&mut self) {
        self.began = true;
        let head = std::mem::take(&mut self.head);
        self.facts.other = OtherFormat::of(&head);
        let utf16 = |big_endian| Some(Utf16Facts { big_endian, ..Utf16Facts::default() });
        (self.facts.bom_len, self.facts.utf16) = match *head.as_slice() {
            [0xEF, 0xBB, 0xBF, ..] => (3, None),
            [0xFF, 0xFE, ..] => (2, utf16(false)),
            [0xFE, 0xFF, ..] => (2, utf16(true)),
            [first, 0, ..] if first != 0 => (0, utf16(false)),
            [0, second, ..] if second != 0 => (0, utf16(true)),
            _ => (0, None),
        };
        let (bom, rest) = head.split_at(usize::from(self.facts.bom_len).min(head.len()));
        self.offset = bom.len() as u64;
        self.scan(rest);
    }

    fn scan(&mut self, piece: &[u8]) {
        // What is no text is not looked through as if it were.
        if self.facts.other.is_some() {
            return;
        }
        match self.facts.utf16.as_ref().map(|u| u.big_endian) {
            Some(big_endian) => self.scan_utf16(piece, big_endian),
            None => self.scan_bytes(piece),
        }
        self.offset += piece.len() as u64;
    }

    /// The place of byte `at` of the piece at hand; before the piece where `at` is negative.
    fn spot(&self, piece: &[u8], at: i64) -> Spot {
        let mut lines = self.lines;
        lines.update(piece.get(..usize::try_from(at).unwrap_or(0)).unwrap_or(piece));
        Spot { offset: self.offset.saturating_add_signed(at), line: lines.lines + 1 }
    }

    fn scan_bytes(&mut self, piece: &[u8]) {
        if self.facts.nul.is_none()
            && let Some(at) = memchr(0, piece)
        {
            self.facts.nul = Some(self.spot(piece, at as i64));
        }
        let settled = self.facts.first_invalid_utf8.is_some() && self.facts.multibyte_utf8.is_some();
        let is_plain = settled || (self.carry.is_empty() && piece.is_ascii());
        if !is_plain {
            self.scan_characters(piece);
        }
        self.lines.update(piece);
    }

    /// Judges the non-ASCII bytes of a piece, together with what the last one left unfinished.
    fn scan_characters(&mut self, piece: &[u8]) {
        let mut at = 0;
        if !self.carry.is_empty() {
            at = self.finish_character(piece);
        }
        // While everything is UTF-8, the whole rest is judged at once.
        if let Some(rest) = piece.get(at..)
            && self.facts.first_invalid_utf8.is_none()
        {
            let valid = match simdutf8::basic::from_utf8(rest) {
                Ok(_) => rest.len(),
                Err(_) => std::str::from_utf8(rest).map_or_else(|e| e.valid_up_to(), str::len),
            };
            if self.facts.multibyte_utf8.is_none()
                && let Some(first) = next_high(rest, 0).filter(|first| *first < valid)
            {
                self.facts.multibyte_utf8 = Some(self.spot(piece, (at + first) as i64));
            }
            at += valid;
        }
        while let Some(high) = next_high(piece, at) {
            at = high + self.judge_high(piece, high);
        }
    }

    /// Judges the non-ASCII byte at `at`; returns how many bytes are done with.
    fn judge_high(&mut self, piece: &[u8], at: usize) -> usize {
        let rest = piece.get(at..).unwrap_or_default();
        match sequence(rest) {
            Sequence::WellFormed(length) => {
                if self.facts.multibyte_utf8.is_none() {
                    self.facts.multibyte_utf8 = Some(self.spot(piece, at as i64));
                }
                length
            }
            Sequence::Unfinished => {
                self.carry = rest.to_vec();
                rest.len()
            }
            Sequence::Broken => {
                self.single_byte(rest.first().copied().unwrap_or(0), |scan| scan.spot(piece, at as i64));
                1
            }
        }
    }

    /// A non-ASCII byte that is no UTF-8.
    fn single_byte(&mut self, byte: u8, spot: impl Fn(&Self) -> Spot) {
        if self.facts.first_invalid_utf8.is_none() {
            self.facts.first_invalid_utf8 = Some(spot(self));
        }
        let is_open = self.facts.undefined_1252.is_none() && self.facts.multibyte_utf8.is_none();
        if is_open && matches!(byte, 0x81 | 0x8D | 0x8F | 0x90 | 0x9D) {
            self.facts.undefined_1252 = Some(spot(self));
        }
    }

    /// Completes the carried character from the piece; returns how many bytes of the piece that took.
    fn finish_character(&mut self, piece: &[u8]) -> usize {
        let carried = self.carry.len();
        let mut joined = std::mem::take(&mut self.carry);
        joined.extend(piece.iter().take(HEAD - carried));
        let mut at = 0;
        while at < carried {
            let spot = Spot { offset: self.offset - (carried - at) as u64, line: self.lines.lines + 1 };
            match sequence(joined.get(at..).unwrap_or_default()) {
                Sequence::WellFormed(length) => {
                    self.facts.multibyte_utf8 = self.facts.multibyte_utf8.or(Some(spot));
                    at += length;
                }
                Sequence::Unfinished => {
                    self.carry = joined.split_off(at);
                    return piece.len();
                }
                Sequence::Broken => {
                    self.single_byte(joined.get(at).copied().unwrap_or(0), |_| spot);
                    at += 1;
                }
            }
        }
        at - carried
    }

    fn scan_utf16(&mut self, piece: &[u8], big_endian: bool) {
        let mut bytes = std::mem::take(&mut self.carry);
        let start = self.offset - bytes.len() as u64;
        bytes.extend_from_slice(piece);
        let (units, odd) = bytes.as_chunks::<2>();
        for (index, unit) in units.iter().enumerate() {
            let unit = if big_endian { u16::from_be_bytes(*unit) } else { u16::from_le_bytes(*unit) };
            let spot = Spot { offset: start + 2 * index as u64, line: self.lines.lines + 1 };
            self.judge_unit(unit, spot);
            self.lines.update(&[u8::try_from(unit).unwrap_or(b'x')]);
        }
        self.carry = odd.to_vec();
    }

    fn judge_unit(&mut self, unit: u16, spot: Spot) {
        let Some(utf16) = &mut self.facts.utf16 else { return };
        if unit == 0 {
            utf16.nul = utf16.nul.or(Some(spot));
        }
        let is_low = (0xDC00..0xE000).contains(&unit);
        match (self.high_surrogate.take(), is_low) {
            (Some(high), false) => utf16.invalid = utf16.invalid.or(Some(high)),
            (None, true) => utf16.invalid = utf16.invalid.or(Some(spot)),
            _ => {}
        }
        if (0xD800..0xDC00).contains(&unit) {
            self.high_surrogate = Some(spot);
        }
    }
}

/// The next byte from `at` that is not ASCII.
fn next_high(text: &[u8], at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    let (words, _) = rest.as_chunks::<8>();
    let skip = words.iter().take_while(|word| u64::from_le_bytes(**word) & 0x8080_8080_8080_8080 == 0).count() * 8;
    let found = rest.get(skip..)?.iter().position(|byte| !byte.is_ascii())?;
    Some(at + skip + found)
}

/// Whether text begins as that of a mainframe does: letters, digits and blanks of EBCDIC, and hardly anything else. Its blank is the `@` of
/// other texts, its digits and letters are none of theirs, and a blank of theirs (0x20) is no character of its own.
fn is_ebcdic(sample: &[u8]) -> bool {
    let is_usual = |byte: &&u8| {
        matches!(**byte, 0x40 | 0x81..=0x89 | 0x91..=0x99 | 0xA2..=0xA9 | 0xC0..=0xC9 | 0xD0..=0xD9 | 0xE2..=0xE9 | 0xF0..=0xF9)
            || matches!(**byte, 0x4B | 0x4D | 0x5D | 0x60 | 0x61 | 0x6B | 0x7A)
    };
    let usual = sample.iter().filter(is_usual).count();
    let digits = sample.iter().filter(|byte| matches!(**byte, 0xF0..=0xF9)).count();
    sample.len() >= LEAST_SAMPLE && !sample.contains(&b' ') && digits > 0 && usual * 10 >= sample.len() * 9
}

enum Sequence {
    WellFormed(usize),
    /// Could become well-formed with more bytes.
    Unfinished,
    Broken,
}

/// Judges the start of a text whose first byte is not ASCII.
fn sequence(text: &[u8]) -> Sequence {
    let length = match text.first() {
        Some(0xC2..=0xDF) => 2,
        Some(0xE0..=0xEF) => 3,
        Some(0xF0..=0xF4) => 4,
        _ => return Sequence::Broken,
    };
    if text.get(1).is_some_and(|second| second & 0xC0 != 0x80) {
        return Sequence::Broken;
    }
    match std::str::from_utf8(text.get(..length).unwrap_or(text)) {
        Ok(_) => Sequence::WellFormed(length),
        Err(e) if e.error_len().is_none() => Sequence::Unfinished,
        Err(_) => Sequence::Broken,
    }
}

/// The encoding in which the file is read, and the bytes of its byte order mark.
///
/// A byte order mark decides. Else it is the first encoding that the contract lists in which the *whole* file is valid.
/// A single-byte encoding never fails by itself, so a file with well-formed UTF-8 of several bytes, or with bytes that
/// Windows-1252 does not define, is not taken for one unless the contract says `trust_encoding`.
pub fn choose_encoding(facts: &EncodingFacts, rules: &TextRules, file: &str) -> Answer<(Encoding, usize)> {
    if facts.len <= u64::from(facts.bom_len) {
        return Err(faults::empty_file(file).into());
    }
    if let Some(other) = facts.other {
        return Err(faults::other_format(file, other).into());
    }
    let bom = usize::from(facts.bom_len);
    let chosen = match (facts.bom_len, &facts.utf16) {
        (3, _) => Some(Encoding::Utf8),
        (2, Some(utf16)) => Some(utf16_encoding(utf16)),
        _ => rules.encodings.iter().copied().find(|encoding| is_valid_as(*encoding, facts, rules)),
    };
    let Some(encoding) = chosen else { return Err(faults::no_encoding(file, facts, rules).into()) };
    if let Some(spot) = nul_in(encoding, facts) {
        return Err(faults::nul(file, spot, false).into());
    }
    if facts.bom_len > 0 && !is_valid_as(encoding, facts, rules) {
        return Err(faults::not_as_its_mark(file, encoding, facts).into());
    }
    Ok((encoding, bom))
}

const fn utf16_encoding(facts: &Utf16Facts) -> Encoding {
    if facts.big_endian { Encoding::Utf16Be } else { Encoding::Utf16Le }
}

fn nul_in(encoding: Encoding, facts: &EncodingFacts) -> Option<Spot> {
    match encoding {
        Encoding::Utf16Be | Encoding::Utf16Le => facts.utf16.as_ref().and_then(|utf16| utf16.nul),
        _ => facts.nul,
    }
}

/// Whether the whole file is valid in the encoding. A NUL is not asked for here: it is refused with words of its own.
fn is_valid_as(encoding: Encoding, facts: &EncodingFacts, rules: &TextRules) -> bool {
    match (encoding, &facts.utf16) {
        (Encoding::Utf16Le | Encoding::Utf16Be, Some(utf16)) => utf16_encoding(utf16) == encoding && utf16.invalid.is_none(),
        (Encoding::Utf16Le | Encoding::Utf16Be, None) | (_, Some(_)) => false,
        (Encoding::Utf8, None) => facts.first_invalid_utf8.is_none(),
        // It defines every byte: that it is not Windows-1252 only a person can know, and says.
        (Encoding::MacRoman, None) => rules.trust_encoding || facts.multibyte_utf8.is_none(),
        (Encoding::Windows1252 | Encoding::Latin1, None) => {
            rules.trust_encoding || (facts.multibyte_utf8.is_none() && facts.undefined_1252.is_none())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn facts(bytes: &[u8]) -> EncodingFacts {
        let mut scan = EncodingScan::new();
        scan.update(bytes);
        scan.finish()
    }

    #[test]
    fn the_first_bad_byte_is_placed() {
        let seen = facts(b"abcd\nef\xA3\n");
        assert_eq!(seen.first_invalid_utf8, Some(Spot { offset: 7, line: 2 }));
        assert_eq!(seen.multibyte_utf8, None);
        assert_eq!(facts("a\nb£".as_bytes()).multibyte_utf8, Some(Spot { offset: 3, line: 2 }));
        assert_eq!(facts("ab£".as_bytes().get(..3).unwrap()).first_invalid_utf8, Some(Spot { offset: 2, line: 1 }));
        assert_eq!(facts(b"abcd\n\x81").undefined_1252, Some(Spot { offset: 5, line: 2 }));
        assert_eq!(facts(b"abcd\n\0").nul, Some(Spot { offset: 5, line: 2 }));
    }

    #[test]
    fn utf16_is_known_by_its_mark_or_its_zero_bytes() {
        let text: Vec<u8> = "\u{feff}a,b\n1,\u{1F4B7}\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let seen = facts(&text);
        assert_eq!((seen.bom_len, seen.utf16), (2, Some(Utf16Facts::default())));
        let text: Vec<u8> = "a,b\n".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(facts(&text).utf16, Some(Utf16Facts { big_endian: true, ..Utf16Facts::default() }));
        assert_eq!(facts(b"\xFF\xFEa\0\0\xD8").utf16.and_then(|u| u.invalid), Some(Spot { offset: 4, line: 1 }));
        assert_eq!(facts(b"\xFF\xFEa\0b").utf16.and_then(|u| u.invalid), Some(Spot { offset: 4, line: 1 }));
    }

    #[test]
    fn w5_text_of_a_mainframe_is_known_by_its_bytes() {
        // D00012345 0000012345{ and blanks, in code page 285, without a line end.
        let record = b"\xC4\xF0\xF0\xF0\xF1\xF2\xF3\xF4\xF5\x40\x40\xD7\xC5\xD9\xE2\xD6\xD5\x40\xF1\x40\x40\xF0\xF0\xF1\xF2\xF3\xF4\xC0";
        assert_eq!(facts(record).other, Some(OtherFormat::Ebcdic));
        assert_eq!(facts(&record.repeat(100)).other, Some(OtherFormat::Ebcdic));
        assert_eq!(facts(b"D00012345  PERSON 1  001234{").other, None);
        assert_eq!(facts("Größe;Käufer;Straße;Äöüß;Éééé;Àààà;Ñññ;123456789\n".as_bytes()).other, None);
        assert_eq!(
            facts(b"\xC9\xC9\xC9\xC9\xE9\xE9\xE9\xE9\xC9\xC9\xC9\xC9\xE9\xE9\xE9\xE9,\xC9\xC9\xC9\xC9\xE9\xE9\xE9\xE9,1\n").other,
            None
        );
    }

    proptest! {
        #[test]
        fn facts_do_not_depend_on_the_pieces(text in prop::collection::vec(prop::sample::select(&[b'a', b'\n', b'\r', 0, 0xC3, 0xA9, 0xE2, 0x82, 0xAC, 0xF0, 0x9F, 0x81][..]), 0..24), size in 1usize..7) {
            let whole = facts(&text);
            let mut scan = EncodingScan::new();
            text.chunks(size).for_each(|piece| scan.update(piece));
            prop_assert_eq!(&scan.finish(), &whole);
            if whole.utf16.is_none() {
                prop_assert_eq!(whole.first_invalid_utf8.map(|s| s.offset as usize), std::str::from_utf8(&text).err().map(|e| e.valid_up_to()));
            }
        }
    }
}
