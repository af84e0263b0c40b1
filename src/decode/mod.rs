//! Delimited text → typed batches and rejected rows. Exact, streaming, never a guess.
//!
//! ```text
//!  landed bytes ─▶ EncodingScan ─▶ Judge ─▶ Chunks::next ─▶ decode ─▶ Decoded ─▶ Tally::add … ─▶ Tally::finish
//!                 (while landing)          (one thread)   (any thread)        (in the order of the file)
//! ```
//!
//! * **Structure faults** (field count, quotes, encoding, header, a trailer that is missing) refuse the file. Of several,
//!   the one that stands first in the file is reported: take the fault of the first chunk that has one.
//! * **Value faults** reject the row with all its faults; the other rows are read on.
//! * Every record is accounted for: records = accepted + rejected + blank + declared non-data ([`Tally`]).
//! * What is no row is priced ([`LeftOut`]): an amount in it must be declared to hold what it holds.
//! * Nothing is inferred. A column is found by its name in the header, a value is read by the styles that its contract
//!   declares, and exact copies of rows are kept.
//!
//! Line ends are LF, CRLF, CR and CR CR LF, also mixed. A row is known by the physical line on which its record starts,
//! counted from 1, line ends inside quoted fields included.

mod amounts;
mod chunks;
mod columns;
mod date;
mod encoding;
mod faults;
mod header;
mod judge;
mod kinds;
mod left_out;
mod lines;
mod masks;
mod middle;
mod money;
mod number;
mod pass;
mod plain;
mod record;
mod reject;
mod rows;
mod split;
mod tally;
mod totals;
mod transcode;
mod treat;

pub use amounts::FormSums;
pub use chunks::{CHUNK_BYTES, Chunk, Chunks, RECORD_LIMIT};
pub use encoding::{EncodingFacts, EncodingScan, Spot, Utf16Facts, choose_encoding};
pub use header::{Drift, Header, PreambleLine};
pub use judge::{BalanceBy, Judge};
pub use left_out::{Left, LeftOut, Printed};
pub use middle::InMiddle;
pub use money::{AmountFault, MoneyRules};
pub use pass::{Decoded, SOURCE_ROW, decode, decode_without};
pub use plain::{LineEndCounts, PlainFault, PlainRecord, PlainRecords, Spelling};
pub use reject::{Fault, RejectedRow};
pub use tally::{ColumnSum, ControlRecord, FooterTotal, Sides, Tally};
pub use totals::{LooksTotal, Subtotals, find_subtotals};
pub use treat::Treating;
