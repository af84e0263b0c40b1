//! Totals as a sender writes them: counts, and amounts in millionths of a pound.

use serde_json::Value;

use crate::{
    decode::{Judge, MoneyRules, printed},
    domain::{Identifier, Pence},
    pipeline::{Control, Measure},
    schema::{ColumnRules, MoneyStyle},
};

/// A total in millionths of a pound that is printed as the columns are that it adds up: `000345000` is £3,450.00 where their amounts are
/// `implied(2)`, and it may carry noise or parts of a penny where these may. `None` where they are printed otherwise, or it is.
pub(super) fn as_column(control: &Control, judge: &Judge, text: &str) -> Option<Pence> {
    let Measure::Sum(terms) = &control.measure else { return None };
    let rules = |name: &Identifier| judge.contract().column(name).map(|column| &column.rules);
    let first = rules(&terms.first()?.1)?;
    let as_first = |other: &ColumnRules| MoneyRules::of(other) == MoneyRules::of(first);
    let alike = terms.iter().all(|(_, name)| rules(name).is_some_and(as_first));
    let is_implied =
        first.money.iter().any(|style| matches!(style, MoneyStyle::Implied(_) | MoneyStyle::Overpunch | MoneyStyle::OverpunchDigits));
    let has_parts = first.noise.is_some() || first.rounding.is_some();
    let read = |text: &str| MoneyRules::of(first).amount(text.as_bytes()).ok();
    let read = || read(text.trim()).or_else(|| if is_implied { None } else { read(&text.trim().replace(',', "")) });
    (alike && (is_implied || has_parts)).then(read)?.map(|amount| printed(amount.pence.into(), amount.residue.into()))
}

/// A count, or an amount of at most two decimals in millionths of a pound; thousands may be set off by commas.
pub(super) fn number(text: &str, is_count: bool) -> Option<Pence> {
    let text = text.trim().replace(',', "");
    let (negative, digits) = text.strip_prefix('-').map_or((false, text.as_str()), |rest| (true, rest));
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    let is_digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() > 30 || !is_digits(whole) || !is_digits(decimals) {
        return None;
    }
    let whole: Pence = whole.parse().ok()?;
    if is_count {
        return (decimals.is_empty() && !negative).then_some(whole);
    }
    let cents = decimals.trim_end_matches('0');
    let cents: Pence = if cents.len() > 2 { None } else { format!("{cents:0<2}").parse().ok() }?;
    let millionths = printed(whole * 100 + cents, 0);
    Some(if negative { -millionths } else { millionths })
}

/// JSON integers or decimal text; a JSON number with a fraction is not exact and not taken.
pub(super) fn json_number(value: &Value, is_count: bool) -> Option<Pence> {
    match value {
        Value::String(text) => number(text, is_count),
        Value::Number(n) => n.as_i64().map(Pence::from).map(|n| if is_count { n } else { printed(n * 100, 0) }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact_or_not_taken() {
        assert_eq!(number("-1,234.5", false), Some(-1_234_500_000));
        assert_eq!(number("12", false), Some(12_000_000));
        assert_eq!(number("1.999", false), None);
        assert_eq!(number("1.990", false), Some(1_990_000));
        assert_eq!(number("1.5", true), None);
        assert_eq!(number("", true), None);
        assert_eq!(json_number(&serde_json::json!(12.5), false), None);
        assert_eq!(json_number(&serde_json::json!("12.50"), false), Some(12_500_000));
        assert_eq!(json_number(&serde_json::json!(7), true), Some(7));
    }
}
