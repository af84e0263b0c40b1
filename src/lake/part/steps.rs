//! Columns without a dictionary: amounts and running numbers as differences, keys as what follows a shared beginning, truths as bits.
//!
//! The same encodings as the encoder of `parquet` writes, for a third of its time on ledgers: journal numbers come in runs, and rows
//! need not be asked one by one whether they are empty.

use arrow::{
    array::{Array as _, ArrayRef, ArrowPrimitiveType, AsArray as _, BooleanBufferBuilder, PrimitiveArray},
    compute::cast,
    datatypes::{DataType, Date32Type, Decimal128Type, Int8Type, Int16Type, Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType},
};
use bytes::Bytes;
use parquet::{
    basic::{Encoding, Type as PhysicalType},
    column::writer::ColumnCloseResult,
    errors::Result,
    file::statistics::Statistics,
    schema::types::ColumnDescPtr,
};

use super::{
    deltas::{self, Prefixes},
    page::{Chunk, Levels, least_and_most, text_statistics},
};

/// Integers and amounts as differences; `None` where the type is neither.
pub(super) fn integers(column: &ColumnDescPtr, pieces: &[&ArrayRef]) -> Option<Result<(Bytes, ColumnCloseResult)>> {
    let (mut values, mut levels) = (Vec::new(), Levels::default());
    for piece in pieces {
        take_integers(piece, &mut values)?;
        levels.push(piece.nulls(), piece.len());
    }
    let narrow = column.physical_type() == PhysicalType::INT32;
    let (least, most) = least_and_most(values.iter().copied());
    let empty = Some(levels.empty());
    let statistics = if narrow {
        Statistics::int32(least.map(|v| v as i32), most.map(|v| v as i32), None, empty, false)
    } else {
        Statistics::int64(least, most, None, empty, false)
    };
    let chunk = Chunk { column, dictionary: None, levels: &levels, encoding: Encoding::DELTA_BINARY_PACKED, statistics };
    Some(chunk.finish(|body| deltas::encode(&values, narrow, body)))
}

fn take_integers(piece: &ArrayRef, values: &mut Vec<i64>) -> Option<()> {
    match piece.data_type() {
        DataType::Int8 => extend::<Int8Type>(piece.as_primitive(), values, i64::from),
        DataType::Int16 => extend::<Int16Type>(piece.as_primitive(), values, i64::from),
        DataType::Int32 => extend::<Int32Type>(piece.as_primitive(), values, i64::from),
        DataType::Date32 => extend::<Date32Type>(piece.as_primitive(), values, i64::from),
        DataType::Int64 => extend::<Int64Type>(piece.as_primitive(), values, |v| v),
        DataType::Timestamp(TimeUnit::Microsecond, _) => extend::<TimestampMicrosecondType>(piece.as_primitive(), values, |v| v),
        // Eighteen digits are stored in 64 bits.
        DataType::Decimal128(precision, _) if *precision <= 18 => extend::<Decimal128Type>(piece.as_primitive(), values, |v| v as i64),
        _ => return None,
    }
    Some(())
}

fn extend<T: ArrowPrimitiveType>(array: &PrimitiveArray<T>, values: &mut Vec<i64>, wide: impl Fn(T::Native) -> i64) {
    match array.nulls().filter(|nulls| nulls.null_count() > 0) {
        None => values.extend(array.values().iter().map(|value| wide(*value))),
        Some(nulls) => values.extend(array.values().iter().zip(nulls).filter(|(_, present)| *present).map(|(value, _)| wide(*value))),
    }
}

/// Truths, a bit each; `None` where the type is another.
pub(super) fn bits(column: &ColumnDescPtr, pieces: &[&ArrayRef]) -> Option<Result<(Bytes, ColumnCloseResult)>> {
    let (mut values, mut levels) = (BooleanBufferBuilder::new(0), Levels::default());
    for piece in pieces {
        let array = piece.as_boolean_opt()?;
        match array.nulls().filter(|nulls| nulls.null_count() > 0) {
            None => values.append_buffer(array.values()),
            Some(nulls) => array.values().iter().zip(nulls).filter(|(_, present)| *present).for_each(|(value, _)| values.append(value)),
        }
        levels.push(array.nulls(), array.len());
    }
    let values = values.finish();
    let (most, count) = (values.count_set_bits(), values.len());
    let (least, most) = ((count > 0).then_some(most == count), (count > 0).then_some(most > 0));
    let statistics = Statistics::boolean(least, most, None, Some(levels.empty()), false);
    let chunk = Chunk { column, dictionary: None, levels: &levels, encoding: Encoding::PLAIN, statistics };
    Some(chunk.finish(|body| body.extend_from_slice(values.values().get(..count.div_ceil(8)).unwrap_or_default())))
}

/// Texts that share beginnings with those before; `None` where they are no texts, or too long for one page.
pub(super) fn prefixes(column: &ColumnDescPtr, pieces: &[&ArrayRef]) -> Option<Result<(Bytes, ColumnCloseResult)>> {
    let (mut prefixes, mut levels) = (Prefixes::default(), Levels::default());
    for piece in pieces {
        let text = cast(piece, &DataType::Utf8).ok()?; // Dictionary arrays too; nothing is done where it is text already.
        let array = text.as_string_opt::<i32>()?;
        let (offsets, bytes) = (array.value_offsets(), array.value_data());
        let texts =
            offsets.iter().zip(offsets.iter().skip(1)).map(|(from, to)| bytes.get(*from as usize..*to as usize).unwrap_or_default());
        let mut push = |text| prefixes.push(text);
        match array.nulls().filter(|nulls| nulls.null_count() > 0) {
            None => texts.for_each(&mut push),
            Some(nulls) => texts.zip(nulls).filter(|(_, present)| *present).for_each(|(text, _)| push(text)),
        }
        levels.push(array.nulls(), array.len());
        if prefixes.is_large() {
            return None;
        }
    }
    let statistics = text_statistics(prefixes.range(), levels.empty());
    let chunk = Chunk { column, dictionary: None, levels: &levels, encoding: Encoding::DELTA_BYTE_ARRAY, statistics };
    Some(chunk.finish(|body| prefixes.write(body)))
}
