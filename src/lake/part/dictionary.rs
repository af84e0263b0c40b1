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
    interner::{Interner, Term, Text, TooMany},
    page::{Chunk, Levels, least_and_most, text_statistics},
    runs,
};

/// Ids of the entries, in order, without the empty ones.
struct Ids {
    interner: Interner,
    all: Vec<u32>,
    levels: Levels,
}

/// The chunk of a column, or `None` where a dictionary does not pay or the type has none here.
pub(super) fn encode(column: &ColumnDescPtr, pieces: &[&ArrayRef]) -> Option<Result<(Bytes, ColumnCloseResult)>> {
    let mut ids = Ids { interner: Interner::new(), all: Vec::new(), levels: Levels::default() };
    let mut known = Known::default();
    for piece in pieces {
        ids.take(piece, &mut known)?.ok()?;
    }
    Some(ids.chunk(column))
}

/// Ids of the values of the dictionary array that came last: slices of one array share it.
#[derive(Default)]
struct Known {
    values: Option<ArrayRef>,
    /// [`UNKNOWN`] until a row has the value.
    ids: Vec<u32>,
}

const UNKNOWN: u32 = u32::MAX;

/// The value that all of them are, where they are alike.
fn the_same<T: Copy + PartialEq>(values: &[T]) -> Option<T> {
    values.first().copied().filter(|first| values.iter().all(|value| value == first))
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
        self.terms(Text::all(array), array.nulls(), array.len())
    }

    fn integers<T: ArrowPrimitiveType>(&mut self, array: &PrimitiveArray<T>) -> std::result::Result<(), TooMany>
    where
        T::Native: Into<i32>,
    {
        if let Some(first) = the_same(array.values()).filter(|_| array.null_count() == 0) {
            let id = self.interner.id(first.into())?;
            self.all_of(id, array.len());
            return Ok(());
        }
        self.terms(array.values().iter().map(|value| (*value).into()), array.nulls(), array.len())
    }

    fn terms<T: Term>(
        &mut self,
        terms: impl Iterator<Item = T>,
        nulls: Option<&NullBuffer>,
        length: usize,
    ) -> std::result::Result<(), TooMany> {
        let Self { interner, all, .. } = self;
        all.reserve(length);
        match nulls.filter(|nulls| nulls.null_count() > 0) {
            None => terms.take(length).try_for_each(|term| interner.id(term).map(|id| all.push(id)))?,
            Some(nulls) => {
                let present = terms.zip(nulls).filter(|(_, present)| *present);
                for (term, _) in present {
                    all.push(interner.id(term)?);
                }
            }
        }
        self.levels.push(nulls, length);
        Ok(())
    }

    fn coded(&mut self, array: &DictionaryArray<Int32Type>, known: &mut Known) -> std::result::Result<(), TooMany> {
        let Some(values) = array.values().as_string_opt::<i32>() else { return Err(TooMany) };
        if !known.values.as_ref().is_some_and(|last| Arc::ptr_eq(last, array.values())) {
            *known = Known { values: Some(array.values().clone()), ids: vec![UNKNOWN; values.len()] };
        }
        let keys = array.keys().values();
        // A key may also point to an empty value.
        if let Some(nulls) = array.logical_nulls().filter(|nulls| nulls.null_count() > 0) {
            let present = keys.iter().zip(&nulls).filter(|(_, present)| *present);
            self.all.reserve(array.len());
            for (key, _) in present {
                let id = self.id_of(*key, values, known)?;
                self.all.push(id);
            }
            self.levels.push(Some(&nulls), array.len());
            return Ok(());
        }
        if let Some(key) = the_same(keys) {
            let id = self.id_of(key, values, known)?;
            self.all_of(id, array.len());
            return Ok(());
        }
        for key in keys {
            self.id_of(*key, values, known)?;
        }
        self.all.extend(keys.iter().map(|key| known.ids.get(*key as usize).copied().unwrap_or_default()));
        self.levels.push(None, array.len());
        Ok(())
    }

    /// The id of a value of a dictionary array.
    #[inline]
    fn id_of(&mut self, key: i32, values: &StringArray, known: &mut Known) -> std::result::Result<u32, TooMany> {
        match known.ids.get_mut(key as usize) {
            Some(id) if *id != UNKNOWN => Ok(*id),
            Some(unknown) => {
                *unknown = self.interner.id(Text::of(values, key as usize))?;
                Ok(*unknown)
            }
            None => Err(TooMany), // no dictionary array has such a key
        }
    }

    /// So many entries of one value.
    fn all_of(&mut self, id: u32, length: usize) {
        self.all.resize(self.all.len() + length, id);
        self.levels.push(None, length);
    }

    /// A column that is empty throughout has no dictionary and so no ids.
    fn chunk(&self, column: &ColumnDescPtr) -> Result<(Bytes, ColumnCloseResult)> {
        let count = self.interner.len();
        let dictionary = (count > 0).then(|| (self.interner.plain(), count));
        let encoding = if count > 0 { Encoding::RLE_DICTIONARY } else { Encoding::PLAIN };
        let chunk = Chunk { column, dictionary, levels: &self.levels, encoding, statistics: self.statistics(column) };
        chunk.finish(|body| {
            if count > 0 {
                let width = runs::width(count);
                body.push(width);
                // Eight and more of one value are one run.
                if count == 1 && self.all.len() >= 8 {
                    runs::repeat(0, self.all.len(), width, body);
                } else {
                    runs::encode(&self.all, width, body);
                }
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
