//! Of columns of months those to come hold nothing yet: they are no rows outside of what the file covers.

use arrow::array::Int64Array;

use super::Normaliser;
use crate::domain::{OwnTime, Period, Placed, Standing};

impl Normaliser {
    /// Which rows were made from a column of a month: the SQL says when each is, and the rows of its record are of several periods. Two
    /// amounts of a record are dated by the record, or alike. Empty where no record becomes several rows.
    pub(super) fn of_months(&self, source_rows: &Int64Array, own: &[OwnTime]) -> Vec<bool> {
        let several = self.form.as_ref().is_some_and(|form| form.rows.len() > 1);
        if !several || !self.projection.says_when(self.date_column.as_deref()) {
            return Vec::new();
        }
        let mut all = Vec::with_capacity(own.len());
        // The rows of a record stand together.
        let mut rest = own;
        for record in source_rows.values().chunk_by(|one, next| one == next) {
            let (rows, more) = rest.split_at(record.len().min(rest.len()));
            let periods: Vec<Period> = rows.iter().map(|own| self.own_period(*own)).collect();
            let differ = periods.iter().any(|period| Some(period) != periods.first());
            all.extend(rows.iter().map(|_| differ));
            rest = more;
        }
        all
    }

    /// A month's column that holds nothing and comes after what the delivery covers stands in the first period that is: a year to date
    /// always covers it, and the last would lose such rows from month to month.
    pub(super) fn not_yet(&self, place: Placed, own: OwnTime) -> Placed {
        let is_to_come = place.standing == Standing::Outside && self.own_period(own) > self.placement.coverage().last();
        if is_to_come { Placed { period: self.placement.coverage().first(), standing: Standing::Inside } } else { place }
    }
}
