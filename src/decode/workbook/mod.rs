//! Workbooks (`.xlsx`): which cells of a sheet are the fields of which record. One format; what a field says is read by [`super::columns`].
//!
//! ```text
//!  bytes ─▶ packed::Directory ─▶ Package (parts looked through) ─▶ Cells (a thread of its own) ─▶ Sheet (header, rows) ─▶ Rows
//! ```
//!
//! * Nothing is unpacked before the directory of the archive was judged, and no XML is read before its part was looked through.
//! * A cell becomes text, with its kind beside it. Numbers are doubles only in [`number`]; what leaves it is decimal text.
//! * Cells come one after another; a sheet is never held whole, and empty cells cost nothing but their bytes.

mod beside;
mod cells;
pub(super) mod faults;
mod number;
mod package;
mod place;
mod plain;
mod rows;
mod scan;
mod sheet;
mod shown;
mod tag;
mod values;

pub(super) use cells::Kind;
pub use plain::{PlainBook, PlainCell, PlainSheet};
pub(super) use rows::{Rows, SEEN_BETWEEN};
pub(super) use sheet::Sheet;
