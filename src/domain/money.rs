//! Exact sterling.

use std::fmt;

/// Total of many amounts, in pence. Wide enough that no sum of lines can overflow it.
pub type Pence = i128;

/// Whether a word says pounds sterling, as systems write it.
#[must_use]
pub fn is_sterling(word: &str) -> bool {
    ["GBP", "STG", "UKP", "£"].iter().any(|known| known.eq_ignore_ascii_case(word))
}

/// An amount in pence that fits the stored type `DECIMAL(18,2)`.
///
/// Debit and cost are positive, credit and income negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(i64);

impl Money {
    /// The largest amount of either sign: 9,999,999,999,999,999.99 pounds.
    pub const MAX_PENCE: i64 = 999_999_999_999_999_999;

    /// `None` where the amount needs more than 18 digits.
    #[must_use]
    pub const fn from_pence(pence: i64) -> Option<Self> {
        if pence.unsigned_abs() <= Self::MAX_PENCE.unsigned_abs() { Some(Self(pence)) } else { None }
    }

    #[must_use]
    pub const fn pence(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&decimal(Pence::from(self.0)))
    }
}

/// `-1234.5` pounds as `-1234.50`: what a machine reads.
#[must_use]
pub fn decimal(pence: Pence) -> String {
    let sign = if pence < 0 { "-" } else { "" };
    let size = pence.unsigned_abs();
    format!("{sign}{}.{:02}", size / 100, size % 100)
}

/// `-12.34` as printed by [`decimal`].
#[must_use]
pub fn parse_pounds(text: &str) -> Option<Pence> {
    let (whole, decimals) = text.split_once('.').filter(|(_, d)| d.len() == 2)?;
    format!("{whole}{decimals}").parse().ok()
}

/// A number with at most so many decimals, in units of the last of them: `-1.5` is -150 in pence (2), -1500000 in millionths (6).
/// `None` where it is no such number, or has more than 18 digits.
#[must_use]
pub fn parse_decimal(text: &str, decimals: usize) -> Option<i128> {
    let (negative, size) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, part) = size.split_once('.').unwrap_or((size, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() > decimals || whole.len() + decimals > 18 {
        return None;
    }
    let units: i128 = format!("{whole}{part:0<decimals$}").parse().ok()?;
    Some(if negative { -units } else { units })
}

/// `-1234.5` pounds as `-£1,234.50`: what a person reads.
#[must_use]
pub fn pounds(pence: Pence) -> String {
    let sign = if pence < 0 { "-" } else { "" };
    let size = pence.unsigned_abs();
    format!("{sign}£{}.{:02}", grouped(size / 100), size % 100)
}

/// Millionths of a pound as a machine reads them: `2236158.785`, and as pence where there is no part of one.
#[must_use]
pub fn decimal_of(millionths: i128) -> String {
    let sign = if millionths < 0 { "-" } else { "" };
    let size = millionths.unsigned_abs();
    let decimals = format!("{:06}", size % 1_000_000);
    let kept = decimals.trim_end_matches('0').len().max(2);
    format!("{sign}{}.{}", size / 1_000_000, decimals.get(..kept).unwrap_or(&decimals))
}

/// Millionths of a pound as a person reads them: `£2,236,158.785`.
#[must_use]
pub fn pounds_of(millionths: i128) -> String {
    let text = decimal_of(millionths.saturating_abs());
    let sign = if millionths < 0 { "-" } else { "" };
    let decimals = text.split_once('.').map_or("", |(_, decimals)| decimals);
    format!("{sign}£{}.{decimals}", grouped(millionths.unsigned_abs() / 1_000_000))
}

/// `1 delivery`, `1,204 rows`: a number and its noun, which is given in the singular.
#[must_use]
pub fn counted(number: u64, noun: &str) -> String {
    let number = grouped(u128::from(number));
    match (number.as_str(), noun.strip_suffix('y')) {
        ("1", _) => format!("1 {noun}"),
        // A vowel before it keeps the y: days.
        (_, Some(stem)) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{number} {stem}ies"),
        _ => format!("{number} {noun}s"),
    }
}

/// `4 rows, £12.00`; `4 rows` where they have no pounds (`None`).
#[must_use]
pub fn rows_and_pounds(rows: u64, pence: Option<Pence>) -> String {
    let rows = counted(rows, "row");
    pence.map_or_else(|| rows.clone(), |pence| format!("{rows}, {}", pounds(pence)))
}

/// `1234567` as `1,234,567`.
#[must_use]
pub fn grouped(number: u128) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_eighteen_digits_of_either_sign() {
        assert!(Money::from_pence(Money::MAX_PENCE).is_some());
        assert!(Money::from_pence(-Money::MAX_PENCE).is_some());
        assert!(Money::from_pence(Money::MAX_PENCE + 1).is_none());
        assert!(Money::from_pence(i64::MIN).is_none());
    }

    #[test]
    fn a_number_is_read_in_units_of_its_last_decimal() {
        assert_eq!(parse_decimal("-1.5", 2), Some(-150));
        assert_eq!(parse_decimal("12", 6), Some(12_000_000));
        assert_eq!(parse_decimal("0.000001", 6), Some(1));
        assert_eq!(parse_decimal("999999999999.999999", 6), Some(Money::MAX_PENCE.into()));
        for (text, decimals) in [("1.234", 2), ("0.0000001", 6), ("1000000000000", 6), ("", 2), ("-", 2), ("1.", 2), (".5", 2), ("1e2", 2)]
        {
            assert_eq!(parse_decimal(text, decimals), None, "{text}");
        }
    }

    #[test]
    fn one_is_singular_and_nought_is_not() {
        let said = [0, 1, 2, 1204].map(|n| counted(n, "delivery"));
        assert_eq!(said, ["0 deliveries", "1 delivery", "2 deliveries", "1,204 deliveries"]);
        assert_eq!((counted(3, "day"), counted(1, "row")), ("3 days".into(), "1 row".into()));
    }

    #[test]
    fn a_person_reads_grouped_pounds_and_a_machine_plain_ones() {
        assert_eq!(pounds(-149_679_672_232), "-£1,496,796,722.32");
        assert_eq!(decimal(-5), "-0.05");
        assert_eq!(pounds(0), "£0.00");
        assert_eq!(pounds(100_000), "£1,000.00");
    }
}
