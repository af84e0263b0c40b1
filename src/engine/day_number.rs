//! `excel_date(number)`: the day that a spreadsheet's day number means, where a column holds such numbers and the contract reads them as
//! whole numbers.

use std::sync::Arc;

use arrow::{array::Date32Array, datatypes::DataType};
use datafusion::{
    common::{DataFusionError, cast::as_int64_array},
    logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility},
};

pub(super) const NAME: &str = "excel_date";

/// Days from 1970-01-01 back to 30 December 1899, the day 0 of the 1900 system from March 1900 on.
const NOUGHT: i64 = 25_569;

/// 1 March 1900. Below it the system counts a 29 February 1900 that never was.
const FIRST: i64 = 61;

/// 31 December 9999, the last day that a spreadsheet knows.
const LAST: i64 = 2_958_465;

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct ExcelDate(Signature);

impl ExcelDate {
    pub fn function() -> Arc<ScalarUDF> {
        Arc::new(ScalarUDF::new_from_impl(Self(Signature::exact(vec![DataType::Int64], Volatility::Immutable))))
    }
}

impl ScalarUDFImpl for ExcelDate {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType, DataFusionError> {
        Ok(DataType::Date32)
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue, DataFusionError> {
        let arrays = ColumnarValue::values_to_arrays(&call.args)?;
        let [numbers] = arrays.as_slice() else { return Err(DataFusionError::Execution(format!("{NAME} takes one whole number"))) };
        let days = as_int64_array(numbers)?.iter().map(|number| number.map(day).transpose());
        Ok(ColumnarValue::Array(Arc::new(days.collect::<Result<Date32Array, _>>()?)))
    }
}

/// Days since 1970-01-01.
fn day(number: i64) -> Result<i32, DataFusionError> {
    let known = (FIRST..=LAST).contains(&number).then_some(number - NOUGHT).and_then(|day| i32::try_from(day).ok());
    // What the number is stays out of the message: it is the value of a row.
    known.ok_or_else(|| DataFusionError::Execution(format!("{NAME} was given a number that is no day number of a spreadsheet")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Day;

    #[test]
    fn day_numbers_of_the_1900_system() {
        let of = |number| day(number).map(|day| Day(day).to_string()).ok();
        assert_eq!(of(45_777).as_deref(), Some("2025-04-30"));
        assert_eq!(of(61).as_deref(), Some("1900-03-01"));
        assert_eq!(of(LAST).as_deref(), Some("9999-12-31"));
        assert_eq!((of(60), of(LAST + 1), of(-1)), (None, None, None));
    }
}
