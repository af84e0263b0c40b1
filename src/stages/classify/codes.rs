//! The codes of a batch of lines, each distinct one looked up once.

use arrow::{
    array::{Array, AsArray, Int32Array},
    datatypes::Int32Type,
    record_batch::RecordBatch,
};

use super::{
    columns::LineColumns,
    meaning::{NAMELESS, RULE_COLUMNS, Timeline},
};
use crate::{
    diagnostic::Answer,
    domain::{Day, fold_code},
    schema::batch,
};

/// One coded column: what its distinct codes mean, compared folded, and which of them each row has.
pub(super) struct Coded<'b, T> {
    keys: &'b Int32Array,
    meaning: Vec<T>,
}

impl<'b, T: Copy> Coded<'b, T> {
    pub(super) fn new(lines: &'b RecordBatch, name: &str, mut mean: impl FnMut(&str) -> T) -> Answer<Self> {
        let column = batch::column(lines, name)?;
        let dictionary = column.as_dictionary::<Int32Type>();
        let values = dictionary.values().as_string::<i32>();
        let meaning = values.iter().map(|v| mean(&fold_code(v.unwrap_or_default()))).collect();
        Ok(Self { keys: dictionary.keys(), meaning })
    }

    /// `None` for a line without a code.
    pub(super) fn at(&self, row: usize) -> Option<T> {
        if self.keys.is_null(row) {
            return None;
        }
        self.meaning.get(usize::try_from(self.keys.value(row)).ok()?).copied()
    }
}

/// What a code means within the period: nearly always the same on every day of it.
#[derive(Clone, Copy)]
pub(super) enum ByDay<'b> {
    Same(Option<u32>),
    Varies(&'b Timeline<u32>),
}

impl ByDay<'_> {
    pub(super) fn on(self, day: Day) -> Option<u32> {
        match self {
            Self::Same(value) => value,
            Self::Varies(timeline) => timeline.on(day),
        }
    }
}

/// The codes of the lines of one batch, and what each means.
pub(super) struct LineCodes<'b> {
    pub(super) signatures: [Option<Coded<'b, u32>>; 4],
    /// Classes by code, where rules turn on one column alone.
    pub(super) classes: Option<Coded<'b, ByDay<'b>>>,
    /// Class of a line without that code.
    pub(super) without: ByDay<'b>,
    pub(super) accounts: Option<Coded<'b, ByDay<'b>>>,
    pub(super) cost_centres: Option<Coded<'b, ByDay<'b>>>,
    pub(super) departments: Option<Coded<'b, ByDay<'b>>>,
    pub(super) actual: Option<Coded<'b, bool>>,
}

impl<'b> LineCodes<'b> {
    pub(super) fn signatures(&self, row: usize) -> [u32; 4] {
        self.signatures.each_ref().map(|coded| coded.as_ref().and_then(|c| c.at(row)).unwrap_or(NAMELESS))
    }

    pub(super) fn account(&self, row: usize) -> Option<ByDay<'b>> {
        self.accounts.as_ref()?.at(row)
    }

    pub(super) fn cost_centre(&self, row: usize) -> Option<ByDay<'b>> {
        self.cost_centres.as_ref()?.at(row)
    }

    pub(super) fn department(&self, row: usize) -> Option<ByDay<'b>> {
        self.departments.as_ref()?.at(row)
    }

    /// A line that does not say what kind of balance it is counts as actual.
    pub(super) fn is_actual(&self, row: usize) -> bool {
        self.actual.as_ref().and_then(|c| c.at(row)).unwrap_or(true)
    }
}

/// Distinct codes of a batch read with codes as dictionaries, folded, by place in [`RULE_COLUMNS`].
pub fn distinct_codes(lines: &RecordBatch, columns: LineColumns<'_>, mut found: impl FnMut(usize, &str)) -> Answer<()> {
    debug_assert_eq!(columns.rules.len(), RULE_COLUMNS.len());
    for (place, name) in columns.rules.iter().enumerate() {
        let Some(name) = name else { continue };
        let dictionary = batch::column(lines, name)?.as_dictionary::<Int32Type>();
        dictionary.values().as_string::<i32>().iter().flatten().for_each(|code| found(place, &fold_code(code)));
    }
    Ok(())
}
