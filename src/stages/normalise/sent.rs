//! Row by row: whether the pounds that the SQL gives a row are what its record's columns hold by the feed's form.
//!
//! The sums of a delivery are compared with what the decoder adds up apart from the SQL. Sums can agree where rows do not: SQL that chooses
//! among amounts could move pounds from one row to another, and so from one period to another.

use arrow::{
    array::{Array, AsArray, Decimal128Array, Int64Array, RecordBatch},
    datatypes::Decimal128Type,
};

use crate::{diagnostic::Answer, domain::Pence, schema::Form, schema::batch};

/// Rows whose pounds are other than their record's columns hold. Parts of it are added in the order of the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unlike {
    pub rows: u64,
    /// Source row of the first of them.
    pub first: Option<i64>,
}

impl Unlike {
    fn count(&mut self, source_row: i64) {
        self.rows += 1;
        self.first.get_or_insert(source_row);
    }

    /// Adds those of the next piece of the file.
    pub fn add(&mut self, next: Self) {
        self.rows += next.rows;
        self.first = self.first.or(next.first);
    }
}

/// Columns of the extract with their amounts, and whether each is taken off.
type Terms<'a> = Vec<(&'a Decimal128Array, bool)>;

/// Compares rows with the records that they were made from: each row where a record always becomes the same ones, else all rows of a
/// record together.
pub(super) fn compare(form: &Form, records: &RecordBatch, rows: &RecordBatch, amounts: &Decimal128Array) -> Answer<Unlike> {
    let term = |term: &crate::schema::Term| Some((records.column_by_name(&term.column)?.as_primitive_opt::<Decimal128Type>()?, term.minus));
    let of_rows: Vec<Terms> = form.rows.iter().map(|row| row.iter().filter_map(term).collect()).collect();
    let (sent_rows, source_rows) = (batch::big(records, "source_row")?, batch::big(rows, "source_row")?);
    let mut unlike = Unlike::default();
    if let [terms] = of_rows.as_slice()
        && same_array(terms, amounts)
    {
        return Ok(unlike);
    }
    let each = of_rows.len();
    if form.counted && rows.num_rows() == each * records.num_rows() {
        let made: Vec<Vec<Pence>> = of_rows.iter().map(|terms| summed(terms, records.num_rows())).collect();
        let sent = (0..records.num_rows()).flat_map(|record| made.iter().map(move |row| row.get(record).copied().unwrap_or(0)));
        for (row, _) in sent.enumerate().filter(|(row, sent)| pence(amounts, *row) != *sent) {
            unlike.count(source_rows.value(row));
        }
        return Ok(unlike);
    }
    let all: Terms = of_rows.into_iter().flatten().collect();
    by_record(&summed(&all, records.num_rows()), sent_rows, source_rows, amounts, &mut unlike);
    Ok(unlike)
}

/// The rows of each record together; both are in rising order of the source row.
fn by_record(sent: &[Pence], sent_rows: &Int64Array, source_rows: &Int64Array, amounts: &Decimal128Array, unlike: &mut Unlike) {
    let mut row = 0;
    for (sent, record) in sent.iter().zip(sent_rows.values()) {
        let mut sum = 0;
        while row < source_rows.len() && source_rows.value(row) == *record {
            sum += pence(amounts, row);
            row += 1;
        }
        if sum != *sent {
            unlike.count(*record);
        }
    }
}

/// The SQL hands a column on as it is: the common case costs nothing.
fn same_array(terms: &Terms, amounts: &Decimal128Array) -> bool {
    matches!(terms.as_slice(), [(column, false)] if column.values().ptr_eq(amounts.values()) && column.nulls() == amounts.nulls())
}

fn pence(amounts: &Decimal128Array, row: usize) -> Pence {
    batch::value_at(amounts, row).unwrap_or_default()
}

fn summed(terms: &Terms, rows: usize) -> Vec<Pence> {
    let mut sums = vec![0; rows];
    for (column, minus) in terms {
        let signed = |pence: Pence| if *minus { -pence } else { pence };
        if column.null_count() == 0 {
            sums.iter_mut().zip(column.values()).for_each(|(sum, pence)| *sum += signed(*pence));
        } else {
            sums.iter_mut().enumerate().for_each(|(row, sum)| *sum += signed(pence(column, row)));
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::{
        array::ArrayRef,
        datatypes::{DataType, Field, Schema},
    };

    use super::*;
    use crate::{domain::Identifier, schema::Term};

    fn money(pence: &[Option<Pence>]) -> Decimal128Array {
        Decimal128Array::from(pence.to_vec()).with_precision_and_scale(18, 2).unwrap()
    }

    fn rows(columns: &[(&str, &[Option<Pence>])], source_rows: &[i64]) -> RecordBatch {
        let mut fields: Vec<Field> = columns.iter().map(|(name, _)| Field::new(*name, DataType::Decimal128(18, 2), true)).collect();
        let mut arrays: Vec<ArrayRef> = columns.iter().map(|(_, pence)| Arc::new(money(pence)) as ArrayRef).collect();
        fields.push(Field::new("source_row", DataType::Int64, false));
        arrays.push(Arc::new(Int64Array::from(source_rows.to_vec())));
        RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
    }

    fn form(of: &[&[(&str, bool)]], counted: bool) -> Form {
        let term = |(name, minus): &(&str, bool)| Term { column: Identifier::new(name).unwrap(), minus: *minus };
        Form { rows: of.iter().map(|row| row.iter().map(term).collect()).collect(), counted }
    }

    fn unlike(form: &Form, records: &RecordBatch, source_rows: &[i64], amounts: &[Option<Pence>]) -> (u64, Option<i64>) {
        let (made, amounts) = (rows(&[("amount", amounts)], source_rows), money(amounts));
        let unlike = compare(form, records, &made, &amounts).unwrap();
        (unlike.rows, unlike.first)
    }

    #[test]
    fn pounds_that_moved_between_rows_are_found_though_the_sums_agree() {
        let records = rows(&[("dr", &[Some(500), None, Some(7)]), ("cr", &[None, Some(200), Some(2)])], &[2, 3, 5]);
        let pair = form(&[&[("dr", false), ("cr", true)]], true);
        assert_eq!(unlike(&pair, &records, &[2, 3, 5], &[Some(500), Some(-200), Some(5)]), (0, None));
        assert_eq!(unlike(&pair, &records, &[2, 3, 5], &[Some(500), Some(5), Some(-200)]), (2, Some(3)));
        let many = form(&[&[("dr", false)], &[("cr", true)]], true);
        let each = [2, 2, 3, 3, 5, 5];
        assert_eq!(unlike(&many, &records, &each, &[Some(500), None, None, Some(-200), Some(7), Some(-2)]), (0, None));
        assert_eq!(unlike(&many, &records, &each, &[None, Some(500), None, Some(-200), Some(7), Some(-2)]), (2, Some(2)));
    }

    #[test]
    fn rows_that_the_sql_chooses_are_held_to_their_record() {
        let records = rows(&[("dr", &[Some(500), Some(3)]), ("cr", &[None, Some(200)])], &[2, 3]);
        let chosen = form(&[&[("dr", false), ("cr", true)]], false);
        assert_eq!(unlike(&chosen, &records, &[2, 3, 3], &[Some(500), Some(3), Some(-200)]), (0, None));
        assert_eq!(unlike(&chosen, &records, &[2, 2, 3], &[Some(503), None, Some(-200)]), (2, Some(2)));
    }
}
