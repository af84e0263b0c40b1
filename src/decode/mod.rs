//! A file → typed batches and rejected rows. Exact, streaming, never a guess.
//!
//! ```text
//!  landed bytes ─▶ FileScan ─▶ Judge ─▶ Reader::next ─▶ decode ─▶ Decoded ─▶ Tally::add … ─▶ Tally::finish
//!               (while landing)       (one thread)  (any thread)        (in the order of the file)
//! ```
//!
//! A format says where the records and fields of a file stand: a folder (`delimited`, `fixed`), and an arm in [`Reader`]. What they say is read
//! by one path for all formats: records ([`records`]) → what is a row ([`kinds`]) → columns ([`columns`], [`value`]).
//!
//! * **Structure faults** (field count, quotes, encoding, header, a trailer that is missing) refuse the file. Of several,
//!   the one that stands first in the file is reported: take the fault of the first piece that has one.
//! * **Value faults** reject the row with all its faults; the other rows are read on.
//! * Every record is accounted for: records = accepted + rejected + blank + declared non-data ([`Tally`]).
//! * What is no row is priced ([`LeftOut`]): an amount in it must be declared to hold what it holds.
//! * Nothing is inferred. A column is found by its name in the header, a value is read by the styles that its contract
//!   declares, and exact copies of rows are kept.
//!
//! Line ends are LF, CRLF, CR and CR CR LF, also mixed. A row is known by the physical line on which its record starts,
//! counted from 1, line ends inside quoted fields included.

mod adds_up;
mod amounts;
mod columns;
mod delimited;
mod facts;
mod faults;
mod fixed;
mod header;
mod judge;
mod kinds;
mod labels;
mod lacking;
mod left_out;
mod middle;
mod named;
mod overlay;
mod packed;
mod pass;
mod reader;
mod reading;
mod records;
mod reject;
mod rounded;
mod scan;
mod search;
mod subject;
mod subtotals;
mod tally;
mod text;
mod totals;
mod treat;
mod twice;
mod value;
mod workbook;

pub use adds_up::Added;
pub use amounts::FormSums;
pub use delimited::plain::{LineEndCounts, PlainFault, PlainRecord, PlainRecords, Spelling};
pub use facts::{EncodingFacts, FileFacts, Inside, OtherFormat, PackedFacts, Spot, Utf16Facts};
pub use header::{Drift, Header, PreambleLine};
pub use judge::{BalanceBy, Judge, SOURCE_ROW};
pub use labels::Labelled;
pub use lacking::lacking_styles;
pub use left_out::{Left, LeftOut, Printed};
pub use middle::InMiddle;
pub use overlay::{Original, Overlay, originals, rows_alike};
pub use packed::{PlainPacked, look_inside};
pub use pass::{Decoded, RowResidue, decode, decode_without};
pub use reader::{Piece, Reader};
pub use records::ControlRecord;
pub use reject::{Fault, RejectedRow};
pub use scan::FileScan;
pub use search::{find_row, find_values};
pub use subtotals::{Subtotals, find_subtotals};
pub use tally::{ColumnSum, FooterTotal, Tally};
pub use text::{
    chunks::RECORD_LIMIT,
    encoding::{EncodingScan, choose_encoding},
};
pub use totals::LooksTotal;
pub use treat::{MadePseudonyms, Treating};
pub use value::{
    date::{DateOverlap, is_day_of, overlapping_added, overlapping_dates},
    money::{AmountFault, MoneyRules},
    part_pennies::{NoiseSum, NoiseTally, ReadAmount, printed, residue_of},
    seen::AmountsSeen,
    sides::Sides,
};
pub use workbook::{PlainBook, PlainCell, PlainSheet};
