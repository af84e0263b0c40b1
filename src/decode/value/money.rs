//! Text → pence, or millionths of a quantity, exactly. Never a float, never a guess.

use super::part_pennies::{PartPennies, ReadAmount};
use crate::{
    domain::Money,
    schema::{ColumnRules, MoneyStyle},
};

/// The styles in which a column's amounts may be printed.
///
/// Digits with an optional point and decimals (`1234`, `1234.5`, `.50`) are read under every style; what stands around
/// and between them must be declared. An amount carries at most one mark of its sign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)] // a set of styles, asked one by one
pub struct MoneyRules {
    sign: bool,
    commas: bool,
    spaces: bool,
    pound: bool,
    minus_after: bool,
    brackets: bool,
    minus_inside: bool,
    gbp: bool,
    apostrophe: bool,
    angle_brackets: bool,
    crdr: bool,
    unicode_minus: bool,
    scientific: bool,
    overpunch: bool,
    overpunch_digits: bool,
    apart: bool,
    accounting: bool,
    implied: Option<u8>,
    part_pennies: PartPennies,
}

/// Why a text is no amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AmountFault {
    /// In none of the declared styles.
    Style,
    /// More decimals than two, for a quantity than six, and not noughts.
    Precision,
    /// More than 18 digits.
    TooLarge,
}

/// Digits, and how many of them are decimals.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Decimal {
    pub(super) digits: u128,
    pub(super) decimals: i32,
}

/// Most significant digits that are told apart; more are [`AmountFault::TooLarge`].
const MAX_DIGITS: u32 = 36;
pub(super) const PENCE_DECIMALS: i32 = 2;
const QUANTITY_DECIMALS: i32 = 6;
const NO_BREAK_SPACE: &[u8] = "\u{a0}".as_bytes();
const NARROW_SPACE: &[u8] = "\u{202f}".as_bytes();
const POUND: &[u8] = "£".as_bytes();
const GBP: &[u8] = b"GBP";
const MINUS: &[u8] = "\u{2212}".as_bytes();

impl MoneyRules {
    /// Styles in which an amount is printed, whatever the column declares. None of them reads the digits of another as other pounds.
    pub const PRINTED: [MoneyStyle; 13] = [
        MoneyStyle::Plain,
        MoneyStyle::Commas,
        MoneyStyle::Spaces,
        MoneyStyle::Pound,
        MoneyStyle::Apart,
        MoneyStyle::MinusAfter,
        MoneyStyle::Brackets,
        MoneyStyle::MinusInBrackets,
        MoneyStyle::Gbp,
        MoneyStyle::Apostrophe,
        MoneyStyle::AngleBrackets,
        MoneyStyle::CrDr,
        MoneyStyle::UnicodeMinus,
    ];

    /// A column that declares no style is read as `plain`.
    #[must_use]
    pub fn new(styles: &[MoneyStyle]) -> Self {
        let has = |style| styles.contains(&style);
        let accounting = has(MoneyStyle::Accounting);
        Self {
            sign: has(MoneyStyle::Plain) || styles.is_empty() || accounting,
            commas: has(MoneyStyle::Commas) || accounting,
            spaces: has(MoneyStyle::Spaces),
            pound: has(MoneyStyle::Pound) || accounting,
            minus_after: has(MoneyStyle::MinusAfter),
            brackets: has(MoneyStyle::Brackets),
            minus_inside: has(MoneyStyle::MinusInBrackets),
            gbp: has(MoneyStyle::Gbp),
            apostrophe: has(MoneyStyle::Apostrophe),
            angle_brackets: has(MoneyStyle::AngleBrackets),
            crdr: has(MoneyStyle::CrDr),
            unicode_minus: has(MoneyStyle::UnicodeMinus),
            scientific: has(MoneyStyle::Scientific),
            overpunch: has(MoneyStyle::Overpunch),
            overpunch_digits: has(MoneyStyle::OverpunchDigits),
            apart: has(MoneyStyle::Apart) || accounting,
            accounting,
            part_pennies: PartPennies::default(),
            implied: styles.iter().find_map(|style| if let MoneyStyle::Implied(n) = style { Some(*n) } else { None }),
        }
    }

    /// How a column's amounts are read: its styles, its noise, and what becomes of parts of a penny.
    #[must_use]
    pub fn of(rules: &ColumnRules) -> Self {
        Self { part_pennies: PartPennies::of(rules), ..Self::new(&rules.money) }
    }

    /// The same noise and parts of a penny, printed in other styles.
    #[must_use]
    pub(in crate::decode) fn with_styles(self, styles: &[MoneyStyle]) -> Self {
        Self { part_pennies: self.part_pennies, ..Self::new(styles) }
    }

    /// Whether amounts may be printed with a decimal point: not where their last digits are the decimals.
    #[must_use]
    pub const fn may_print_point(&self) -> bool {
        self.implied.is_none() && !self.overpunch && !self.overpunch_digits
    }

    /// The same for a cell that holds a number and no text: its shortest decimal text is read, with or without an exponent, by the noise
    /// and the decimals of the column; styles say how text is printed, and mean nothing here.
    ///
    /// This is the one door from a workbook's number to money: `MoneyRules::of(rules).of_numbers().amount(text)`.
    #[must_use]
    pub fn of_numbers(self) -> Self {
        self.with_styles(&[MoneyStyle::Plain, MoneyStyle::Scientific])
    }

    /// The amount printed as `text`: pence, what rounding took off where the column says how to round, and the noise where it says how
    /// much there may be.
    ///
    /// # Errors
    /// Where it is in none of the declared styles, has more decimals than declared and is no noise, or is longer than 18 digits.
    pub fn amount(&self, text: &[u8]) -> Result<ReadAmount, AmountFault> {
        let (negative, decimal) = self.decimal(text)?;
        let amount = self.part_pennies.amount(decimal)?;
        Ok(if negative { amount.turned() } else { amount })
    }

    /// Pence of the amount printed as `text`.
    ///
    /// # Errors
    /// As [`Self::amount`]; also where some part of a penny would be rounded away.
    pub fn read(&self, text: &[u8]) -> Result<i64, AmountFault> {
        let amount = self.amount(text)?;
        if amount.residue == 0 { Ok(amount.pence) } else { Err(AmountFault::Precision) }
    }

    /// Millionths of the quantity printed as `text`: `0.6` is 600,000.
    ///
    /// # Errors
    /// Where it is in none of the declared styles, finer than millionths, or longer than 18 digits with its six decimals.
    pub fn read_quantity(&self, text: &[u8]) -> Result<i64, AmountFault> {
        let (negative, decimal) = self.decimal(text)?;
        let size = scaled(decimal, QUANTITY_DECIMALS)?;
        Ok(if negative { -size } else { size })
    }

    /// Sign and digits.
    fn decimal(&self, text: &[u8]) -> Result<(bool, Decimal), AmountFault> {
        let text = self.without_blanks(text);
        if self.accounting && is_dash(text) {
            return Ok((false, Decimal::default()));
        }
        let (negative, body) = self.split_sign(text).ok_or(AmountFault::Style)?;
        if self.overpunch || self.overpunch_digits {
            self.overpunched(negative, body)
        } else {
            Ok((negative == Some(true), self.body(body)?))
        }
    }

    /// The text without the blanks around it, where blanks may stand between sign, currency and digits.
    fn without_blanks<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        if self.apart { trimmed(text) } else { text }
    }

    /// Takes off what marks sign and currency: `Some(true)` is negative, `None` unmarked.
    fn split_sign<'a>(&self, text: &'a [u8]) -> Option<(Option<bool>, &'a [u8])> {
        let (text, mut pound) = self.without_currency_after(text);
        let (mut sign, mut rest, mut close, mut inside) = (None, text, None, false);
        loop {
            let (mark, after) = match rest {
                [b'-', after @ ..] if self.minus_inside && close == Some(b')') && !inside => {
                    inside = true;
                    (None, after)
                }
                [b'-', after @ ..] if self.sign => (Some(true), after),
                [b'+', after @ ..] if self.sign => (Some(false), after),
                [b'(', after @ ..] if self.brackets || self.minus_inside => {
                    close = Some(b')');
                    (Some(true), after)
                }
                [b'<', after @ ..] if self.angle_brackets => {
                    close = Some(b'>');
                    (Some(true), after)
                }
                _ => match (rest.strip_prefix(MINUS), rest.strip_prefix(POUND)) {
                    (Some(after), _) if self.unicode_minus => (Some(true), after),
                    (_, Some(after)) if self.pound && !pound => {
                        pound = true;
                        (None, after)
                    }
                    _ if self.gbp && !pound && rest.starts_with(GBP) => {
                        pound = true;
                        (None, trimmed(rest.get(GBP.len()..).unwrap_or_default()))
                    }
                    _ => break,
                },
            };
            if mark.is_some() && sign.is_some() {
                return None;
            }
            sign = sign.or(mark);
            rest = self.without_blanks(after);
        }
        if close == Some(b')') && !self.brackets && !inside {
            return None;
        }
        if let Some(close) = close {
            return Some((sign, self.without_blanks(rest.strip_suffix(&[close])?)));
        }
        let (mark, body) = self.split_mark_after(rest);
        let body = if mark.is_some() { self.without_blanks(body) } else { body };
        if mark.is_some() && sign.is_some() { None } else { Some((sign.or(mark), body)) }
    }

    /// Takes off what a spreadsheet marks a text by, and a currency behind the amount; whether there was one.
    fn without_currency_after<'a>(&self, text: &'a [u8]) -> (&'a [u8], bool) {
        let text = if self.apostrophe { text.strip_prefix(b"'").unwrap_or(text) } else { text };
        let before = text.strip_suffix(GBP).filter(|before| self.gbp && !before.is_empty());
        before.map_or((text, false), |before| (trimmed(before), true))
    }

    fn split_mark_after<'a>(&self, text: &'a [u8]) -> (Option<bool>, &'a [u8]) {
        match text {
            [body @ .., b'-'] if self.minus_after => (Some(true), body),
            [body @ .., b'C' | b'c', b'R' | b'r'] if self.crdr => (Some(true), body.strip_suffix(b" ").unwrap_or(body)),
            [body @ .., b'D' | b'd', b'R' | b'r'] if self.crdr => (Some(false), body.strip_suffix(b" ").unwrap_or(body)),
            body => (None, body),
        }
    }

    /// The last character carries digit and sign: `{ A-I` are +0 to +9, `} J-R` -0 to -9; or, where that is declared, `p-y` are -0 to -9.
    fn overpunched(&self, sign: Option<bool>, body: &[u8]) -> Result<(bool, Decimal), AmountFault> {
        let (last, before) = body.split_last().ok_or(AmountFault::Style)?;
        let (negative, digit) = match last {
            b'p'..=b'y' if self.overpunch_digits => (true, last - b'p' + b'0'),
            b'0'..=b'9' => return Ok((sign == Some(true), self.body(body)?)),
            _ if !self.overpunch => return Err(AmountFault::Style),
            b'{' => (false, b'0'),
            b'}' => (true, b'0'),
            b'A'..=b'I' => (false, last - b'A' + b'1'),
            b'J'..=b'R' => (true, last - b'J' + b'1'),
            _ => return Err(AmountFault::Style),
        };
        if sign.is_some() || before.len() > 64 {
            return Err(AmountFault::Style);
        }
        let mut digits = before.to_vec();
        digits.push(digit);
        Ok((negative, self.body(&digits)?))
    }

    /// Digits, groups, point, decimals and exponent.
    fn body(&self, text: &[u8]) -> Result<Decimal, AmountFault> {
        let (mantissa, exponent) = match text.iter().position(|byte| matches!(byte, b'E' | b'e')) {
            Some(at) if self.scientific => (text.get(..at).unwrap_or_default(), exponent(text.get(at + 1..).unwrap_or_default())?),
            _ => (text, 0),
        };
        let point = mantissa.iter().position(|byte| *byte == b'.');
        let (whole, fraction) = match point {
            Some(at) => (mantissa.get(..at).unwrap_or_default(), mantissa.get(at + 1..).unwrap_or_default()),
            None => (mantissa, &[][..]),
        };
        // `5.` and `.` are no amounts; with implied decimals, a point contradicts the contract.
        if (point.is_some() && (fraction.is_empty() || self.implied.is_some())) || (point.is_none() && whole.is_empty()) {
            return Err(AmountFault::Style);
        }
        let mut decimal = Decimal::default();
        self.whole(whole, &mut decimal)?;
        append(&mut decimal, without_trailing_noughts(fraction), true)?;
        if !fraction.iter().all(u8::is_ascii_digit) {
            return Err(AmountFault::Style);
        }
        decimal.decimals += i32::from(self.implied.unwrap_or(0)) - exponent;
        Ok(decimal)
    }

    /// The pounds: digits alone, or in groups of three that one kind of separator parts.
    fn whole(&self, text: &[u8], decimal: &mut Decimal) -> Result<(), AmountFault> {
        let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (first, mut rest) = text.split_at(digits);
        append(decimal, first, false)?;
        if rest.is_empty() {
            return Ok(());
        }
        let separator = self.separator(rest).filter(|_| (1..=3).contains(&digits)).ok_or(AmountFault::Style)?;
        while !rest.is_empty() {
            let group = rest.strip_prefix(separator).and_then(|after| after.split_at_checked(3)).ok_or(AmountFault::Style)?;
            append(decimal, group.0, false)?;
            rest = group.1;
        }
        Ok(())
    }

    fn separator(&self, text: &[u8]) -> Option<&'static [u8]> {
        let spaces: [&'static [u8]; 3] = [b" ", NO_BREAK_SPACE, NARROW_SPACE];
        let spaces = spaces.into_iter().filter(|_| self.spaces);
        let commas = std::iter::once(&b","[..]).filter(|_| self.commas);
        spaces.chain(commas).find(|separator| text.starts_with(separator))
    }
}

/// The blanks that stand in amounts.
const BLANKS: [&[u8]; 4] = [b" ", b"\t", NO_BREAK_SPACE, NARROW_SPACE];

fn trimmed(mut text: &[u8]) -> &[u8] {
    while let Some(rest) = BLANKS.iter().find_map(|blank| text.strip_prefix(*blank).or_else(|| text.strip_suffix(*blank))) {
        text = rest;
    }
    text
}

/// `-`, `£ -`: nought, as a spreadsheet prints it in a column of money.
fn is_dash(text: &[u8]) -> bool {
    matches!(trimmed(text.strip_prefix(POUND).unwrap_or(text)), b"-")
}

fn append(decimal: &mut Decimal, digits: &[u8], are_decimals: bool) -> Result<(), AmountFault> {
    if !digits.iter().all(u8::is_ascii_digit) {
        return Err(AmountFault::Style);
    }
    for digit in digits {
        if decimal.digits >= 10u128.pow(MAX_DIGITS) {
            return Err(AmountFault::TooLarge);
        }
        decimal.digits = decimal.digits * 10 + u128::from(digit - b'0');
    }
    decimal.decimals += if are_decimals { i32::try_from(digits.len()).map_err(|_| AmountFault::TooLarge)? } else { 0 };
    Ok(())
}

fn without_trailing_noughts(digits: &[u8]) -> &[u8] {
    let kept = digits.iter().rposition(|digit| *digit != b'0').map_or(0, |last| last + 1);
    digits.get(..kept).unwrap_or(digits)
}

/// `+06`, `-2`, `6`: at most four digits.
fn exponent(text: &[u8]) -> Result<i32, AmountFault> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] | rest => (false, rest),
    };
    if !(1..=4).contains(&digits.len()) || !digits.iter().all(u8::is_ascii_digit) {
        return Err(AmountFault::Style);
    }
    let size = digits.iter().fold(0, |sum, digit| sum * 10 + i32::from(digit - b'0'));
    Ok(if negative { -size } else { size })
}

/// The decimal in units of its last place (pence where `places` is 2), where these are whole and of at most 18 digits.
pub(super) fn scaled(Decimal { digits, decimals }: Decimal, places: i32) -> Result<i64, AmountFault> {
    if digits == 0 {
        return Ok(0);
    }
    let units = if decimals <= places {
        let noughts = 10u128.checked_pow((places - decimals).cast_unsigned());
        noughts.and_then(|noughts| digits.checked_mul(noughts)).ok_or(AmountFault::TooLarge)?
    } else {
        // A divisor beyond all digits leaves the whole number as its rest.
        let divisor = 10u128.checked_pow((decimals - places).cast_unsigned()).ok_or(AmountFault::Precision)?;
        if digits % divisor != 0 {
            return Err(AmountFault::Precision);
        }
        digits / divisor
    };
    // Both types hold 18 digits.
    i64::try_from(units).ok().and_then(Money::from_pence).map(Money::pence).ok_or(AmountFault::TooLarge)
}

/// Digits, a leading minus and at most two decimals.
pub(in crate::decode) fn is_plain(text: &[u8]) -> bool {
    let decimals = text.iter().rposition(|byte| *byte == b'.').map_or(0, |point| text.len() - point - 1);
    decimals <= 2 && text.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-')) && text.last() != Some(&b'-')
}

/// The amount of `whole[start..end]` where it is `[-]d{1,8}.dd` and the eight bytes before the point can be looked at together;
/// `None` for anything else, which [`MoneyRules::read`] reads.
#[inline]
pub(in crate::decode) fn two_decimals(whole: &[u8], start: usize, end: usize, rules: MoneyRules) -> Option<i64> {
    let point = end.checked_sub(3)?;
    let negative = whole.get(start) == Some(&b'-');
    let first = start + usize::from(negative);
    let digits = point.checked_sub(first)?;
    let window: [u8; 11] = *whole.get(point.checked_sub(8)?..end)?.as_array()?;
    let [pounds @ .., dot, tenths, hundredths] = window;
    if !(1..=8).contains(&digits) || dot != b'.' || (negative && !rules.sign) || rules.implied.is_some() {
        return None;
    }
    // Bytes before the number become noughts, then all eight digits are added up at once.
    let foreign = 64 - 8 * digits as u32;
    let noughts = 0x3030_3030_3030_3030;
    let ours = u64::MAX.checked_shl(foreign).unwrap_or(0);
    let word = (u64::from_le_bytes(pounds) & ours) | (noughts & !ours);
    let (tenths, hundredths) = (tenths.wrapping_sub(b'0'), hundredths.wrapping_sub(b'0'));
    let values = word ^ noughts;
    let too_big = (values.wrapping_add(0x7676_7676_7676_7676) | values) & 0x8080_8080_8080_8080;
    if too_big != 0 || tenths > 9 || hundredths > 9 {
        return None;
    }
    let pence = eight_digits(values) * 100 + u64::from(tenths) * 10 + u64::from(hundredths);
    Some(if negative { -pence.cast_signed() } else { pence.cast_signed() })
}

/// Eight digit values, the most significant in the lowest byte, as one number.
#[inline]
const fn eight_digits(values: u64) -> u64 {
    let pairs = (values * 10 + (values >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    (fours * 10_000 + (fours >> 32)) & 0xffff_ffff
}

#[cfg(test)]
mod tests;
