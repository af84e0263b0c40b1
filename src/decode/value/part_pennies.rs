//! Amounts with more than pence: the noise that binary arithmetic leaves behind the last decimal, and real parts of a penny.
//!
//! Neither is guessed. Noise is read away only within the distance that the contract declares, which is less than half of the last decimal;
//! parts of a penny are rounded only where it says how, and what that took off is kept to the last digit.

use super::{
    money::{AmountFault, Decimal, PENCE_DECIMALS, scaled},
    sides::Sides,
};
use crate::{
    domain::Pence,
    schema::{ColumnRules, Noise, Round, Rounding},
};

/// What a column's contract says of decimals beyond pence; by default that there are none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PartPennies {
    noise: Option<Noise>,
    rounding: Option<Rounding>,
}

/// An amount as it was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadAmount {
    /// What counts.
    pub pence: i64,
    /// What rounding took off, in millionths of a pound: what was printed (without noise) less `pence`. Nought where nothing is rounded.
    pub residue: i64,
    /// What was printed less what was meant; `None` where the text is exact.
    pub noise: Option<NoiseSum>,
}

impl ReadAmount {
    /// The same with the other sign.
    #[must_use]
    pub fn turned(self) -> Self {
        Self { pence: -self.pence, residue: -self.residue, noise: self.noise.map(NoiseSum::turned) }
    }
}

/// A sum of noise in pounds, exact to 36 decimals. It is no money: it is only counted and shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoiseSum {
    /// In units of 18 decimals.
    coarse: i128,
    /// In units of 36 decimals.
    fine: i128,
}

/// Decimals of each of the two halves of a sum of noise.
const HALF: u32 = 18;
const UNIT: i128 = 10i128.pow(HALF);

impl NoiseSum {
    /// So many units of so many decimals, far below a pound; what lies beyond 36 decimals is cut.
    fn of(units: u128, decimals: i32) -> Self {
        let places = 2 * HALF.cast_signed() - decimals;
        let ten = |power: i32| 10u128.checked_pow(power.unsigned_abs());
        let units =
            if places >= 0 { units.saturating_mul(ten(places).unwrap_or(u128::MAX)) } else { ten(places).map_or(0, |ten| units / ten) };
        let units = i128::try_from(units).unwrap_or(i128::MAX);
        Self { coarse: units / UNIT, fine: units % UNIT }
    }

    pub fn add(&mut self, other: Self) {
        self.coarse += other.coarse;
        self.fine += other.fine;
    }

    #[must_use]
    pub fn turned(self) -> Self {
        Self { coarse: -self.coarse, fine: -self.fine }
    }
}

/// `-0.00000000004666`; `0` where it is nought.
impl std::fmt::Display for NoiseSum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (mut coarse, mut fine) = (self.coarse + self.fine / UNIT, self.fine % UNIT);
        if coarse > 0 && fine < 0 {
            (coarse, fine) = (coarse - 1, fine + UNIT);
        } else if coarse < 0 && fine > 0 {
            (coarse, fine) = (coarse + 1, fine - UNIT);
        }
        let sign = if coarse < 0 || fine < 0 { "-" } else { "" };
        let (coarse, fine) = (coarse.unsigned_abs(), fine.unsigned_abs());
        let unit = UNIT.unsigned_abs();
        let text = format!("{sign}{}.{:018}{fine:018}", coarse / unit, coarse % unit);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl PartPennies {
    pub(in crate::decode) const fn of(rules: &ColumnRules) -> Self {
        Self { noise: rules.noise, rounding: rules.rounding }
    }

    /// The amount of these digits, without a sign.
    pub(in crate::decode) fn amount(self, decimal: Decimal) -> Result<ReadAmount, AmountFault> {
        let places = self.rounding.map_or(PENCE_DECIMALS, |rounding| rounding.decimals.into());
        let (units, noise) = match (scaled(decimal, places), self.noise) {
            (Err(AmountFault::Precision), Some(allowed)) => nearest(decimal, places, allowed)?,
            (units, _) => (units?, None),
        };
        let Some(rounding) = self.rounding else { return Ok(ReadAmount { pence: units, residue: 0, noise }) };
        let (pence, residue) = rounded(units, rounding);
        Ok(ReadAmount { pence, residue, noise })
    }
}

/// The amount of so many decimals that lies within the declared distance of digits that have more of them, and how far these lie from it.
fn nearest(Decimal { digits, decimals }: Decimal, places: i32, allowed: Noise) -> Result<(i64, Option<NoiseSum>), AmountFault> {
    let finer = (decimals - places).unsigned_abs();
    let (below, rest, step) = match 10u128.checked_pow(finer) {
        Some(step) => (digits / step, digits % step, step),
        // Beyond all digits: next to nought.
        None => (0, digits, u128::MAX),
    };
    let is_above = rest > step - rest;
    let distance = if is_above { step - rest } else { rest };
    if !is_within(distance, decimals, allowed) {
        return Err(AmountFault::Precision);
    }
    let units = scaled(Decimal { digits: below + u128::from(is_above), decimals: places }, places)?;
    let noise = NoiseSum::of(distance, decimals);
    Ok((units, Some(if is_above { noise.turned() } else { noise })))
}

/// Whether so many units of so many decimals are at most what is allowed.
fn is_within(distance: u128, decimals: i32, Noise(allowed): Noise) -> bool {
    let shift = decimals - i32::from(Noise::DECIMALS);
    let ten = 10u128.checked_pow(shift.unsigned_abs());
    if shift >= 0 {
        // Where the limit has more digits than any number here, everything is below it.
        ten.and_then(|ten| u128::from(allowed).checked_mul(ten)).is_none_or(|limit| distance <= limit)
    } else {
        ten.and_then(|ten| distance.checked_mul(ten)).is_some_and(|distance| distance <= u128::from(allowed))
    }
}

/// Units of the declared decimals as pence, and what that took off in millionths of a pound.
fn rounded(units: i64, rounding: Rounding) -> (i64, i64) {
    let step = 10i64.pow(u32::from(rounding.decimals) - PENCE_DECIMALS.unsigned_abs());
    let (below, rest) = (units / step, units % step);
    let up = match (2 * rest).cmp(&step) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Equal => rounding.round == Round::HalfUp || below % 2 != 0,
    };
    let pence = below + i64::from(up);
    let millionths = 10i64.pow(6 - u32::from(rounding.decimals));
    (pence, (units - pence * step) * millionths)
}

/// What is known of the parts of a penny of one column: of few of its rows.
#[derive(Clone, Debug, Default)]
pub(in crate::decode) struct Parts {
    /// Rows of which something was rounded off, in rising order, each with how much in millionths of a pound.
    residues: Vec<(usize, i64)>,
    noise: NoiseTally,
}

/// Values in which there was noise, and what it adds up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoiseTally {
    pub values: u64,
    pub sum: NoiseSum,
}

impl NoiseTally {
    pub(in crate::decode) fn add(&mut self, next: Self) {
        self.values += next.values;
        self.sum.add(next.sum);
    }
}

impl Parts {
    /// The amount of a row, which stands behind all rows counted so far.
    #[inline]
    pub(in crate::decode) fn count(&mut self, row: usize, amount: &ReadAmount) {
        if amount.residue != 0 {
            self.residues.push((row, amount.residue));
        }
        if let Some(noise) = amount.noise {
            self.noise.add(NoiseTally { values: 1, sum: noise });
        }
    }

    pub(in crate::decode) const fn noise(&self) -> NoiseTally {
        self.noise
    }

    /// Rows of which something was rounded off, each with how much in millionths of a pound.
    pub(in crate::decode) fn residues(&self) -> &[(usize, i64)] {
        &self.residues
    }

    /// What was rounded off the amount of a row.
    #[inline]
    pub(in crate::decode) fn residue(&self, row: usize) -> i128 {
        if self.residues.is_empty() {
            return 0;
        }
        self.place(row).and_then(|at| self.residues.get(at)).map_or(0, |(_, residue)| (*residue).into())
    }

    fn place(&self, row: usize) -> Option<usize> {
        self.residues.binary_search_by_key(&row, |(row, _)| *row).ok()
    }

    pub(in crate::decode) fn turn(&mut self, row: usize) {
        if let Some((_, residue)) = self.place(row).and_then(|at| self.residues.get_mut(at)) {
            *residue = -*residue;
        }
    }

    pub(in crate::decode) fn forget(&mut self, row: usize) {
        if let Some(at) = self.place(row) {
            self.residues.remove(at);
        }
    }
}

/// What rounding took off amounts, in millionths of a pound: the side is that of what was printed.
#[must_use]
pub const fn residue_of(pence: Pence, residue: Pence) -> Sides {
    if printed(pence, residue) < 0 { Sides { debits: 0, credits: residue } } else { Sides { debits: residue, credits: 0 } }
}

/// Millionths of a pound of pence with what rounding took off them: what was printed.
#[must_use]
pub const fn printed(pence: Pence, residue: Pence) -> Pence {
    pence * 10_000 + residue
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{decode::MoneyRules, domain::decimal, schema::MoneyStyle};

    fn rules(noise: Option<u64>, rounding: Option<(u8, Round)>, money: &[MoneyStyle]) -> MoneyRules {
        let rounding = rounding.map(|(decimals, round)| Rounding { decimals, round });
        MoneyRules::of(&ColumnRules { noise: noise.map(Noise), rounding, money: money.to_vec(), ..ColumnRules::default() })
    }

    /// A millionth of a pound.
    const MILLIONTH: Option<u64> = Some(1_000_000);
    const NUMBERS: &[MoneyStyle] = &[MoneyStyle::Plain, MoneyStyle::Scientific];

    fn shown(rules: MoneyRules, text: &str) -> String {
        match rules.amount(text.as_bytes()) {
            Ok(ReadAmount { pence, residue, noise }) => {
                format!("{} {residue} {}", decimal(pence.into()), noise.map_or_else(String::new, |noise| noise.to_string()))
            }
            Err(fault) => format!("{fault:?}"),
        }
    }

    #[test]
    fn noise_is_the_nearest_penny_within_the_distance_and_nothing_else() {
        let noisy = rules(MILLIONTH, None, NUMBERS);
        for (text, right) in [
            ("501.90000000000003", "501.90 0 0.00000000000003"),
            ("32811.019999999997", "32811.02 0 -0.000000000003"),
            ("-32811.019999999997", "-32811.02 0 0.000000000003"),
            ("2635348.080000001", "2635348.08 0 0.000000001"),
            ("-3.46945E-18", "0.00 0 -0.00000000000000000346945"),
            ("3.4694469519536142E-18", "0.00 0 0.0000000000000000034694469519536142"),
            ("4.9E-324", "0.00 0 0"),
            ("12", "12.00 0 "),
            ("12.340000", "12.34 0 "),
            ("0.000001", "0.00 0 0.000001"),
            ("0.0000010000000000000000001", "Precision"),
            ("0.009999", "0.01 0 -0.000001"),
            ("0.005", "Precision"),
            ("1.999", "Precision"),
            ("0.0050000001", "Precision"),
            ("9999999999999999.999999", "TooLarge"),
            ("0.99999999", "1.00 0 -0.00000001"),
        ] {
            assert_eq!(shown(noisy, text), right, "{text}");
        }
        assert_eq!(shown(rules(None, None, NUMBERS), "501.90000000000003"), "Precision");
        assert_eq!(shown(rules(None, None, NUMBERS).of_numbers(), "1.5E3"), "1500.00 0 ");
        assert_eq!(shown(rules(MILLIONTH, None, &[MoneyStyle::Brackets]).of_numbers(), "-4.5E-13"), "0.00 0 -0.00000000000045");
    }

    #[test]
    fn each_row_is_rounded_as_declared_and_what_that_took_off_is_known() {
        let even = rules(None, Some((3, Round::HalfEven)), NUMBERS);
        let up = rules(None, Some((3, Round::HalfUp)), NUMBERS);
        for (text, half_even, half_up) in [
            ("39843.635", "39843.64 -5000 ", "39843.64 -5000 "),
            ("0.125", "0.12 5000 ", "0.13 -5000 "),
            ("-0.125", "-0.12 -5000 ", "-0.13 5000 "),
            ("-0.135", "-0.14 5000 ", "-0.14 5000 "),
            ("0.124", "0.12 4000 ", "0.12 4000 "),
            ("0.126", "0.13 -4000 ", "0.13 -4000 "),
            ("0.12", "0.12 0 ", "0.12 0 "),
            ("0.1250", "0.12 5000 ", "0.13 -5000 "),
            ("0.1251", "Precision", "Precision"),
        ] {
            assert_eq!(shown(even, text), half_even, "{text}");
            assert_eq!(shown(up, text), half_up, "{text}");
        }
        assert_eq!(shown(rules(None, Some((6, Round::HalfEven)), NUMBERS), "0.000001"), "0.00 1 ");
        assert_eq!(even.read(b"0.125"), Err(AmountFault::Precision), "pence alone are asked for");
    }

    #[test]
    fn noise_goes_with_parts_of_a_penny_and_with_every_sign() {
        let both = rules(MILLIONTH, Some((3, Round::HalfEven)), &[MoneyStyle::Plain, MoneyStyle::Brackets, MoneyStyle::CrDr]);
        for (text, right) in [
            ("39843.635000000002", "39843.64 -5000 0.000000000002"),
            ("(39843.634999999998)", "-39843.64 5000 0.000000000002"),
            ("39843.635 CR", "-39843.64 5000 "),
            ("0.0005", "Precision"),
        ] {
            assert_eq!(shown(both, text), right, "{text}");
        }
        let implied = rules(None, Some((3, Round::HalfUp)), &[MoneyStyle::Implied(3)]);
        assert_eq!(shown(implied, "123455"), "123.46 -5000 ");
    }

    #[test]
    fn a_sum_of_noise_keeps_its_digits() {
        let mut sum = NoiseSum::default();
        for text in ["32811.019999999997", "501.90000000000003", "-3.46945E-18"] {
            sum.add(rules(MILLIONTH, None, NUMBERS).amount(text.as_bytes()).unwrap().noise.unwrap());
        }
        assert_eq!(sum.to_string(), "-0.00000000000297000346945");
        sum.add(sum.turned());
        assert_eq!(sum.to_string(), "0");
    }

    proptest! {
        /// What is read and what was taken off add up to what was printed, whatever is declared.
        #[test]
        fn nothing_is_lost(thousandths in -9_999_999_999_999_i64..9_999_999_999_999, half_up: bool) {
            let round = if half_up { Round::HalfUp } else { Round::HalfEven };
            let sign = if thousandths < 0 { "-" } else { "" };
            let text = format!("{sign}{}.{:03}", thousandths.unsigned_abs() / 1000, thousandths.unsigned_abs() % 1000);
            let read = rules(None, Some((3, round)), NUMBERS).amount(text.as_bytes()).unwrap();
            prop_assert_eq!(printed(read.pence.into(), read.residue.into()), i128::from(thousandths) * 1000);
            prop_assert!(read.residue.abs() <= 5_000);
            let turned = rules(None, Some((3, round)), NUMBERS).amount(text.trim_start_matches('-').as_bytes()).unwrap();
            prop_assert_eq!(turned.pence.abs(), read.pence.abs(), "both signs are rounded alike");
        }

        /// Digits are noise if and only if they lie within the distance of a penny, worked out another way.
        #[test]
        fn noise_is_told_by_its_distance(pence in 0..1_000_000_i64, off in -50_000_000_i64..50_000_000, allowed in 1..4_999_999_999_u64) {
            // In units of ten decimals.
            let units = i128::from(pence) * 100_000_000 + i128::from(off);
            prop_assume!(units >= 0);
            let text = format!("{}.{:010}", units / 10_000_000_000, units % 10_000_000_000);
            let read = rules(Some(allowed), None, NUMBERS).amount(text.as_bytes());
            let nearest = (units + 49_999_999).div_euclid(100_000_000);
            let distance = (units - nearest * 100_000_000).unsigned_abs() * 100;
            if distance <= u128::from(allowed) {
                let read = read.unwrap();
                prop_assert_eq!(i128::from(read.pence), nearest);
                prop_assert_eq!(read.noise.is_some(), distance > 0);
            } else {
                prop_assert_eq!(read, Err(AmountFault::Precision));
            }
        }

        /// The shortest text of every double near a penny is that penny, as far as doubles tell pennies apart so closely.
        #[test]
        fn doubles_near_pennies_are_pennies(pence in -100_000_000_000_i64..100_000_000_000, steps in -3_i64..=3) {
            let penny: f64 = decimal(pence.into()).parse().unwrap();
            let near = f64::from_bits(penny.to_bits().wrapping_add_signed(steps));
            prop_assume!(near.is_finite() && near.abs() < 1e10);
            let read = rules(MILLIONTH, None, NUMBERS).of_numbers().amount(format!("{near}").as_bytes());
            prop_assert_eq!(read.map(|read| read.pence), Ok(pence));
        }
    }
}
