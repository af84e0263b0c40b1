//! `fold_code(text)`: a text as rules and reference tables compare it, for queries that join on names.

use std::sync::Arc;

use arrow::{array::StringArray, datatypes::DataType};
use datafusion::{
    common::{DataFusionError, cast::as_string_array},
    logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility},
};

use crate::domain::{fold_code, is_folded};

/// The function under this name; see [`fold_code`].
pub(super) const NAME: &str = "fold_code";

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct FoldCode(Signature);

impl FoldCode {
    pub fn function() -> Arc<ScalarUDF> {
        Arc::new(ScalarUDF::new_from_impl(Self(Signature::exact(vec![DataType::Utf8], Volatility::Immutable))))
    }
}

impl ScalarUDFImpl for FoldCode {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType, DataFusionError> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue, DataFusionError> {
        let arrays = ColumnarValue::values_to_arrays(&call.args)?;
        let [texts] = arrays.as_slice() else { return Err(DataFusionError::Execution(format!("{NAME} takes one text"))) };
        let all = as_string_array(texts)?;
        if all.iter().flatten().all(is_folded) {
            return Ok(ColumnarValue::Array(Arc::clone(texts)));
        }
        let folded: StringArray = all.iter().map(|text| text.map(fold_code)).collect();
        Ok(ColumnarValue::Array(Arc::new(folded)))
    }
}
