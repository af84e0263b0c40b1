//! The proof of a delivery: rows and pounds from the source to the common table, and every control with what it had to equal.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    decode::AmountsSeen,
    domain::{Day, Pence},
};

/// Rows and pounds of one delivery, from the source to the common table. Amounts are signed as delivered in the extract's own columns,
/// and debit-positive in `periods`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryProof {
    /// Physical records of the file, header included.
    pub records: u64,
    pub accepted: u64,
    pub quarantined: u64,
    pub blank: u64,
    pub preamble: u64,
    /// Header, trailer and other control records.
    pub control_records: u64,
    /// Declared non-data rows by reason.
    pub not_data: BTreeMap<String, u64>,
    /// What the sender's own columns add up to, apart from the SQL. `None` where the common table has no amount, and in an entry of the
    /// version before.
    #[serde(default)]
    pub sender: Option<SenderProof>,
    /// Everything that is no row, by the reason for which it was left out: `footer`, `record SUB`, or the reason that the contract gives.
    #[serde(default)]
    pub left_out: BTreeMap<String, LeftOutProof>,
    /// Sums of each money column of the extract.
    pub columns: BTreeMap<String, Measure>,
    /// Rows and pounds in the common table by period, `2018/P01`.
    pub periods: BTreeMap<String, PeriodProof>,
    /// Each control in words, with what was counted and what it had to equal.
    pub controls: Vec<ControlProof>,
    /// At least one control came from the sender and held.
    pub proved_by_sender: bool,
    /// Values of money columns that were read through noise, as their contract allows; of the version before, none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub noise: BTreeMap<String, NoiseProof>,
    /// The common table has no amount: its rows are counted, and every sum of pounds here is nought and says nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_pounds: bool,
    /// Accepted rows that a person corrected.
    #[serde(default, skip_serializing_if = "is_nought")]
    pub corrected: u64,
    /// Headings that its file prints otherwise than its contract, and columns that this does not know, a sentence each; none of the version
    /// before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drift: Vec<String>,
    /// Of the quarantined rows, those that a person leaves out for good: they count against no tolerance.
    #[serde(default, skip_serializing_if = "is_nought")]
    pub set_aside: u64,
    /// Of the rows that lie outside what the delivery covers, how many and how much lies in each period; they count in `periods`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub outside: BTreeMap<String, PeriodProof>,
    /// Rows that call themselves a balance, or planned: what is no movement, and counts all the same. `None` of the version before, which
    /// did not look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labelled: Option<Vec<LabelProof>>,
    /// Every record stands in the file an even number of times.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub each_twice: bool,
    /// Amounts that the contract promises to add up on each row, where they do not on some, or where it can be told which part is the
    /// largest: `net + vat = gross`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub adds_up: BTreeMap<String, AddsUpProof>,
}

/// Accepted rows with an amount that call themselves the same in one column.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelProof {
    pub column: String,
    /// `balance`, `planned` or `credit`; `reversed` or `signed` where they are below nought beside a word that takes off.
    pub says: String,
    pub rows: u64,
    /// What they add up to, debit positive.
    #[serde(with = "exact")]
    pub pence: Pence,
    /// The first of them, and how it is printed.
    pub line: u64,
    pub text: String,
}

/// Rows on which amounts do not add up to another one, and what parts they have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddsUpProof {
    /// Rows on which more than one of them is other than nought, and those on which they do not add up.
    pub telling: u64,
    pub broken: u64,
    /// Of these, those on which they are three pence apart, or more: not by rounding.
    #[serde(default)]
    pub far: u64,
    /// By how much, without regard to sign.
    #[serde(with = "exact")]
    pub difference: Pence,
    /// Of each part by its column, the rows on which it is larger than every other; of the version before, none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub largest: BTreeMap<String, u64>,
}

impl AddsUpProof {
    /// Whether that is more than rounding, and a few rows: all of them, or more than one and at least one in ten.
    #[must_use]
    pub const fn is_many(&self) -> bool {
        self.far > 0 && (self.far == self.telling || (self.far > 1 && self.far * 10 >= self.telling))
    }
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde asks for a reference
const fn is_nought(number: &u64) -> bool {
    *number == 0
}

impl DeliveryProof {
    /// Net of all periods.
    #[must_use]
    pub fn pence(&self) -> Pence {
        self.periods.values().map(|p| p.amount).sum()
    }

    /// Net of all periods; `None` where the rows have no pounds.
    #[must_use]
    pub fn pounds(&self) -> Option<Pence> {
        (!self.no_pounds).then(|| self.pence())
    }

    /// Records that are no rows: the header, what stands before it, control records, blank and declared ones.
    #[must_use]
    pub fn not_data_rows(&self) -> u64 {
        let header = 1;
        self.blank + self.preamble + self.control_records + header + self.not_data.values().sum::<u64>()
    }
}

/// The sender's amounts as contract and feed sign them: debit positive. The decoder adds them up without the SQL.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SenderProof {
    /// For each row that a record becomes, the columns that its amount adds up, each with whether it is taken off.
    pub form: Vec<Vec<(String, bool)>>,
    /// Rows that the accepted records become; `None` where the SQL chooses among rows.
    pub rows: Option<u64>,
    /// Net of the accepted rows.
    #[serde(with = "exact")]
    pub amount: Pence,
    /// The positive amounts of the accepted rows; `None` in an entry of the version before, which knows the net alone.
    #[serde(with = "exact::optional")]
    pub debits: Option<Pence>,
    /// Net of the quarantined rows, as far as it could be read.
    #[serde(with = "exact")]
    pub quarantined: Pence,
    /// Quarantined rows of whose amount some part could not be read: `quarantined` lacks it.
    pub not_known_rows: u64,
    /// What rounding took off the accepted rows: the source is `amount` and this. The contract says how it rounds; else it is nought.
    #[serde(default, skip_serializing_if = "Residue::is_nought")]
    pub residue: Residue,
    /// The same of the quarantined rows.
    #[serde(default, skip_serializing_if = "Residue::is_nought")]
    pub quarantined_residue: Residue,
}

/// What rounding each row to pence took off: what was printed less what counts, in millionths of a pound. It is no allocation: it stands in
/// no service and in no account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Residue {
    /// Of positive amounts.
    #[serde(with = "millionths")]
    pub debits: Pence,
    /// Of negative ones.
    #[serde(with = "millionths")]
    pub credits: Pence,
}

impl Residue {
    #[must_use]
    pub const fn net(self) -> Pence {
        self.debits + self.credits
    }

    #[must_use]
    #[allow(clippy::trivially_copy_pass_by_ref)] // as serde calls it
    pub const fn is_nought(&self) -> bool {
        self.debits == 0 && self.credits == 0
    }

    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self { debits: self.debits + other.debits, credits: self.credits + other.credits }
    }
}

/// Noise of one money column over all rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoiseProof {
    /// Values that were read through noise.
    pub values: u64,
    /// What they print less what they mean, in pounds, exact to 36 decimals.
    pub sum: String,
}

/// Records left out for one reason.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOutProof {
    pub rows: u64,
    /// What the contract says that their amounts hold: `total`, `subtotal`, `other_unit`, `left_out`; `None` where it says nothing,
    /// for then they hold none.
    #[serde(default)]
    pub holds: Option<String>,
    /// Their amounts added up, in the extract's own sign; `None` where they hold none, or no pounds, or some that cannot be read exactly.
    #[serde(default, with = "exact::optional")]
    pub pence: Option<Pence>,
}

/// A money column over the accepted and over the quarantined rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measure {
    #[serde(with = "exact")]
    pub accepted: Pence,
    #[serde(with = "exact")]
    pub quarantined: Pence,
    /// Some accepted amount is negative: the column does not hold one side only.
    #[serde(default)]
    pub both_signs: bool,
    /// How its amounts are printed and signed; nothing in an entry of the version before.
    #[serde(default, skip_serializing_if = "AmountsSeen::is_nothing")]
    pub seen: AmountsSeen,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeriodProof {
    pub rows: u64,
    #[serde(with = "exact")]
    pub amount: Pence,
    /// The positive part of `amount`.
    #[serde(with = "exact")]
    pub debits: Pence,
    /// What rounding took off these rows.
    #[serde(default, skip_serializing_if = "Residue::is_nought")]
    pub residue: Residue,
    /// The first and the last day that its rows bear; `None` where they bear none, and in an entry of the version before.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "days")]
    pub days: Option<(Day, Day)>,
}

impl PeriodProof {
    /// Whether rows, debits and credits are those of another.
    #[must_use]
    pub fn has_figures_of(&self, other: &Self) -> bool {
        Self { days: None, ..*self } == Self { days: None, ..*other }
    }

    /// Sum of the absolute amounts: debits less credits, which are negative.
    #[must_use]
    pub const fn absolute(&self) -> Pence {
        self.debits - (self.amount - self.debits)
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlProof {
    /// `sum(debit) = trailer.debit`.
    pub control: String,
    pub counted: String,
    pub expected: String,
    pub held: bool,
    /// Counted less expected, in pence for sums (a part of one counts for a whole); the number of documents out of balance for a control by document.
    #[serde(with = "exact")]
    pub difference: Pence,
    /// The control holds group by group: every journal balances.
    #[serde(default)]
    pub by_document: bool,
    /// What it counts.
    #[serde(default)]
    pub measure: Counted,
    /// The columns that it adds up, each with whether it is taken off; none for a count.
    #[serde(default)]
    pub terms: Vec<(String, bool)>,
    /// The column whose values it holds for one by one.
    #[serde(default)]
    pub by: Option<String>,
}

/// What a control counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    Rows,
    #[default]
    Pounds,
}

/// Millionths of a pound as text of six decimals, `-0.005000`.
mod millionths {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use crate::domain::{Pence, parse_decimal};

    #[allow(clippy::trivially_copy_pass_by_ref)] // as serde calls it
    pub(super) fn serialize<S: Serializer>(millionths: &Pence, to: S) -> Result<S::Ok, S::Error> {
        let (sign, size) = (if *millionths < 0 { "-" } else { "" }, millionths.unsigned_abs());
        to.serialize_str(&format!("{sign}{}.{:06}", size / 1_000_000, size % 1_000_000))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Pence, D::Error> {
        let text = String::deserialize(from)?;
        parse_decimal(&text, 6).ok_or_else(|| D::Error::custom(format!("`{text}` is no number of six decimals")))
    }
}

/// Pence as pounds text, `-1234.50`: exact at any size, and legible.
mod days {
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer, de::Error as _};

    use crate::domain::Day;

    #[allow(clippy::ref_option)] // as serde calls it
    pub(super) fn serialize<S: Serializer>(days: &Option<(Day, Day)>, to: S) -> Result<S::Ok, S::Error> {
        days.map(|(first, last)| [first.to_string(), last.to_string()]).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<(Day, Day)>, D::Error> {
        let Some([first, last]) = Option::<[String; 2]>::deserialize(from)? else { return Ok(None) };
        let day = |text: &str| Day::parse_iso(text).ok_or_else(|| D::Error::custom(format!("`{text}` is not a day")));
        Ok(Some((day(&first)?, day(&last)?)))
    }
}

mod exact {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use crate::domain::{Pence, decimal, parse_pounds};

    pub(super) fn serialize<S: Serializer>(pence: &Pence, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&decimal(*pence))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Pence, D::Error> {
        let text = String::deserialize(from)?;
        parse_pounds(&text).ok_or_else(|| D::Error::custom(format!("`{text}` is not an amount")))
    }

    pub(super) mod optional {
        use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer, de::Error as _};

        use crate::domain::{Pence, decimal, parse_pounds};

        #[allow(clippy::ref_option)] // as serde calls it
        pub(in super::super) fn serialize<S: Serializer>(pence: &Option<Pence>, to: S) -> Result<S::Ok, S::Error> {
            pence.map(decimal).serialize(to)
        }

        pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Pence>, D::Error> {
            let text = Option::<String>::deserialize(from)?;
            text.map(|text| parse_pounds(&text).ok_or_else(|| D::Error::custom(format!("`{text}` is not an amount")))).transpose()
        }
    }
}
