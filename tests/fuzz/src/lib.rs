//! The layers up to the decoder, without the rest of truecost.

use std::sync::Arc;

use ::arrow::{array::RecordBatch, compute::concat_batches};

#[path = "../../../src/crash.rs"]
pub mod crash;
#[path = "../../../src/decode/mod.rs"]
pub mod decode;
#[path = "../../../src/diagnostic/mod.rs"]
pub mod diagnostic;
#[path = "../../../src/domain/mod.rs"]
pub mod domain;
#[path = "../../../src/schema/mod.rs"]
pub mod schema;

use decode::{BalanceBy, FileScan, Judge, Reader, RejectedRow, Tally};
use diagnostic::Answer;
use domain::{Day, Identifier};
use schema::Contract;

/// What a file held: accepted rows, rejected rows, and the count of everything.
pub type Judged = (RecordBatch, Vec<RejectedRow>, Tally);

/// Reads a file in pieces of about this many bytes; it holds rows of the financial year 2023.
///
/// # Errors
/// Why the file is refused.
pub fn judge(contract: &Arc<Contract>, balances: Vec<BalanceBy>, bytes: &[u8], piece_bytes: usize) -> Answer<Judged> {
    let mut scan = FileScan::new();
    bytes.chunks(piece_bytes).for_each(|piece| scan.update(piece));
    let day = |y| Day::from_ymd(y, 4, 1).expect("a day");
    let judge = Judge::new(Arc::clone(contract), "file".into(), &scan.finish(), (day(2023), day(2024)), balances)?;
    let mut reader = Reader::open_in_pieces(&judge, bytes, piece_bytes)?;
    let header = reader.header();
    let (mut batches, mut rejected, mut tally) = (Vec::new(), Vec::new(), Tally::default());
    while let Some(piece) = reader.next()? {
        let decoded = decode::decode(&judge, &header, &piece);
        if let Some(fault) = decoded.fault {
            return Err(fault.into());
        }
        batches.push(decoded.rows);
        rejected.extend(decoded.rejected);
        tally.add(decoded.tally);
    }
    let tally = tally.finish(&judge, &header)?;
    Ok((concat_batches(&judge.schema(), &batches).expect("one schema"), rejected, tally))
}

/// Rows and counts agree, and rejected rows come in the order of the file, each with its reasons.
pub fn holds((rows, rejected, tally): &Judged) {
    assert_eq!(rows.num_rows() as u64, tally.accepted);
    assert_eq!(rejected.len() as u64, tally.rejected);
    assert!(rejected.iter().all(|row| !row.faults.is_empty()));
    assert!(rejected.is_sorted_by(|a, b| a.source_row < b.source_row));
}

/// A name of ours.
pub fn id(name: &str) -> Identifier {
    Identifier::new(name).expect("an identifier")
}
