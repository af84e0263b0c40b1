//! Whether the register and a common table tell of the same deliveries. Where one of them was restored from a backup, or an entry was
//! lost, they do not: then nothing is taken and nothing published until somebody has said which is right.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    diagnostic::{Diagnostic, codes},
    domain::Period,
    lake::{DeliveryRecord, DeliveryState, HeldAt, LakeFile, holders},
};

/// A common table as it is now.
#[derive(Clone, Debug, Default)]
pub struct TableNow {
    pub table: String,
    pub version: u64,
    /// Every delivery of which its log is known to tell, with the last version that does.
    pub log: BTreeMap<String, u64>,
    pub files: Vec<LakeFile>,
    /// The delivery of each file, by the file's name.
    pub told: BTreeMap<String, String>,
    /// Files that retention took out of it although something names them.
    pub gone: Vec<LakeFile>,
}

/// Which of the two came from the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Past {
    Table,
    Register,
}

/// A feed of which the register and its table tell otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disagreement {
    pub table: String,
    /// `newham/general_ledger`.
    pub feed: String,
    /// With the delivery that the register says stands in each; empty where only versions tell.
    pub periods: BTreeMap<Period, Option<String>>,
    pub seen: String,
    pub past: Past,
}

/// Compares what a table holds with what the register says of it, feed by feed.
#[must_use]
pub fn disagreements(known: &[DeliveryRecord], now: &TableNow) -> Vec<Disagreement> {
    let of_table: Vec<&DeliveryRecord> = known.iter().filter(|r| r.table == now.table).collect();
    let newest = of_table.iter().filter(|r| r.state == DeliveryState::Accepted && !r.lost).max_by_key(|r| r.lake_version);
    let newest = newest.and_then(|r| Some((r, r.lake_version?)));
    let past = if newest.is_some_and(|(_, version)| version > now.version) { Past::Table } else { Past::Register };
    let mut found: BTreeMap<String, Disagreement> = BTreeMap::new();
    let (holders, lost) = (holders(of_table.iter().copied()), of_table.iter().filter(|r| r.lost).copied().collect::<Vec<_>>());
    let mut files: BTreeMap<HeldAt<'_>, Vec<&LakeFile>> = BTreeMap::new();
    for file in now.files.iter().filter(|file| file.rows > 0) {
        files.entry((&file.council, &file.feed, file.period)).or_default().push(file);
    }
    for (council, feed, period) in places(&of_table, now) {
        let place = (council, feed, period);
        let here = Here { holder: holders.get(&place).copied(), files: files.get(&place).map_or(&[], Vec::as_slice), lost: &lost };
        let Some((register, seen)) = differs(known, &here, now, place) else { continue };
        let name = format!("{council}/{feed}");
        let entry = found.entry(name.clone()).or_insert_with(|| Disagreement {
            table: now.table.clone(),
            seen: format!("{name} {period}: {seen}"),
            feed: name,
            periods: BTreeMap::new(),
            past,
        });
        entry.periods.insert(period, register);
    }
    let mut found: Vec<Disagreement> = found.into_values().collect();
    if let (true, Some(of_versions)) = (found.is_empty(), versions(known, newest, now)) {
        found.push(of_versions);
    }
    found
}

/// Council, feed and period of everything that the table holds, or should hold.
fn places<'a>(of_table: &[&'a DeliveryRecord], now: &'a TableNow) -> BTreeSet<(&'a str, &'a str, Period)> {
    let held = now.files.iter().filter(|f| f.rows > 0).map(|f| (f.council.as_str(), f.feed.as_str(), f.period));
    let said = of_table.iter().filter(|r| r.state == DeliveryState::Accepted && !r.lost && r.lake_version.is_some()).flat_map(|r| {
        let periods = r.proof.periods.iter().filter(|(_, proof)| proof.rows > 0).filter_map(|(text, _)| Period::parse(text));
        periods.map(|period| (r.council.as_str(), r.feed.as_str(), period))
    });
    held.chain(said).collect()
}

/// What is known of one place.
struct Here<'k> {
    holder: Option<&'k DeliveryRecord>,
    /// Of the table, with rows.
    files: &'k [&'k LakeFile],
    /// All that is lost of the table.
    lost: &'k [&'k DeliveryRecord],
}

/// The delivery that the register says stands there, and what is seen instead; `None` where both tell the same, or where what is lost is
/// known to be and is brought in again.
fn differs(
    known: &[DeliveryRecord],
    here: &Here<'_>,
    now: &TableNow,
    (council, feed, period): HeldAt<'_>,
) -> Option<(Option<String>, String)> {
    let replaces = |r: &DeliveryRecord| r.replaces().is_some_and(|replaced| replaced.contains(period));
    if here.lost.iter().any(|r| r.is_of(council, feed) && replaces(r)) {
        return None;
    }
    let text = period.to_string();
    let holder = here.holder;
    let files: Vec<(&str, Option<&String>)> = here.files.iter().map(|f| (f.name.as_str(), now.told.get(&f.name))).collect();
    let rows = holder.and_then(|r| r.proof.periods.get(&text)).map_or(0, |proof| proof.rows);
    let seen = |what: String| Some((holder.map(|r| r.delivery_id.clone()), what));
    let table = &now.table;
    let stands = holder.map_or_else(|| "none stands there".to_owned(), |r| format!("delivery {} stands there", r.delivery_id));
    let by_name = holder.and_then(|r| r.lake_files.get(&text));
    let is_gone = |file: &LakeFile| {
        file.council == council && file.feed == feed && file.period == period && by_name.is_none_or(|expected| *expected == file.name)
    };
    let Some((name, delivery)) = files.first() else {
        if now.gone.iter().any(is_gone) {
            return None;
        }
        return (rows > 0).then(|| seen(format!("lake/{table} holds no rows, and by the register {stands}")))?;
    };
    let delivery_is = |r: &DeliveryRecord| delivery.is_some_and(|delivery| *delivery == r.delivery_id);
    match holder {
        Some(r) if rows > 0 && by_name.map_or_else(|| delivery_is(r), |expected| expected == name) => None,
        // Told by the check of rows: a delivery that the register knows and that stands nowhere has left rows behind.
        None if delivery.is_some_and(|delivery| known.iter().any(|r| r.delivery_id == *delivery)) => None,
        Some(r) if delivery_is(r) => seen(format!("lake/{table} holds other rows of delivery {} than the register knows", r.delivery_id)),
        _ => {
            let of = delivery.map_or_else(|| "a delivery that nothing tells".to_owned(), |delivery| format!("delivery {delivery}"));
            seen(format!("lake/{table} holds rows of {of}, and by the register {stands}"))
        }
    }
}

/// Where no period tells: a table below the version that the register knows, or whose log tells of a delivery that is not entered: it may have
/// been withdrawn, and nothing else says so.
fn versions(known: &[DeliveryRecord], newest: Option<(&&DeliveryRecord, u64)>, now: &TableNow) -> Option<Disagreement> {
    let table = &now.table;
    if let Some((record, version)) = newest.filter(|(_, version)| *version > now.version) {
        let feed = format!("{}/{}", record.council, record.feed);
        let seen = format!(
            "lake/{table} is at version {}, and delivery {} of {feed} came in with version {version}",
            now.version, record.delivery_id
        );
        return Some(Disagreement { table: table.clone(), feed, periods: BTreeMap::new(), seen, past: Past::Table });
    }
    let entered: BTreeSet<&str> = known.iter().map(|r| r.delivery_id.as_str()).collect();
    let lost: Vec<(&String, &u64)> = now.log.iter().filter(|(delivery, _)| !entered.contains(delivery.as_str())).collect();
    let (last, version) = lost.iter().max_by_key(|(_, version)| **version)?;
    let more = if lost.len() == 1 { String::new() } else { format!("; {} more likewise", lost.len() - 1) };
    let seen = format!("version {version} of lake/{table} is of delivery {last}, which is not in the register{more}");
    Some(Disagreement { table: table.clone(), feed: String::new(), periods: BTreeMap::new(), seen, past: Past::Register })
}

impl Disagreement {
    /// What stops a run.
    #[must_use]
    pub fn report(&self) -> Diagnostic {
        let more = self.periods.len().saturating_sub(1);
        let more = if more == 0 { String::new() } else { format!("; {more} more of its periods likewise") };
        Diagnostic::new(codes::checks::UNEXPLAINED, format!("{}{more}", self.seen))
            .expected("in every period of a common table the rows of the delivery that the register says stands there")
            .outcome("nothing was taken and nothing was published; the last release is unchanged")
            .hint(self.way_out())
    }

    /// Which came from the past, and what to do.
    #[must_use]
    pub fn way_out(&self) -> String {
        let table = &self.table;
        match self.past {
            Past::Table => format!(
                "lake/{table} is older than the register: put the newer folder back; or type truecost doctor --repair, and then truecost run, which \
                 brings in from landed bytes what the older one lacks"
            ),
            Past::Register => format!(
                "entries of lake/register are lost or older than lake/{table}: put them back; or type truecost doctor --repair, which enters them again \
                 from landing and the table's log"
            ),
        }
    }
}
