//! Parquet parts whose bytes depend on their rows and on nothing else.
//!
//! A part is row groups of [`ROW_GROUP_ROWS`] rows (the last shorter, or all shorter where a writer of many parts at once had to
//! make room). [`RowGroupBuffer`] cuts the stream of batches, [`EncodedRowGroup::of`] turns one row group into compressed column
//! chunks on any thread, [`PartWriter`] puts them into the file in order and hashes what it writes. How rows were cut into batches,
//! and how many threads there were, cannot be seen in the bytes. [`Derivation`] makes a part that takes columns of another as they are.

mod buffer;
mod chunks;
mod deltas;
mod derive;
mod dictionary;
mod encode;
mod interner;
mod page;
mod read;
mod runs;
mod shape;
mod steps;
#[cfg(test)]
mod tests;
mod writer;

pub use buffer::{RowGroupBuffer, RowGroups};
pub use derive::{Derivation, Plan};
pub use encode::EncodedRowGroup;
pub use read::{PartFile, rows_of_parts};
pub use shape::PartSchema;
pub use writer::{PartWriter, StagedPart};

/// Rows of a row group.
pub const ROW_GROUP_ROWS: usize = 131_072;

/// Rows that are handed to a column's encoder at a time.
pub const BATCH_ROWS: usize = 8_192;
