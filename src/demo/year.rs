//! All other feeds of 2018/19: payroll, registers of assignments and devices, recorded time, tickets, pages.

use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use crate::diagnostic::Answer;

use super::{Codes, LINES_WITH_PAYROLL, Payroll, arrive, first_of, not_written, payroll, payroll_of, register, text::put_iso_day, volume};

/// Files that were written to the folder of one feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    pub council: &'static str,
    pub feed: &'static str,
    pub files: u64,
    pub bytes: u64,
}

impl Written {
    const fn of(council: &'static str, feed: &'static str) -> Self {
        Self { council, feed, files: 0, bytes: 0 }
    }

    fn add(&mut self, drop_dir: &Path, name: &str, content: impl FnOnce(&mut fs::File) -> io::Result<()>) -> Answer<()> {
        let folder = drop_dir.join(self.council).join(self.feed);
        fs::create_dir_all(&folder).map_err(|error| not_written(&folder, &error))?;
        self.bytes += arrive(&folder.join(name), content)?;
        self.files += 1;
        Ok(())
    }
}

/// The register of Newham's April is not there: May's says what stands for it.
const LATE_REGISTER: (&str, u64) = ("newham", 0);
/// Nobody read the printers' counters in December.
const WITHOUT_PAGES: u64 = 8;

/// Writes what belongs to the ledgers that [`super::write`] makes of the same number of lines and the same seed: to each feed's folder below
/// `drop_dir`, of which those are left out for which `wanted`, given council and feed, is false. Nothing for ledgers of fewer than
/// 3,000 lines. Memory does not grow with `lines_per_council`.
///
/// Planted, to be found: in the ledgers, a line of payroll on another cost centre, a difference of £12.34, a run that was not journalled,
/// a charge that is paid 3p too high, and one that its payer knows nothing of; here, lawyers' time far from the agreed shares, a month
/// without pages, and a register that is late. That a customer has no agreement for a while is in the reference tables.
///
/// # Errors
/// TC0512.
pub fn write_year(drop_dir: &Path, lines_per_council: u64, seed: u64, wanted: &dyn Fn(&str, &str) -> bool) -> Answer<Vec<Written>> {
    if lines_per_council < LINES_WITH_PAYROLL {
        return Ok(Vec::new());
    }
    let codes = ["bexley", "havering", "newham"].map(|council| (council, Codes::of(council)));
    let mut written = Vec::new();
    for (council, codes) in &codes {
        let payroll = payroll_of(council, codes, lines_per_council, seed);
        for (feed, write) in FEEDS.iter().filter(|(feed, _)| wanted(council, feed)) {
            let mut files = Written::of(council, feed);
            write(drop_dir, &payroll, &mut files)?;
            written.push(files);
        }
    }
    let [_, (_, havering), (_, newham)] = &codes;
    for (council, feed, newhams, write) in RECORDS.into_iter().filter(|(council, feed, ..)| wanted(council, feed)) {
        let users = [("newham", newham, newhams), ("havering", havering, 100 - newhams)];
        let mut files = Written::of(council, feed);
        for month in (0..12).filter(|month| (feed, *month) != ("print", WITHOUT_PAGES)) {
            let mut out = Vec::new();
            write(&mut out, &users, month, seed);
            let (year, month) = ((month + 3) / 12 + 2018, (month + 3) % 12 + 1);
            files.add(drop_dir, &format!("{}_{year}_{month:02}.csv", feed.to_uppercase()), |file| file.write_all(&out))?;
        }
        written.push(files);
    }
    Ok(written)
}

type WriteFeed = fn(&Path, &Payroll<'_>, &mut Written) -> Answer<()>;

/// Feeds that each council has.
const FEEDS: [(&str, WriteFeed); 3] = [("assignment", write_registers), ("device", write_devices), ("payroll", write_payroll)];

type WriteRecords = fn(&mut Vec<u8>, &[(&str, &Codes, u64)], u64, u64);

/// What the shared service and one council record, with Newham's part of it in a hundred: of lawyers' time far more than was agreed.
const RECORDS: [(&str, &str, u64, WriteRecords); 3] = [
    ("newham", "print", 60, volume::put_pages),
    ("shared", "legal_time", 75, volume::put_time),
    ("shared", "ticket", 60, volume::put_tickets),
];

fn write_registers(drop_dir: &Path, payroll: &Payroll<'_>, files: &mut Written) -> Answer<()> {
    let council = files.council;
    for month in (0..12).filter(|month| (council, *month) != LATE_REGISTER) {
        let as_at = first_of(month + 1).plus_days(-1);
        let mut out = Vec::new();
        register::put_register(&mut out, &payroll.staff, as_at);
        files.add(drop_dir, &name_of("ASG_", as_at), |file| file.write_all(&out))?;
    }
    Ok(())
}

/// Once a quarter.
fn write_devices(drop_dir: &Path, payroll: &Payroll<'_>, files: &mut Written) -> Answer<()> {
    for month in [0, 3, 6, 9] {
        let mut out = Vec::new();
        register::put_devices(&mut out, payroll.codes, month);
        files.add(drop_dir, &name_of("DEVICES_", first_of(month + 1).plus_days(-1)), |file| file.write_all(&out))?;
    }
    Ok(())
}

fn name_of(word: &str, as_at: crate::domain::Day) -> String {
    let mut day = Vec::new();
    put_iso_day(&mut day, as_at);
    format!("{word}{}.csv", String::from_utf8_lossy(&day))
}

fn write_payroll(drop_dir: &Path, payroll: &Payroll<'_>, files: &mut Written) -> Answer<()> {
    const FULL: usize = 1 << 20;
    for month in 0..12 {
        let mut slips = payroll::of(&payroll.staff.employer);
        files.add(drop_dir, &slips.file_name(month), |file| {
            let (mut buffer, mut items) = (Vec::with_capacity(FULL + 4_096), Vec::new());
            slips.open(&mut buffer, month);
            for person in payroll.staff.people() {
                items.clear();
                payroll.slips(&person, month, &mut items);
                items.iter().for_each(|item| slips.item(&mut buffer, &person, item));
                if buffer.len() >= FULL {
                    file.write_all(&buffer)?;
                    buffer.clear();
                }
            }
            slips.close(&mut buffer);
            file.write_all(&buffer)
        })?;
    }
    Ok(())
}
