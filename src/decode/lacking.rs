//! Which word a contract lacks for a value that it cannot read: told beside the reason, never acted upon.

use super::{
    reject::ValueFault,
    value::{
        date::DateFault,
        fit::{Fit, fit},
        money::{AmountFault, MoneyRules},
    },
};
use crate::domain::without_blanks;
use crate::schema::{ColumnRules, MoneyStyle, Noise, Round, Rounding, date_format, style_word};

/// `looks like a day number of Excel: say …`; `None` where no single answer suggests itself. It holds nothing of the value.
pub(super) fn word(fault: ValueFault, rules: &ColumnRules, value: &str) -> Option<String> {
    let padded = value;
    let value = value.get(without_blanks(value)).unwrap_or(value).trim();
    match fault {
        ValueFault::Amount(AmountFault::Style) => styles(rules, padded, value),
        ValueFault::Amount(AmountFault::Precision) => part_pennies(rules, value),
        ValueFault::Date(DateFault::Format) => date(value),
        _ => None,
    }
}

/// Styles that may stand beside any other, the rarer ones last: of several that would do, the first are named.
fn styles_beside_any() -> impl DoubleEndedIterator<Item = MoneyStyle> {
    MoneyRules::PRINTED.into_iter().chain([MoneyStyle::Scientific, MoneyStyle::Accounting])
}

/// The fewest styles by which the text would be an amount; or that blanks stand around it, and it is one without them.
fn styles(rules: &ColumnRules, padded: &str, value: &str) -> Option<String> {
    if MoneyRules::of(rules).amount(value.as_bytes()).is_ok() {
        return (padded != value).then(|| "it is one without the blanks around it, which `trim: true` takes off".to_owned());
    }
    let words: Vec<String> = lacking_styles(rules, value)?.iter().map(|style| format!("`{}`", style_word(*style))).collect();
    Some(format!("it is one with {} among the styles of `money`", words.join(" and ")))
}

/// The fewest styles which a column lacks to read a text as an amount; `None` where it reads it, or none would.
#[must_use]
pub fn lacking_styles(rules: &ColumnRules, value: &str) -> Option<Vec<MoneyStyle>> {
    let declared = MoneyRules::of(rules);
    if declared.amount(value.as_bytes()).is_ok() {
        return None;
    }
    let reads = |added: &[MoneyStyle]| {
        let all: Vec<MoneyStyle> = rules.money.iter().chain(added).copied().collect();
        matches!(declared.with_styles(&all).amount(value.as_bytes()), Ok(_) | Err(AmountFault::Precision))
    };
    let mut lacking: Vec<MoneyStyle> = styles_beside_any().collect();
    if rules.money.iter().any(|style| matches!(style, MoneyStyle::Implied(_) | MoneyStyle::Overpunch | MoneyStyle::OverpunchDigits))
        || !reads(&lacking)
    {
        return None;
    }
    for style in styles_beside_any().rev() {
        let without: Vec<MoneyStyle> = lacking.iter().filter(|one| **one != style).copied().collect();
        if reads(&without) {
            lacking = without;
        }
    }
    Some(lacking)
}

/// Noise, or real parts of a penny.
fn part_pennies(rules: &ColumnRules, value: &str) -> Option<String> {
    let reads = |noise: Option<Noise>, rounding: Option<Rounding>| {
        MoneyRules::of(&ColumnRules { noise, rounding, ..ColumnRules::default() })
            .with_styles(&rules.money)
            .amount(value.as_bytes())
            .is_ok()
    };
    let millionth = Some(Noise(1_000_000));
    if rules.noise.is_none() && reads(millionth, rules.rounding) {
        return Some("it looks like the noise of a spreadsheet: if so, say `noise: 0.000001` in the contract".to_owned());
    }
    let rounding = |decimals| Some(Rounding { decimals, round: Round::HalfEven });
    let decimals = (3..=6).find(|decimals| reads(rules.noise, rounding(*decimals)))?;
    Some(format!("real parts of a penny are rounded row by row with `decimals: {decimals}` and `round: half_even` (or `half_up`)"))
}

/// Formats in which dates come, each with what it is called. Day and month as numbers are told apart by none of them.
const DATES: [(&str, &str); 11] = [
    ("excel", "a day number of Excel"),
    ("dd mmmm yyyy", "a month written out"),
    ("dd-mmmm-yyyy", "a month written out"),
    ("yyyy-mm-dd hh:mi:ss", "a day with a time"),
    ("dd/mm/yyyy hh:mi:ss", "a day with a time"),
    ("dd/mm/yyyy hh:mi", "a day with a time"),
    ("yyyy-mm-dd hh:mi:ss.000", "a time with a fraction of a second"),
    ("dd/mm/yyyy hh:mi:ss.000", "a time with a fraction of a second"),
    ("dd/mm/yyyy hh:mi:ss ampm", "a time before or after noon"),
    ("dd/mm/yyyy hh:mi ampm", "a time before or after noon"),
    ("yyyy-mm-ddThh:mi:sszzz", "an instant with its zone"),
];

/// The one format of a list of common ones by which the text would be a date of our time.
fn date(value: &str) -> Option<String> {
    let is_day = |text: &str| match date_format(text).map(|format| fit(&format.parts, value.as_bytes())) {
        Ok(Fit::Day(day)) => (1980..2100).contains(&day.ymd().0),
        _ => false,
    };
    let mut fitting = DATES.into_iter().filter(|(format, _)| is_day(format));
    let ((format, name), None) = (fitting.next()?, fitting.next()) else { return None };
    Some(format!("it looks like {name}: if so, say `{format}` among the date formats"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(styles: &[MoneyStyle], value: &str) -> String {
        let rules = ColumnRules { money: styles.to_vec(), ..ColumnRules::default() };
        match MoneyRules::of(&rules).amount(value.as_bytes()) {
            Err(fault) => word(ValueFault::Amount(fault), &rules, value).unwrap_or_default(),
            Ok(_) => "read".to_owned(),
        }
    }

    #[test]
    fn the_fewest_styles_that_would_read_an_amount_are_named() {
        let plain = [MoneyStyle::Plain];
        let named = |words: &str| format!("it is one with {words} among the styles of `money`");
        assert_eq!(money(&plain, "1,234.50"), named("`commas`"));
        assert_eq!(money(&plain, "£ 3,750.00"), named("`commas` and `pound` and `apart`"));
        assert_eq!(money(&[MoneyStyle::Plain, MoneyStyle::Commas], "- 1,250"), named("`apart`"));
        assert_eq!(money(&plain, "(12.00)"), named("`brackets`"));
        assert_eq!(money(&plain, "£ -"), named("`accounting`"));
        assert_eq!(money(&plain, "12.00CR"), named("`crdr`"));
        assert!(money(&plain, " 2.50 ").contains("`trim: true`"));
        assert_eq!(money(&plain, "12.00 GBP"), named("`gbp`"));
        for value in ["n/a", "#REF!", "12.00 EUR", "1.234,50"] {
            assert_eq!(money(&plain, value), "", "{value}");
        }
    }

    #[test]
    fn noise_and_parts_of_a_penny_are_told_apart() {
        let numbers = [MoneyStyle::Plain, MoneyStyle::Scientific];
        assert!(money(&numbers, "1234.5600000000002").contains("noise: 0.000001"));
        assert!(money(&numbers, "-3.46945E-18").contains("noise: 0.000001"));
        assert!(money(&numbers, "1.999").contains("`decimals: 3`"));
        assert!(money(&numbers, "1.00012").contains("`decimals: 5`"));
        assert_eq!(money(&numbers, "1.0001234"), "");
    }

    #[test]
    fn a_date_that_lacks_its_word_names_it() {
        let named = |value: &str| word(ValueFault::Date(DateFault::Format), &ColumnRules::default(), value).unwrap_or_default();
        assert_eq!(named("45840"), "it looks like a day number of Excel: if so, say `excel` among the date formats");
        assert!(named("2025-07-02 00:00:00.000").contains("`yyyy-mm-dd hh:mi:ss.000`"));
        assert!(named("3/7/2025 9:58 PM").contains("`dd/mm/yyyy hh:mi ampm`"));
        assert!(named("3 September 2025").contains("`dd mmmm yyyy`"));
        for value in ["", "n/a", "7", "20250702", "3/7/2025"] {
            assert_eq!(named(value), "", "{value}");
        }
    }
}
