//! A partnership to try truecost on: its files, embedded in the program, and synthetic ledgers for its councils.
//!
//! Payroll comes first: what it costs is what the payroll journals of the ledgers say, but for a few things that are planted, so that
//! there is something to find (see [`write_year`]).
//!
//! All of it is made from a seed and nothing else: no clock, no float, no random numbers of the machine's.
//! The same seed and number of lines give the same bytes on any machine. They have the layouts and quirks of
//! real extracts, every journal balances, and their codes are those of the embedded reference tables, but for
//! two codes per council that no table knows, so that suspense has something to show. All names are invented.

mod chance;
mod codes;
mod journal;
mod layout;
mod partnership;
mod pay;
mod payroll;
mod prepared;
mod register;
mod staff;
mod text;
mod volume;
mod year;

use std::{
    fs::{self, File, FileTimes},
    io::{self, Write},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use crate::{
    diagnostic::{Answer, Diagnostic, Place, Refusal, codes::source as code},
    domain::{Day, Pence},
};

use chance::Chance;
use codes::Codes;
use journal::{FIRST_DAY, Ledger};
use layout::Layout;
use pay::Payroll;
use staff::Staff;

pub use partnership::{embedded, empty, write_empty, write_partnership};
pub use year::{Written, write_year};

/// Lines per council unless asked otherwise.
pub const LINES: u64 = 20_000;
/// The seed unless asked otherwise.
pub const SEED: u64 = 1;

/// Lines per council from which a ledger has a payroll, recharges and customers in it; a shorter one has drawn journals alone.
const LINES_WITH_PAYROLL: u64 = 3_000;

/// 2 April 2019, 06:12: when the extracts say they were made.
const SENT: Duration = Duration::from_mins(25_903_092);

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// One for each council, in order of its identifier.
    pub extracts: Vec<Extract>,
}

/// One council's general ledger for 2018/19.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extract {
    pub council: &'static str,
    pub file: PathBuf,
    /// The file of control totals beside it, where the layout has one.
    pub sidecar: Option<PathBuf>,
    pub bytes: u64,
    pub lines: u64,
    /// Sum of the debits, and so of the credits: every journal balances.
    pub debits: Pence,
}

/// What a sender's controls say of an extract.
#[derive(Clone, Copy, Debug, Default)]
struct Totals {
    lines: u64,
    debits: Pence,
    credits: Pence,
}

/// Writes a ledger of 2018/19 for each of the three councils to `drop_dir/<council>/general_ledger/`, over those of
/// an earlier call. Fewer than two lines cannot balance, so at least two are written. Memory does not grow with `lines_per_council`.
///
/// The files' times say April 2019, so nobody takes them for files that are still arriving.
pub fn write(drop_dir: &Path, lines_per_council: u64, seed: u64) -> Answer<Summary> {
    let extract = |layout: &&dyn Layout| write_extract(drop_dir, *layout, lines_per_council.max(2), seed);
    let extracts = layout::ALL.iter().map(extract).collect::<Answer<_>>()?;
    Ok(Summary { extracts })
}

fn write_extract(drop_dir: &Path, layout: &dyn Layout, lines: u64, seed: u64) -> Answer<Extract> {
    let council = layout.council();
    let folder = drop_dir.join(council).join("general_ledger");
    fs::create_dir_all(&folder).map_err(|error| not_written(&folder, &error))?;
    let codes = Codes::of(council);
    let payroll = payroll_of(council, &codes, lines, seed);
    let prepared = prepared::journals(&payroll, seed);
    let mut ledger = Ledger::new(&codes, Chance::new(seed.wrapping_add(salt(council))), lines, &prepared);
    let file = folder.join(layout.file_name());
    let mut totals = Totals::default();
    let bytes = arrive(&file, |out| stream(layout, &mut ledger, &mut totals, out))?;
    let sidecar = layout.sidecar_name().map(|name| folder.join(name));
    if let Some(path) = &sidecar {
        let text = format!("{{\"rows\": {}, \"net\": \"{}\"}}", totals.lines, crate::domain::decimal(totals.debits - totals.credits));
        arrive(path, |out| out.write_all(text.as_bytes()))?;
    }
    Ok(Extract { council, file, sidecar, bytes, lines: totals.lines, debits: totals.debits })
}

/// A council's payroll; the same whoever asks for it.
fn payroll_of<'a>(council: &str, codes: &'a Codes, lines: u64, seed: u64) -> Payroll<'a> {
    let employers = [staff::BEXLEY, staff::HAVERING, staff::NEWHAM];
    let employer = employers.into_iter().find(|employer| employer.council == council).unwrap_or(staff::NEWHAM);
    Payroll { staff: Staff::new(employer, codes, seed.wrapping_mul(31).wrapping_add(salt(council)), lines), codes }
}

/// Tells councils apart.
fn salt(council: &str) -> u64 {
    council.bytes().map(u64::from).sum()
}

/// First day of a month of 2018/19, 0 for April 2018.
fn first_of(month: u64) -> Day {
    let months = u8::try_from((month + 3) % 12 + 1).unwrap_or(1);
    Day::from_ymd(2018 + i32::try_from((month + 3) / 12).unwrap_or(0), months, 1).unwrap_or(FIRST_DAY)
}

/// Writes the extract a megabyte at a time.
fn stream(layout: &dyn Layout, ledger: &mut Ledger<'_>, totals: &mut Totals, out: &mut File) -> io::Result<()> {
    const FULL: usize = 1 << 20;
    let (mut buffer, mut journal) = (Vec::with_capacity(FULL + 4_096), Vec::new());
    layout.open(&mut buffer);
    while ledger.next_journal(&mut journal) {
        for line in &journal {
            layout.line(&mut buffer, line);
            totals.lines += 1;
            totals.debits += Pence::from(line.pence.max(0));
            totals.credits -= Pence::from(line.pence.min(0));
        }
        if buffer.len() >= FULL {
            out.write_all(&buffer)?;
            buffer.clear();
        }
    }
    layout.close(&mut buffer, totals);
    out.write_all(&buffer)
}

/// As good senders do it: under another name first, then renamed. Gives the number of bytes.
fn arrive(path: &Path, content: impl FnOnce(&mut File) -> io::Result<()>) -> Answer<u64> {
    let part = path.with_added_extension("part");
    let write = || {
        let mut file = File::create(&part)?;
        content(&mut file)?;
        file.set_times(FileTimes::new().set_modified(SystemTime::UNIX_EPOCH + SENT))?;
        fs::rename(&part, path)?;
        Ok(file.metadata()?.len())
    };
    write().map_err(|error| not_written(path, &error))
}

fn not_written(path: &Path, error: &io::Error) -> Refusal {
    let report = Diagnostic::new(code::NOT_WRITTEN, format!("the file could not be written: {error}"));
    let report = report.place(Place::file(path.display().to_string()));
    let report = report.outcome("Files written before it are complete and stay; this one is not there.");
    report.hint("Free space or choose another folder, remove what was written, and try again.").into()
}
