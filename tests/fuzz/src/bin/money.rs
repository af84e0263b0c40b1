//! What the money parser reads is what the digits say, in whatever styles.

#![no_main]

use libfuzzer_sys::fuzz_target;
use truecost_fuzz::{
    decode::MoneyRules,
    domain::{Money, decimal},
    schema::MoneyStyle,
};

const STYLES: [MoneyStyle; 11] = [
    MoneyStyle::Plain,
    MoneyStyle::Commas,
    MoneyStyle::Spaces,
    MoneyStyle::Pound,
    MoneyStyle::MinusAfter,
    MoneyStyle::Brackets,
    MoneyStyle::CrDr,
    MoneyStyle::UnicodeMinus,
    MoneyStyle::Scientific,
    MoneyStyle::Overpunch,
    MoneyStyle::Implied(2),
];

fuzz_target!(|input: &[u8]| {
    let [low, high, text @ ..] = input else { return };
    let choice = u16::from_le_bytes([*low, *high]);
    let styles: Vec<MoneyStyle> = STYLES.iter().enumerate().filter(|(at, _)| choice >> at & 1 == 1).map(|(_, style)| *style).collect();
    let Ok(pence) = MoneyRules::new(&styles).read(text) else { return };
    assert!(Money::from_pence(pence).is_some());
    // What was read comes back from its plain text.
    assert_eq!(MoneyRules::new(&[MoneyStyle::Plain]).read(decimal(pence.into()).as_bytes()), Ok(pence));
    // Styles that only say how an amount is dressed do not change it, and its digits are those of the text.
    if styles.iter().all(|style| !matches!(style, MoneyStyle::Scientific | MoneyStyle::Overpunch | MoneyStyle::Implied(_))) {
        assert_eq!(MoneyRules::new(&STYLES[..8]).read(text), Ok(pence));
        assert_eq!(slowly(text), Some(pence), "{}", String::from_utf8_lossy(text));
    }
});

/// Pence by looking at one character after another, with no notion of what is allowed.
fn slowly(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    let negative = text.contains(['-', '(', '\u{2212}']) || text.to_ascii_uppercase().ends_with("CR");
    let bare: String = text.chars().filter(|c| c.is_ascii_digit() || *c == '.').collect();
    let (whole, fraction) = bare.split_once('.').unwrap_or((&bare, ""));
    let fraction = fraction.trim_end_matches('0');
    let size: i128 = format!("0{}{fraction:0<2}", whole.trim_start_matches('0')).parse().ok()?;
    let size = i64::try_from(size).ok()?;
    Some(if negative { -size } else { size })
}
