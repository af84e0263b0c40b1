//! Numbers and words as extracts spell them, written straight into a buffer: allocating for each would take most of the time.

use crate::domain::Day;

use super::journal::{Line, Origin};

pub(super) const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

pub(super) fn put(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

/// Decimal digits, with leading noughts up to `width`.
pub(super) fn put_number(out: &mut Vec<u8>, number: u64, width: usize) {
    let start = out.len();
    let mut rest = number;
    while rest > 0 || out.len() - start < width.max(1) {
        out.push(b'0' + (rest % 10) as u8);
        rest /= 10;
    }
    if let Some(digits) = out.get_mut(start..) {
        digits.reverse();
    }
}

/// `1234567.89`
pub(super) fn put_pounds(out: &mut Vec<u8>, pence: u64) {
    put_number(out, pence / 100, 1);
    out.push(b'.');
    put_number(out, pence % 100, 2);
}

/// `1,234,567.89`
pub(super) fn put_pounds_with_commas(out: &mut Vec<u8>, pence: u64) {
    put_thousands(out, pence / 100);
    out.push(b'.');
    put_number(out, pence % 100, 2);
}

fn put_thousands(out: &mut Vec<u8>, number: u64) {
    if number < 1_000 {
        return put_number(out, number, 1);
    }
    put_thousands(out, number / 1_000);
    out.push(b',');
    put_number(out, number % 1_000, 3);
}

/// `05/04/2018`
pub(super) fn put_day(out: &mut Vec<u8>, day: Day) {
    let (year, month, day) = day.ymd();
    put_number(out, day.into(), 2);
    out.push(b'/');
    put_number(out, month.into(), 2);
    out.push(b'/');
    put_number(out, year.unsigned_abs().into(), 4);
}

/// `05-APR-2018`
pub(super) fn put_name_day(out: &mut Vec<u8>, day: Day) {
    let (year, month, day) = day.ymd();
    put_number(out, day.into(), 2);
    out.push(b'-');
    put(out, MONTHS.get(usize::from(month) - 1).copied().unwrap_or("JAN"));
    out.push(b'-');
    put_number(out, year.unsigned_abs().into(), 4);
}

/// `20180405`
pub(super) fn put_plain_day(out: &mut Vec<u8>, day: Day) {
    let (year, month, day) = day.ymd();
    put_number(out, year.unsigned_abs().into(), 4);
    put_number(out, month.into(), 2);
    put_number(out, day.into(), 2);
}

/// `2018-04-05`
pub(super) fn put_iso_day(out: &mut Vec<u8>, day: Day) {
    let (year, month, day) = day.ymd();
    put_number(out, year.unsigned_abs().into(), 4);
    out.push(b'-');
    put_number(out, month.into(), 2);
    out.push(b'-');
    put_number(out, day.into(), 2);
}

/// In Windows-1252, whose bytes from A0 on are the characters of the same number. Nothing here uses any other.
pub(super) fn put_windows_1252(out: &mut Vec<u8>, text: &str) {
    out.extend(text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')));
}

/// The number after a narrative: a week has 52, other things have more.
pub(super) const fn number_after(words: &str, line: &Line<'_>) -> u64 {
    if matches!(words.as_bytes(), [.., b'w', b'k', b' ']) { line.number % 52 + 1 } else { line.number }
}

/// What the line is for, as somebody typed it; a number goes after it.
pub(super) fn narrative(line: &Line<'_>) -> &'static str {
    let words: &[&str] = match line.origin {
        Origin::Payables => &[
            "Café supplies £ wk ",
            "Agency cover wk ",
            "Stationery order ",
            "Repairs job ",
            "Software licence ",
            "Taxi contract route ",
            "Placement fees wk ",
            "Winter gritting depot ",
            "Legal counsel matter ",
            "Utilities meter ",
        ],
        Origin::Receivables => {
            &["Fees and charges batch ", "Rent of premises unit ", "Planning fee case ", "Parking income week ", "Grant instalment "]
        }
        Origin::Payroll | Origin::Manual => {
            &["Accrual ", "Reversal of accrual ", "Internal recharge ", "Miscoding corrected ", "Prepayment "]
        }
    };
    usize::try_from(line.words % words.len() as u64).ok().and_then(|at| words.get(at)).copied().unwrap_or("Narrative ")
}

/// An obviously invented supplier or customer; no name on payroll and manual journals.
pub(super) fn put_party(out: &mut Vec<u8>, line: &Line<'_>, before_number: &str, after_number: &str) {
    const TRADES: [&str; 12] = [
        "EXAMPLE CARE ",
        "SPECIMEN CATERING ",
        "SAMPLE CLEANING ",
        "INVENTED COACHES ",
        "EXAMPLE ENERGY ",
        "SPECIMEN ESTATES ",
        "SAMPLE FREIGHT ",
        "INVENTED HOUSING ",
        "EXAMPLE PAPER ",
        "SPECIMEN ROOFING ",
        "SAMPLE STAFFING ",
        "INVENTED SYSTEMS ",
    ];
    if let Some(given) = line.given {
        return put(out, &given.party);
    }
    if matches!(line.origin, Origin::Payroll | Origin::Manual) {
        return;
    }
    put(out, usize::try_from(line.party % 12).ok().and_then(|at| TRADES.get(at)).copied().unwrap_or("EXAMPLE "));
    put(out, before_number);
    put_number(out, line.party, 1);
    put(out, after_number);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(write: impl Fn(&mut Vec<u8>)) -> String {
        let mut out = b"x".to_vec();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_and_pounds() {
        assert_eq!(seen(|out| put_number(out, 0, 1)), "x0");
        assert_eq!(seen(|out| put_number(out, 7, 2)), "x07");
        assert_eq!(seen(|out| put_number(out, u64::MAX, 1)), "x18446744073709551615");
        assert_eq!(seen(|out| put_pounds(out, 5)), "x0.05");
        assert_eq!(seen(|out| put_pounds_with_commas(out, 99_999)), "x999.99");
        assert_eq!(seen(|out| put_pounds_with_commas(out, 100_000_000_005)), "x1,000,000,000.05");
    }

    #[test]
    fn windows_1252_is_one_byte_a_character() {
        let mut out = Vec::new();
        put_windows_1252(&mut out, "é£'");
        assert_eq!(out, [0xE9, 0xA3, b'\'']);
    }
}
