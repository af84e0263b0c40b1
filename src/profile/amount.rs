//! Any way in which an amount is printed, read exactly, with what a contract must say so that a run reads it too.

use memchr::memchr_iter;
use serde::{Serialize, Serializer};

/// Pounds in millionths; in JSON as a decimal text, `"1234.56"`, with two decimals or more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Millionths(pub i128);

impl Millionths {
    /// Decimal text: two decimals, or as many as it needs.
    #[must_use]
    pub fn text(self) -> String {
        let size = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        let parts = format!("{:06}", size % 1_000_000);
        let kept = parts.trim_end_matches('0').len().max(2);
        format!("{sign}{}.{}", size / 1_000_000, parts.get(..kept).unwrap_or(&parts))
    }
}

impl Serialize for Millionths {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

/// What is peculiar about how an amount is printed; several at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Styles(pub(super) u32);

impl Styles {
    pub(super) const COMMAS: Self = Self(1);
    pub(super) const SPACES: Self = Self(1 << 1);
    pub(super) const POUND: Self = Self(1 << 2);
    /// Blanks between sign, currency and digits.
    pub(super) const APART: Self = Self(1 << 3);
    pub(super) const MINUS_AFTER: Self = Self(1 << 4);
    pub(super) const BRACKETS: Self = Self(1 << 5);
    pub(super) const CRDR: Self = Self(1 << 6);
    pub(super) const UNICODE_MINUS: Self = Self(1 << 7);
    pub(super) const SCIENTIFIC: Self = Self(1 << 8);
    pub(super) const ANGLE: Self = Self(1 << 9);
    /// A dash stands for nought.
    pub(super) const DASH: Self = Self(1 << 10);
    pub(super) const MINUS: Self = Self(1 << 11);
    /// Blanks at either end.
    pub(super) const PADDED: Self = Self(1 << 12);
    /// The last character is digit and sign.
    pub(super) const OVERPUNCH: Self = Self(1 << 13);
    /// The last two digits are pence.
    pub(super) const IMPLIED: Self = Self(1 << 14);

    /// A power of ten with fewer digits than pounds: what stood there has been rounded.
    pub(super) const ROUNDED: Self = Self(1 << 15);
    /// A minus in brackets: one sign, marked twice.
    pub(super) const INSIDE: Self = Self(1 << 16);
    /// `GBP` before or after the digits.
    pub(super) const GBP: Self = Self(1 << 17);
    /// An apostrophe first, as a spreadsheet marks text.
    pub(super) const APOSTROPHE: Self = Self(1 << 18);

    /// Words of a contract, where there is one: a dash for nought and blanks inside together are the accounting style.
    pub(super) const NAMES: [(Self, &'static str); 19] = [
        (Self::COMMAS, "commas"),
        (Self::SPACES, "spaces"),
        (Self::POUND, "pound"),
        (Self::APART, "apart"),
        (Self::MINUS_AFTER, "minus_after"),
        (Self::BRACKETS, "brackets"),
        (Self::CRDR, "crdr"),
        (Self::UNICODE_MINUS, "unicode_minus"),
        (Self::SCIENTIFIC, "scientific"),
        (Self::ANGLE, "angle_brackets"),
        (Self::DASH, "dash_nought"),
        (Self::MINUS, "minus"),
        (Self::PADDED, "padded"),
        (Self::OVERPUNCH, "overpunch"),
        (Self::IMPLIED, "implied(2)"),
        (Self::ROUNDED, "rounded"),
        (Self::INSIDE, "minus_in_brackets"),
        (Self::GBP, "gbp"),
        (Self::APOSTROPHE, "apostrophe"),
    ];

    pub(super) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// How fine an amount is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fineness {
    /// Whole pence; so many decimals are printed.
    Pence(u8),
    /// Within a millionth of a pound of a penny, and not on it.
    Noise,
    /// A real part of a penny, to so many decimals, six at most.
    Parts(u8),
    /// Finer than millionths, and no noise.
    Finer,
}

/// An amount that was read. Noise is taken off; what is finer than millionths is cut off, and told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Amount {
    pub(super) value: Millionths,
    pub(super) fineness: Fineness,
    pub(super) styles: Styles,
    /// Whole pounds, printed without a point, and how many digits.
    pub(super) whole_digits: Option<u8>,
    /// One to three digits, a full stop and three digits, `12.500`: elsewhere the stop parts thousands.
    pub(super) parted: bool,
}

const GBP: &[u8] = b"GBP";
const MILLION: i128 = 1_000_000;
const PENNY: i128 = 10_000;

/// The amount printed as `text`; `None` where it is none in any way that is known.
pub(super) fn read(text: &[u8]) -> Option<Amount> {
    // Most cells of a table are no amounts, and most of these show it by their first letter.
    let first = *text.iter().find(|byte| **byte != b' ')?;
    if (first.is_ascii_alphabetic() && !trimmed(text).starts_with(GBP)) || text.len() > 64 {
        return None;
    }
    let mut styles = Styles::default();
    let inner = trimmed(text);
    if inner.len() != text.len() {
        styles.add(Styles::PADDED);
    }
    let (negative, body) = marks(inner, &mut styles)?;
    if body.is_empty() {
        return nought_dash(inner, styles);
    }
    let (digits, decimals, whole_digits) = number(body, &mut styles)?;
    // An apostrophe keeps the noughts of a code in a spreadsheet: `'0010`.
    if styles.has(Styles::APOSTROPHE) && whole_digits.is_some() {
        return None;
    }
    let (value, fineness) = scaled(digits, decimals)?;
    // The decimals that count have lost their noughts: `12.500` is looked at as it is printed.
    let has_three = body.len().checked_sub(4).is_some_and(|at| body.get(at) == Some(&b'.'));
    let parted = has_three && (MILLION..1_000 * MILLION).contains(&value);
    Some(Amount { value: Millionths(if negative { -value } else { value }), fineness, styles, whole_digits, parted })
}

fn trimmed(text: &[u8]) -> &[u8] {
    let mut rest = text;
    loop {
        rest = match rest {
            [b' ' | b'\t', after @ ..] | [after @ .., b' ' | b'\t'] | [0xC2, 0xA0, after @ ..] | [after @ .., 0xC2, 0xA0] => after,
            _ => return rest,
        };
    }
}

/// `-`, `£ -`: the accounting style's nought.
fn nought_dash(inner: &[u8], mut styles: Styles) -> Option<Amount> {
    let dashes = memchr_iter(b'-', inner).count();
    (dashes == 1).then(|| {
        styles.0 &= !Styles::MINUS.0;
        styles.add(Styles::DASH);
        Amount { value: Millionths(0), fineness: Fineness::Pence(0), styles, whole_digits: None, parted: false }
    })
}

/// What marks sign and currency of an amount: at most one of each is one.
#[derive(Default)]
struct Marks {
    signs: u32,
    negative: bool,
    pounds: u32,
}

impl Marks {
    fn sign(&mut self, minus: Option<bool>) {
        self.signs += u32::from(minus.is_some());
        self.negative = minus.unwrap_or(self.negative);
    }
}

/// Takes off what marks sign and currency; whether it is negative, and the digits.
fn marks<'a>(text: &'a [u8], styles: &mut Styles) -> Option<(bool, &'a [u8])> {
    let mut marks = Marks::default();
    let mut rest = text.strip_prefix(b"'").unwrap_or(text);
    styles.add(if rest.len() < text.len() { Styles::APOSTROPHE } else { Styles::default() });
    if let Some(before) = rest.strip_suffix(GBP).filter(|before| !before.is_empty()) {
        styles.add(Styles::GBP);
        (rest, marks.pounds) = (trimmed(before), 1);
    }
    let (close, mut rest) = marks_before(rest, styles, &mut marks);
    if let Some(close) = close {
        rest = blanks_after(rest.strip_suffix(&[close])?, styles);
    }
    let rest = marks_after(rest, styles, &mut marks);
    (marks.signs <= 1 && marks.pounds <= 1).then_some((marks.negative, rest))
}

/// Takes off what stands before the digits; the bracket that has to close behind them, and the rest.
fn marks_before<'a>(text: &'a [u8], styles: &mut Styles, marks: &mut Marks) -> (Option<u8>, &'a [u8]) {
    let (mut rest, mut close) = (text, None);
    loop {
        let (after, style, minus) = match rest {
            [b'-', after @ ..] if close == Some(b')') && !styles.has(Styles::INSIDE) => (after, Styles::INSIDE, None),
            [b'-', after @ ..] => (after, Styles::MINUS, Some(true)),
            [b'G', b'B', b'P', after @ ..] => {
                marks.pounds += 1;
                (trimmed(after), Styles::GBP, None)
            }
            [b'+', after @ ..] => (after, Styles::default(), Some(false)),
            [b'(', after @ ..] => {
                close = Some(b')');
                (after, Styles::BRACKETS, Some(true))
            }
            [b'<', after @ ..] => {
                close = Some(b'>');
                (after, Styles::ANGLE, Some(true))
            }
            [0xE2, 0x88, 0x92, after @ ..] => (after, Styles::UNICODE_MINUS, Some(true)),
            [0xC2, 0xA3, after @ ..] => {
                marks.pounds += 1;
                (after, Styles::POUND, None)
            }
            [b' ', after @ ..] | [0xC2, 0xA0, after @ ..] if rest.len() < text.len() => (after, Styles::APART, None),
            _ => return (close, rest),
        };
        styles.add(style);
        marks.sign(minus);
        rest = after;
    }
}

/// Takes off what stands behind the digits.
fn marks_after<'a>(mut rest: &'a [u8], styles: &mut Styles, marks: &mut Marks) -> &'a [u8] {
    loop {
        let (after, style, minus) = match rest {
            [body @ .., b'-'] => (body, Styles::MINUS_AFTER, Some(true)),
            [body @ .., 0xC2, 0xA3] => (body, Styles::POUND, None),
            [body @ .., b'C' | b'c', b'R' | b'r'] => (body, Styles::CRDR, Some(true)),
            [body @ .., b'D' | b'd', b'R' | b'r'] => (body, Styles::CRDR, Some(false)),
            _ => return rest,
        };
        styles.add(style);
        marks.pounds += u32::from(minus.is_none());
        marks.sign(minus);
        let blank = trimmed(after);
        if blank.len() != after.len() && style != Styles::CRDR {
            styles.add(Styles::APART);
        }
        rest = blank;
    }
}

fn blanks_after<'a>(text: &'a [u8], styles: &mut Styles) -> &'a [u8] {
    let inner = trimmed(text);
    if inner.len() != text.len() {
        styles.add(Styles::APART);
    }
    inner
}

/// Digits, groups, point, decimals and exponent: the digits, how many of them are decimals, and how many there are where no point stands.
fn number(text: &[u8], styles: &mut Styles) -> Option<(i128, i32, Option<u8>)> {
    let (mantissa, exponent) = match text.iter().position(|byte| matches!(byte, b'E' | b'e')) {
        Some(at) => {
            styles.add(Styles::SCIENTIFIC);
            let digits = std::str::from_utf8(text.get(at + 1..)?).ok()?;
            (text.get(..at)?, digits.parse::<i32>().ok().filter(|n| n.abs() <= 40)?)
        }
        None => (text, 0),
    };
    let (whole, fraction) = match mantissa.iter().position(|byte| *byte == b'.') {
        Some(at) => (mantissa.get(..at)?, Some(mantissa.get(at + 1..).filter(|rest| !rest.is_empty())?)),
        None => (mantissa, None),
    };
    if whole.is_empty() && fraction.is_none() {
        return None;
    }
    let mut digits: i128 = 0;
    let mut count = 0_u8;
    let mut push = |byte: u8| -> Option<()> {
        if digits > 10_i128.pow(36) {
            return None;
        }
        digits = digits * 10 + i128::from(byte - b'0');
        count = count.saturating_add(1);
        Some(())
    };
    grouped(whole, styles, &mut push)?;
    let kept = fraction.map(|fraction| fraction.iter().rposition(|digit| *digit != b'0').map_or(0, |last| last + 1));
    for byte in fraction.unwrap_or_default() {
        byte.is_ascii_digit().then_some(())?;
    }
    for byte in fraction.and_then(|fraction| fraction.get(..kept.unwrap_or(0))).unwrap_or_default() {
        push(*byte)?;
    }
    let printed = whole.len() + fraction.map_or(0, <[u8]>::len);
    if exponent > 0 && i32::try_from(printed).is_ok_and(|printed| printed <= exponent) {
        styles.add(Styles::ROUNDED);
    }
    let plain = fraction.is_none() && exponent == 0 && !styles.has(Styles(Styles::COMMAS.0 | Styles::SPACES.0));
    Some((digits, i32::try_from(kept.unwrap_or(0)).ok()? - exponent, plain.then_some(count)))
}

/// Digits alone, or in groups of three that one kind of separator parts.
fn grouped(text: &[u8], styles: &mut Styles, push: &mut dyn FnMut(u8) -> Option<()>) -> Option<()> {
    let first = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, mut rest) = text.split_at(first);
    digits.iter().try_for_each(|byte| push(*byte))?;
    let separators: [(&[u8], Styles); 4] =
        [(b",", Styles::COMMAS), (b" ", Styles::SPACES), (b"\xC2\xA0", Styles::SPACES), (b"\xE2\x80\xAF", Styles::SPACES)];
    let Some((separator, style)) = separators.into_iter().find(|(separator, _)| rest.starts_with(separator)) else {
        return rest.is_empty().then_some(());
    };
    (1..=3).contains(&first).then_some(())?;
    styles.add(style);
    while !rest.is_empty() {
        let (group, after) = rest.strip_prefix(separator)?.split_at_checked(3)?;
        group.iter().all(u8::is_ascii_digit).then_some(())?;
        group.iter().try_for_each(|byte| push(*byte))?;
        rest = after;
    }
    Some(())
}

fn scaled(digits: i128, decimals: i32) -> Option<(i128, Fineness)> {
    if digits == 0 {
        return Some((0, Fineness::Pence(u8::try_from(decimals.clamp(0, 2)).unwrap_or(0))));
    }
    if decimals <= 6 {
        let value = digits.checked_mul(10_i128.checked_pow(u32::try_from(6 - decimals).ok()?)?)?;
        (value < 10_i128.pow(30)).then_some(())?;
        let fine = u8::try_from(decimals.max(0)).unwrap_or(0);
        return Some(if value % PENNY == 0 { (value, Fineness::Pence(fine.min(2))) } else { (value, Fineness::Parts(fine)) });
    }
    let beyond = 10_i128.checked_pow(u32::try_from(decimals - 6).ok()?);
    let Some(beyond) = beyond else { return Some((0, Fineness::Noise)) };
    let (value, rest) = (digits / beyond, digits % beyond);
    // The penny that it lies next to: nearer than a millionth of a pound.
    let above = value + i128::from(rest > 0);
    if value % PENNY == 0 {
        Some((value, Fineness::Noise))
    } else if above % PENNY == 0 {
        Some((above, Fineness::Noise))
    } else {
        Some((value, Fineness::Finer))
    }
}

/// As a run reads an amount with a sign in its last digit (`{ABCDEFGHI`, `}JKLMNOPQR`) and pence implied; `None` where it is none.
pub(super) fn overpunched(text: &[u8]) -> Option<Millionths> {
    let (last, before) = text.split_last()?;
    let (negative, digit) = match last {
        b'{' => (false, 0),
        b'}' => (true, 0),
        b'A'..=b'I' => (false, last - b'A' + 1),
        b'J'..=b'R' => (true, last - b'J' + 1),
        _ => return None,
    };
    (!before.is_empty() && before.len() <= 20 && before.iter().all(u8::is_ascii_digit)).then_some(())?;
    let pence = before.iter().fold(0_i128, |sum, byte| sum * 10 + i128::from(byte - b'0')) * 10 + i128::from(digit);
    Some(Millionths(if negative { -pence } else { pence } * (MILLION / 100)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Option<String> {
        read(text.as_bytes()).map(|amount| amount.value.text())
    }

    #[test]
    fn every_style_is_read_exactly() {
        for (text, wanted) in [
            ("1234", "1234.00"),
            (" £ 3,750.00 ", "3750.00"),
            ("-£ 12.00 ", "-12.00"),
            (" £ -   ", "0.00"),
            ("-", "0.00"),
            ("(38,492)", "-38492.00"),
            ("453.06-", "-453.06"),
            ("<675.15>", "-675.15"),
            ("1 234.5", "1234.50"),
            ("12.00 CR", "-12.00"),
            ("(-1,234.56)", "-1234.56"),
            ("GBP 1,234.56", "1234.56"),
            ("-GBP1,234.56", "-1234.56"),
            ("1,234.56 GBP", "1234.56"),
            ("'1234.56", "1234.56"),
            ("\u{2212}4", "-4.00"),
            ("1.5E+03", "1500.00"),
            ("2236158.785", "2236158.785"),
            ("501.90000000000003", "501.90"),
            ("32811.019999999997", "32811.02"),
            ("-4.54747350886464E-13", "0.00"),
        ] {
            assert_eq!(value(text).as_deref(), Some(wanted), "{text}");
        }
        for text in [
            "",
            "abc",
            "1,23",
            "12,3456",
            "--1",
            "(1",
            "1.2.3",
            "01/04/2025",
            "5.",
            "1E5x",
            "£",
            "GBP",
            "GBP 5 GBP",
            "GBPS 5",
            "-(-5)",
            "''5",
            "(--5)",
        ] {
            assert_eq!(value(text), None, "{text}");
        }
    }

    #[test]
    fn a_stop_that_may_part_thousands_is_told() {
        let parted = |text: &str| read(text.as_bytes()).map(|amount| amount.parted);
        for text in ["12.500", "1.000", "-3.250", "999.999", "£12.345"] {
            assert_eq!(parted(text), Some(true), "{text}");
        }
        for text in ["0.500", "1250.000", "12.50", "12.5000", "1,250.000", "250", "0.000"] {
            assert_eq!(parted(text), Some(false), "{text}");
        }
    }

    #[test]
    fn noise_is_told_from_parts_of_a_penny() {
        let fineness = |text: &str| read(text.as_bytes()).map(|amount| amount.fineness);
        assert_eq!(fineness("501.90000000000003"), Some(Fineness::Noise));
        assert_eq!(fineness("10.005"), Some(Fineness::Parts(3)));
        assert_eq!(fineness("10.0050000001"), Some(Fineness::Finer));
        assert_eq!(fineness("10.50"), Some(Fineness::Pence(1)));
        assert_eq!(overpunched(b"000000006953D").map(Millionths::text).as_deref(), Some("695.34"));
        assert_eq!(overpunched(b"000000000279L").map(Millionths::text).as_deref(), Some("-27.93"));
    }
}
