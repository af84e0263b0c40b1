//! To which period belongs what rounding took off an amount: to that of the row which the SQL made of it.

use std::collections::BTreeMap;

use arrow::record_batch::RecordBatch;

use crate::{
    decode::RowResidue,
    diagnostic::Answer,
    domain::Period,
    schema::{Form, batch},
};

/// The period of each residue; `None` where the SQL made no row of its record.
///
/// Where a record always becomes the same rows, each has its own. Where the SQL chooses among them, the first row of the record stands
/// for all: which of them was rounded it does not say.
pub(super) fn periods_of(
    form: &Form,
    records: &RecordBatch,
    rows: &RecordBatch,
    residues: &[RowResidue],
    placed: &BTreeMap<Period, Vec<u32>>,
) -> Answer<Vec<Option<Period>>> {
    let (sent, made) = (batch::big(records, "source_row")?.values(), batch::big(rows, "source_row")?.values());
    let each = form.rows.len();
    let is_each = form.counted && made.len() == each * sent.len();
    let mut periods: BTreeMap<usize, Period> = BTreeMap::new();
    let place = |residue: &RowResidue| {
        if is_each {
            sent.binary_search(&residue.source_row).ok().map(|record| record * each + residue.row)
        } else {
            let first = made.partition_point(|row| *row < residue.source_row);
            made.get(first).filter(|row| **row == residue.source_row).map(|_| first)
        }
    };
    let places: Vec<Option<usize>> = residues.iter().map(place).collect();
    periods.extend(places.iter().flatten().filter_map(|place| Some((*place, period_at(placed, u32::try_from(*place).ok()?)?))));
    Ok(places.into_iter().map(|place| periods.get(&place?).copied()).collect())
}

/// The period in which a row stands; the rows of each are in rising order.
fn period_at(placed: &BTreeMap<Period, Vec<u32>>, row: u32) -> Option<Period> {
    placed.iter().find(|(_, rows)| rows.binary_search(&row).is_ok()).map(|(period, _)| *period)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::{
        array::{ArrayRef, Int64Array},
        datatypes::{DataType, Field, Schema},
    };

    use super::*;
    use crate::{decode::Sides, domain::Identifier, schema::Term};

    fn rows(source_rows: &[i64]) -> RecordBatch {
        let schema = Schema::new(vec![Field::new("source_row", DataType::Int64, false)]);
        RecordBatch::try_new(Arc::new(schema), vec![Arc::new(Int64Array::from(source_rows.to_vec())) as ArrayRef]).unwrap()
    }

    fn form(rows: &[&str], counted: bool) -> Form {
        let term = |name: &&str| vec![Term { column: Identifier::new(name).unwrap(), minus: false }];
        Form { rows: rows.iter().map(term).collect(), counted }
    }

    fn residue(source_row: i64, row: usize) -> RowResidue {
        RowResidue { source_row, row, residue: Sides { debits: 5_000, credits: 0 } }
    }

    #[test]
    fn a_residue_goes_where_its_row_goes() {
        let (april, may) = (Period { year: 2025, period: 1 }, Period { year: 2025, period: 2 });
        let placed = BTreeMap::from([(april, vec![0, 2, 4]), (may, vec![1, 3, 5])]);
        let many = form(&["april", "may"], true);
        let residues = [residue(2, 0), residue(3, 1), residue(7, 1)];
        let each = rows(&[2, 2, 3, 3, 7, 7]);
        let periods = periods_of(&many, &rows(&[2, 3, 7]), &each, &residues, &placed).unwrap();
        assert_eq!(periods, [Some(april), Some(may), Some(may)]);
        let chosen = form(&["april", "may"], false);
        let periods = periods_of(&chosen, &rows(&[2, 3, 7, 9]), &each, &[residue(3, 1), residue(9, 0)], &placed).unwrap();
        assert_eq!(periods, [Some(april), None], "the first row of its record, or none");
    }
}
