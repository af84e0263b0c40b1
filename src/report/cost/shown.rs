//! Exact numbers as a person reads them.

use crate::domain::{Fraction, Pence, Quantity, grouped, pounds};

/// Digits up to which a fraction is printed whole; a longer one is in `--json`.
const MOST_DIGITS: usize = 30;

/// `20/33`, `1`; of a long one its first six decimals, `0.028504…`.
pub(in crate::report) fn fraction(exact: &Fraction) -> String {
    let text = exact.to_string();
    let text = text.strip_suffix("/1").unwrap_or(&text);
    if text.len() <= MOST_DIGITS { text.to_owned() } else { format!("{}…", decimals(exact)) }
}

/// An exact number of pence in pounds, as [`fraction`].
pub(in crate::report) fn exact_pounds(pence: &Fraction) -> String {
    fraction(&in_pounds(pence))
}

/// Pence in pounds.
pub(in crate::report) fn in_pounds(pence: &Fraction) -> Fraction {
    Fraction::new(pence.numerator().clone(), num_bigint::BigInt::from(pence.denominator().clone()) * 100).unwrap_or_else(|| pence.clone())
}

/// Six decimals, cut off.
fn decimals(exact: &Fraction) -> String {
    let size = exact.size();
    let millionths = size.numerator() * 1_000_000 / num_bigint::BigInt::from(size.denominator().clone());
    let (whole, rest) = (&millionths / 1_000_000, &millionths % 1_000_000);
    let sign = if *exact < Fraction::whole(0) { "-" } else { "" };
    format!("{sign}{whole}.{rest:06}")
}

/// `-2,380.24`: pounds in a column that says so.
pub(in crate::report) fn amount(pence: Pence) -> String {
    pounds(pence).replacen('£', "", 1)
}

/// `1,204`.
pub(in crate::report) fn number(count: i64) -> String {
    let sign = if count < 0 { "-" } else { "" };
    format!("{sign}{}", grouped(count.unsigned_abs().into()))
}

/// A difference of shares in percentage points, `-5.48`, to the nearest hundredth.
pub(in crate::report) fn points(difference: &Fraction) -> String {
    let hundredths = (difference * &Fraction::whole(10_000)).half_up();
    hundredths.map_or_else(|| fraction(difference), crate::domain::decimal)
}

/// `3`, `2.5`: a quantity without the noughts at its end.
pub(in crate::report) fn quantity(quantity: Quantity) -> String {
    let text = decimals(&quantity.exact());
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// `all but income`, `income`: an account group as a person reads it.
pub(in crate::report) fn words(identifier: &str) -> String {
    identifier.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_they_are_meant() {
        let of = |n: i64, d: i64| Fraction::new(n, d).unwrap();
        assert_eq!((fraction(&of(20, 33)), fraction(&of(3, 3)), fraction(&of(-1, 2))), ("20/33".into(), "1".into(), "-1/2".into()));
        let long = &(&of(1, i64::MAX) * &of(1, i64::MAX)) + &of(-57, 2_000);
        assert_eq!(fraction(&long), "-0.028499…");
        assert_eq!(exact_pounds(&of(4_056_300, 11)), "40563/11");
        assert_eq!((amount(-238_024), number(-1_204)), ("-2,380.24".into(), "-1,204".into()));
        assert_eq!(points(&of(-17, 310)), "-5.48");
        let quantities = [3_000_000, 2_500_000, 0].map(|millionths| quantity(Quantity::from_millionths(millionths)));
        assert_eq!(quantities, ["3", "2.5", "0"]);
    }
}
