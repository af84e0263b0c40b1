//! A code that stands in one of two columns: an account, or the text of one that has no code.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, AsArray, DictionaryArray, Int32Array, StringArray},
    datatypes::{Field, Int32Type, Schema},
    record_batch::RecordBatch,
};

use super::part::broken;
use crate::{diagnostic::Answer, domain::fold_code, schema::batch};

/// The lines with `name` as it is, and as `other` where it has no code. Both are dictionaries.
pub(super) fn or_else(lines: &RecordBatch, name: &str, other: &str) -> Answer<RecordBatch> {
    let first = batch::column(lines, name)?.as_dictionary::<Int32Type>();
    let second = batch::column(lines, other)?.as_dictionary::<Int32Type>();
    let (of_first, of_second) = (first.values().as_string::<i32>(), second.values().as_string::<i32>());
    let has_code: Vec<bool> = of_first.iter().map(|code| code.is_some_and(|code| !fold_code(code).is_empty())).collect();
    let given = |key: &i32| usize::try_from(*key).ok().and_then(|key| has_code.get(key)).copied().unwrap_or(false);
    let after = i32::try_from(of_first.len()).map_err(|_| broken(&format!("`{name}` has too many codes")))?;
    let keys = first.keys().iter().zip(second.keys().iter());
    let keys: Int32Array = keys.map(|(first, second)| first.filter(given).or_else(|| second?.checked_add(after))).collect();
    // A code of the first that no line has any more would only be looked up for nothing.
    let values: StringArray = of_first.iter().chain(of_second).collect();
    let either = DictionaryArray::<Int32Type>::try_new(keys, Arc::new(values)).map_err(|e| broken(&e.to_string()))?;
    let schema = lines.schema();
    let put = |(field, column): (&Arc<Field>, &ArrayRef)| -> (Arc<Field>, ArrayRef) {
        if field.name() == name {
            (Arc::new(Field::new(name, either.data_type().clone(), true)), Arc::new(either.clone()))
        } else {
            (Arc::clone(field), Arc::clone(column))
        }
    };
    let (fields, columns): (Vec<_>, Vec<_>) = schema.fields().iter().zip(lines.columns()).map(put).unzip();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(|e| broken(&e.to_string()))
}

#[cfg(test)]
mod tests {
    use arrow::{compute::cast, datatypes::DataType};

    use super::*;

    #[test]
    fn the_second_stands_where_the_first_has_no_code() {
        let coded = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        let column = |codes: Vec<Option<&str>>| cast(&StringArray::from(codes), &coded).unwrap();
        let account = column(vec![Some("4100"), None, Some(""), Some("\u{a0}"), None]);
        let text = column(vec![Some("Salaries"), Some("Salaries"), Some("Rent"), Some("Fees"), None]);
        let lines = RecordBatch::try_from_iter([("account", account), ("account_text", text)]).unwrap();
        let whole = or_else(&lines, "account", "account_text").unwrap();
        let plain = cast(whole.column(0), &DataType::Utf8).unwrap();
        let found: Vec<Option<&str>> = plain.as_string::<i32>().iter().collect();
        assert_eq!(found, [Some("4100"), Some("Salaries"), Some("Rent"), Some("Fees"), None]);
        assert_eq!(whole.column(1), lines.column(1));
    }
}
