//! Pay that retention took: what was made of it stays as it was published, and what would have to be made of it again is not made.
//!
//! Its files count as if they were there, so that nothing is made anew for their lack. Only who has to read one of them learns that it is
//! gone: the period that would be made of it is blocked, and the latest release's parts of it stay.

use std::{borrow::Cow, collections::BTreeSet};

use super::{PeriodState, ReleasePlan, Slot, index::Index, spans};
use crate::{
    diagnostic::{Diagnostic, codes},
    domain::Period,
    lake::{Closings, DeliveryRecord, GoneFile, LakeFile},
};

/// What the common tables hold, and of open periods what retention took and nothing has replaced.
pub(super) fn with_gone<'f>(files: &'f [(String, LakeFile)], gone: &[GoneFile], closings: &Closings) -> Cow<'f, [(String, LakeFile)]> {
    let open = gone.iter().filter(|gone| !closings.is_closed(gone.file.period));
    let added: BTreeSet<(String, LakeFile)> = open.map(|gone| (gone.table.clone(), gone.file.clone())).collect();
    if added.is_empty() { Cow::Borrowed(files) } else { files.iter().cloned().chain(added).collect() }
}

/// Files that are gone, and that somebody needs who would make something again: a period was closed on them, or is open and what holds it
/// brought them. Not what was brought again since, or is superseded.
pub(super) fn gone(files: &[(String, LakeFile)], index: &Index<'_>, closings: &Closings) -> Vec<GoneFile> {
    let there: BTreeSet<&str> = files.iter().map(|(_, file)| file.name.as_str()).collect();
    let is_needed = |GoneFile { table, file, .. }: &GoneFile| {
        // Entries of a version before do not say which files are whose.
        let is_its = |holder: &DeliveryRecord| {
            let named = holder.lake_files.get(&file.period.to_string());
            holder.table == *table && named.map_or_else(|| holder.lake_files.is_empty(), |name| *name == file.name)
        };
        match closings.frozen(file.period) {
            Some(frozen) => frozen.files.iter().any(|(_, of)| of.name == file.name),
            None => index.holder(&Slot::of_file(file)).is_some_and(is_its),
        }
    };
    closings.gone().iter().filter(|gone| !there.contains(gone.file.name.as_str()) && is_needed(gone)).cloned().collect()
}

/// What speaks against making a period of these files: a report where one of them is gone; `None` where all are there.
#[must_use]
pub fn is_gone<'g>(gone: impl IntoIterator<Item = &'g GoneFile>) -> Option<Diagnostic> {
    let gone: Vec<&GoneFile> = gone.into_iter().collect();
    let told = &gone.first()?.told;
    let mut feeds: std::collections::BTreeMap<String, BTreeSet<Period>> = std::collections::BTreeMap::new();
    for GoneFile { file, .. } in &gone {
        feeds.entry(format!("{}/{}", file.council, file.feed)).or_default().insert(file.period);
    }
    let one = |(feed, periods): (String, BTreeSet<Period>)| format!("{feed} {}", spans(&periods.into_iter().collect::<Vec<_>>()));
    let feeds: Vec<String> = feeds.into_iter().map(one).collect();
    Some(Diagnostic::new(codes::periods::PAY_IS_GONE, format!("{} is gone, {told}", feeds.join(", "))))
}

impl ReleasePlan {
    /// What of a period rests on pay that is gone: nothing of it can be made again.
    #[must_use]
    pub fn gone_of(&self, period: Period) -> Vec<&GoneFile> {
        let is_of = |gone: &&GoneFile| {
            let slot = Slot::of_file(&gone.file);
            let counts = |state: &PeriodState| matches!(state, PeriodState::Counts | PeriodState::Frozen | PeriodState::Blocked { .. });
            slot.period == period && self.periods.get(&slot).is_some_and(|entry| counts(&entry.state))
        };
        self.gone.iter().filter(is_of).collect()
    }
}
