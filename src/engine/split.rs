//! `split_part` for joined account codes (`01.A100.5000`): the one function that every line of such a ledger needs
//! several times. Where the separator is one character and the part is a number, it is done here, several times faster;
//! every other call is `DataFusion`'s.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, StringArray},
    buffer::{Buffer, OffsetBuffer, ScalarBuffer},
    datatypes::DataType,
};
use datafusion::{
    common::{DataFusionError, ScalarValue},
    logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature},
};

/// `DataFusion`'s function, with its common case done faster.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct SplitPart(Arc<ScalarUDF>);

impl SplitPart {
    /// The same function, faster, if it is `split_part`.
    pub fn instead_of(function: Arc<ScalarUDF>) -> Arc<ScalarUDF> {
        if function.name() == "split_part" { Arc::new(ScalarUDF::new_from_impl(Self(function))) } else { function }
    }
}

impl ScalarUDFImpl for SplitPart {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn signature(&self) -> &Signature {
        self.0.signature()
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType, DataFusionError> {
        self.0.inner().return_type(arguments)
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue, DataFusionError> {
        if let [ColumnarValue::Array(texts), ColumnarValue::Scalar(separator), ColumnarValue::Scalar(part)] = call.args.as_slice()
            && let Some(texts) = texts.as_any().downcast_ref::<StringArray>()
            && let ScalarValue::Utf8(Some(separator)) = separator
            && let [separator] = separator.as_bytes()
            && let ScalarValue::Int64(Some(part)) = part
            && let Ok(part) = usize::try_from(*part)
            && let Some(part) = part.checked_sub(1)
        {
            return Ok(ColumnarValue::Array(parts(texts, *separator, part)?));
        }
        self.0.inner().invoke_with_args(call)
    }
}

/// The part (from 0) of every text; the empty text where there are fewer.
fn parts(texts: &StringArray, separator: u8, part: usize) -> Result<ArrayRef, DataFusionError> {
    let mut bytes = Vec::with_capacity(texts.value_data().len() / 2);
    let mut offsets = Vec::with_capacity(texts.len() + 1);
    offsets.push(0_i32);
    for text in texts {
        let text = text.unwrap_or_default().as_bytes();
        bytes.extend_from_slice(text.split(|b| *b == separator).nth(part).unwrap_or_default());
        // Never longer than the texts that it comes from, whose offsets are of the same type.
        offsets.push(bytes.len() as i32);
    }
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
    Ok(Arc::new(StringArray::try_new(offsets, Buffer::from_vec(bytes), texts.nulls().cloned())?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::{config::ConfigOptions, execution::SessionStateDefaults};
    use proptest::prelude::*;

    fn call(function: &ScalarUDF, texts: &StringArray, separator: &str, part: i64) -> ArrayRef {
        let args = vec![
            ColumnarValue::Array(Arc::new(texts.clone())),
            ColumnarValue::Scalar(ScalarValue::from(separator)),
            ColumnarValue::Scalar(ScalarValue::from(part)),
        ];
        let field = |kind| Arc::new(arrow::datatypes::Field::new("x", kind, true));
        let call = ScalarFunctionArgs {
            args,
            arg_fields: vec![field(DataType::Utf8), field(DataType::Utf8), field(DataType::Int64)],
            number_rows: texts.len(),
            return_field: field(DataType::Utf8),
            config_options: Arc::new(ConfigOptions::default()),
        };
        function.inner().invoke_with_args(call).unwrap().into_array(texts.len()).unwrap()
    }

    proptest! {
        #[test]
        fn it_splits_as_datafusion_does(texts in prop::collection::vec(prop::option::of("[a.£é]{0,8}"), 0..20), part in 1_i64..5, back in prop::bool::ANY) {
            let slow = SessionStateDefaults::default_scalar_functions().into_iter().find(|f| f.name() == "split_part").unwrap();
            let fast = SplitPart::instead_of(Arc::clone(&slow));
            let texts = StringArray::from(texts);
            let part = if back { -part } else { part };
            for separator in [".", "£", ".."] {
                prop_assert_eq!(&call(&fast, &texts, separator, part), &call(&slow, &texts, separator, part));
            }
        }
    }
}
