//! Columns of few distinct values: a dictionary page and one page of ids.
//!
//! The encoder that comes with `parquet` looks every value up as if it had never seen one like it, also where it is given a dictionary
//! array; of a ledger's time that is the greater part. This one first compares with the value before, takes the ids of dictionary arrays
//! for what they are, and hashes the rest in a table made for it. Whether a dictionary pays is decided over the whole row group.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, ArrowPrimitiveType, AsArray as _, DictionaryArray, PrimitiveArray, StringArray},
    buffer::NullBuffer,
    datatypes::{DataType, Date32Type, Int8Type, Int16Type, Int32Type},
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
    interner::{Interner, Term, TooMany},
    page::{Chunk, Compressor, Levels, least_and_most, text_statistics},
    runs,
};

/// Ids of the entries, in order, without the empty ones.
struct Ids {
    interner: Interner,
    all: Vec<u32>,
    levels: Levels,
}

/// The chunk of a column, or `None` where a dictionary does not pay or the type has none here.
pub(super) fn encode(
    column: &ColumnDescPtr,
    pieces: &[&ArrayRef],
    compressor: &mut Compressor,
) -> Option<Result<(Bytes, ColumnCloseResult)>> {
    let mut ids = Ids { interner: Interner::new(), all: Vec::new(), levels: Levels::default() };
    let mut known = Known::default();
    for piece in pieces {
        ids.take(piece, &mut known)?.ok()?;
    }
    Some(ids.chunk(column, compressor))
}

/// Ids of the values of the dictionary array that came last: slices of one array share it.
#[derive(Default)]
struct Known {
    values: Option<ArrayRef>,
    ids: Vec<Option<u32>>,
}

impl Ids {
    fn take(&mut self, piece: &ArrayRef, known: &mut Known) -> Option<std::result::Result<(), TooMany>> {
        match piece.data_type() {
            DataType::Utf8 => Some(self.text(piece.as_string())),
            DataType::Int8 => Some(self.integers::<Int8Type>(piece.as_primitive())),
            DataType::Int16 => Some(self.integers::<Int16Type>(piece.as_primitive())),
            DataType::Int32 => Some(self.integers::<Int32Type>(piece.as_primitive())),
            DataType::Date32 => Some(self.integers::<Date32Type>(piece.as_primitive())),
            DataType::Dictionary(_, _) => Some(self.coded(piece.as_dictionary_opt()?, known)),
            _ => None,
        }
    }

    fn text(&mut self, array: &StringArray) -> std::result::Result<(), TooMany> {
        let (offsets, bytes) = (array.value_offsets(), array.value_data());
        let ends = offsets.iter().zip(offsets.iter().skip(1));
        let values = ends.map(|(from, to)| bytes.get(*from as usize..*to as usize).unwrap_or_default());
        self.terms(values, array.nulls(), array.len())
    }

    fn integers<T: ArrowPrimitiveType>(&mut self, array: &PrimitiveArray<T>) -> std::result::Result<(), TooMany>
    where
        T::Native: Into<i32>,
    {
        self.terms(array.values().iter().map(|value| (*value).into()), array.nulls(), array.len())
    }

    fn terms<T: Term + PartialEq>(
        &mut self,
        terms: impl Iterator<Item = T>,
        nulls: Option<&NullBuffer>,
        length: usize,
    ) -> std::result::Result<(), TooMany> {
        let mut before: Option<(T, u32)> = None;
        let Self { interner, all, .. } = self;
        let mut id = |term: T| match before {
            Some((last, id)) if last == term => Ok(id),
            _ => interner.id(term).inspect(|id| before = Some((term, *id))),
        };
        match nulls.filter(|nulls| nulls.null_count() > 0) {
            None => terms.take(length).try_for_each(|term| id(term).map(|id| all.push(id)))?,
            Some(nulls) => {
                let present = terms.zip(nulls).filter(|(_, present)| *present);
                for (term, _) in present {
                    all.push(id(term)?);
                }
            }
        }
        self.levels.push(nulls, length);
        Ok(())
    }

    fn coded(&mut self, array: &DictionaryArray<Int32Type>, known: &mut Known) -> std::result::Result<(), TooMany> {
        let Some(values) = array.values().as_string_opt::<i32>() else { return Err(TooMany) };
        if !known.values.as_ref().is_some_and(|last| Arc::ptr_eq(last, array.values())) {
            *known = Known { values: Some(array.values().clone()), ids: vec![None; values.len()] };
        }
        // A key may also point to an empty value.
        let nulls = array.logical_nulls();
        for (row, key) in array.keys().values().iter().enumerate() {
            if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
                continue;
            }
            let key = *key as usize;
            if let Some(id) = known.ids.get(key).copied().flatten() {
                self.all.push(id);
                continue;
            }
            let id = self.interner.id(values.value(key).as_bytes())?;
            if let Some(unknown) = known.ids.get_mut(key) {
                *unknown = Some(id);
            }
            self.all.push(id);
        }
        self.levels.push(nulls.as_ref(), array.len());
        Ok(())
    }

    /// A column that is empty throughout has no dictionary and so no ids.
    fn chunk(&self, column: &ColumnDescPtr, compressor: &mut Compressor) -> Result<(Bytes, ColumnCloseResult)> {
        let count = self.interner.len();
        let dictionary = (count > 0).then(|| (self.interner.plain(), count));
        let encoding = if count > 0 { Encoding::RLE_DICTIONARY } else { Encoding::PLAIN };
        let chunk = Chunk { column, dictionary, levels: &self.levels, encoding, statistics: self.statistics(column) };
        chunk.finish(compressor, |body| {
            if count > 0 {
                let width = runs::width(count);
                body.push(width);
                runs::encode(&self.all, width, body);
            }
        })
    }

    fn statistics(&self, column: &ColumnDescPtr) -> Statistics {
        let (empty, values) = (self.levels.empty(), self.interner.values());
        if column.physical_type() == PhysicalType::INT32 {
            let (least, most) = least_and_most(values.filter_map(|plain| plain.first_chunk().map(|bytes| i32::from_le_bytes(*bytes))));
            Statistics::int32(least, most, None, Some(empty), false)
        } else {
            text_statistics(values.filter_map(|plain| plain.get(4..)), empty)
        }
    }
}
