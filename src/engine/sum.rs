//! `sum`, with an error where the figure would not fit: `DataFusion`'s own wraps around silently.
//!
//! Integers are added up as decimals of 38 digits and amounts of 28 and more as decimals of 76, which no number of rows fills; the
//! result is then brought back to the type that `DataFusion` says, or refused. Smaller decimals cannot overflow, and are added as ever.

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, BooleanArray},
    compute::{CastOptions, cast_with_options},
    datatypes::{DataType, Field, FieldRef},
};
use datafusion::{
    common::{DataFusionError, ScalarValue, exec_datafusion_err},
    logical_expr::{
        Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, ReversedUDAF, Signature,
        function::{AccumulatorArgs, StateFieldsArgs},
        utils::AggregateOrderSensitivity,
    },
};

type Result<T> = std::result::Result<T, DataFusionError>;

const CHECKED: CastOptions<'static> = CastOptions { safe: false, format_options: arrow::util::display::FormatOptions::new() };

/// `DataFusion`'s function on types in which it cannot overflow.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Sum(Arc<AggregateUDF>);

impl Sum {
    /// The same function, checked, if it is `sum`.
    pub fn instead_of(function: Arc<AggregateUDF>) -> Arc<AggregateUDF> {
        if function.name() == "sum" { Arc::new(AggregateUDF::new_from_impl(Self(function))) } else { function }
    }
}

/// An accumulator in a type that cannot overflow.
fn checked(args: AccumulatorArgs, make: impl FnOnce(AccumulatorArgs) -> Result<Box<dyn Accumulator>>) -> Result<Box<dyn Accumulator>> {
    let result = args.return_field.data_type().clone();
    let Some(wide) = wide(&result) else { return make(args) };
    let inner = make(AccumulatorArgs { return_field: field(&wide), ..args })?;
    Ok(Box::new(Checked { inner, wide, result }))
}

/// The type in which values are added up; `None` where that of the result cannot overflow.
const fn wide(result: &DataType) -> Option<DataType> {
    match result {
        DataType::Int64 | DataType::UInt64 => Some(DataType::Decimal128(38, 0)),
        DataType::Decimal128(38, scale) => Some(DataType::Decimal256(76, *scale)),
        _ => None,
    }
}

fn field(kind: &DataType) -> FieldRef {
    Arc::new(Field::new("sum", kind.clone(), true))
}

fn widened(values: &[ArrayRef], wide: &DataType) -> Result<Vec<ArrayRef>> {
    values.iter().map(|array| Ok(cast_with_options(array, wide, &CHECKED)?)).collect()
}

fn overflow(result: &DataType) -> DataFusionError {
    exec_datafusion_err!("overflow: a sum does not fit {result}")
}

impl AggregateUDFImpl for Sum {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn signature(&self) -> &Signature {
        self.0.signature()
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        self.0.inner().return_type(arguments)
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        checked(args, |args| self.0.accumulator(args))
    }

    fn create_sliding_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        checked(args, |args| self.0.create_sliding_accumulator(args))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        match wide(args.return_field.data_type()) {
            Some(wide) => self.0.state_fields(StateFieldsArgs { return_field: field(&wide), ..args }),
            None => self.0.state_fields(args),
        }
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs) -> bool {
        self.0.groups_accumulator_supported(args)
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        let result = args.return_field.data_type().clone();
        let Some(wide) = wide(&result) else { return self.0.create_groups_accumulator(args) };
        let inner = self.0.create_groups_accumulator(AccumulatorArgs { return_field: field(&wide), ..args })?;
        Ok(Box::new(CheckedGroups { inner, wide, result }))
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::Identical
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }
}

#[derive(Debug)]
struct Checked {
    inner: Box<dyn Accumulator>,
    wide: DataType,
    result: DataType,
}

impl Accumulator for Checked {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.inner.update_batch(&widened(values, &self.wide)?)
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.inner.retract_batch(&widened(values, &self.wide)?)
    }

    fn supports_retract_batch(&self) -> bool {
        self.inner.supports_retract_batch()
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.inner.evaluate()?.cast_to_with_options(&self.result, &CHECKED).map_err(|_| overflow(&self.result))
    }

    fn size(&self) -> usize {
        self.inner.size()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.inner.state()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.inner.merge_batch(states)
    }
}

struct CheckedGroups {
    inner: Box<dyn GroupsAccumulator>,
    wide: DataType,
    result: DataType,
}

impl GroupsAccumulator for CheckedGroups {
    fn update_batch(&mut self, values: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>, total: usize) -> Result<()> {
        self.inner.update_batch(&widened(values, &self.wide)?, groups, filter, total)
    }

    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        cast_with_options(&self.inner.evaluate(emit)?, &self.result, &CHECKED).map_err(|_| overflow(&self.result))
    }

    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        self.inner.state(emit)
    }

    fn merge_batch(&mut self, values: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.inner.merge_batch(values, groups, total)
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        self.inner.convert_to_state(&widened(values, &self.wide)?, filter)
    }

    fn size(&self) -> usize {
        self.inner.size()
    }
}
