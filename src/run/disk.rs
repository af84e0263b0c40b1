//! A look at the disk: what kind of file system it is, what room there is, and what lies there that nothing refers to.

use std::path::Path;

use rustix::fs::{statfs, statvfs};

use super::{Conductor, doctor::Finding};
use crate::{
    diagnostic::Answer,
    domain::{Location, counted, grouped},
    lake::{DeliveryRecord, Depth},
    pipeline::{Partnership, schedule::civil},
};

/// File systems of another machine, by the number that the kernel gives them: locks and renames on them do not do what they promise.
const REMOTE: [(u64, &str); 4] = [(0x6969, "NFS"), (0xff53_4d42, "CIFS"), (0xfe53_4d42, "SMB"), (0x517b, "SMB")];

/// A delivery is landed, becomes a file of the lake and parts of a release, while those before it are still there.
const ROOM: u64 = 3;

/// On which file system each of the folders is; with `anyway` one of another machine is let pass.
pub(super) fn file_systems(partnership: &Partnership, anyway: bool) -> Finding {
    let folders = [("landing", &partnership.landing), ("lake", &partnership.lake), ("published", &partnership.published)];
    let remote = |(name, location): (&'static str, &Location)| {
        let Location::Folder(path) = location else { return None };
        let kind = u64::try_from(statfs(nearest(path)).ok()?.f_type).ok()?;
        remote(kind).map(|word| format!("{name} is on {word}"))
    };
    file_system(&folders.into_iter().filter_map(remote).collect::<Vec<_>>(), anyway)
}

fn remote(kind: u64) -> Option<&'static str> {
    REMOTE.iter().find(|(number, _)| *number == kind).map(|(_, word)| *word)
}

fn file_system(remote: &[String], anyway: bool) -> Finding {
    if remote.is_empty() {
        return Finding::of("file systems", true, "of this machine: locks and renames hold");
    }
    let seen = format!("{}: a lock or a rename there may be lost, and with it what was published", remote.join(", "));
    let or = if anyway { "let pass by --anyway" } else { "move it to a disk of this machine, or let it pass: truecost doctor --anyway" };
    Finding::of("file systems", anyway, format!("{seen}; {or}"))
}

/// Room on the disk of the lake, against the largest delivery that there ever was.
pub(super) fn room(partnership: &Partnership, known: &[DeliveryRecord]) -> Option<Finding> {
    let Location::Folder(path) = &partnership.lake else { return None };
    let disk = statvfs(nearest(path)).ok()?;
    Some(room_for(disk.f_bavail.saturating_mul(disk.f_frsize), known.iter().map(|record| record.bytes).max().unwrap_or(0)))
}

fn room_for(free: u64, largest: u64) -> Finding {
    if free >= largest.saturating_mul(ROOM) {
        return Finding::of("disk", true, format!("room for the largest delivery so far ({})", counted(largest, "byte")));
    }
    let free = grouped(u128::from(free));
    let seen =
        format!("{free} bytes free; the largest delivery so far had {}, and one takes {ROOM} times its bytes", counted(largest, "byte"));
    Finding::of("disk", false, seen)
}

/// Whether summer and winter are known: a wrong hour takes slots twice, or never.
pub(super) fn time_zone() -> Finding {
    // Noon (UTC) of a day in July and of one in January.
    let shown = [1_530_446_400, 1_546_344_000].map(civil);
    let fine = shown[0].ends_with("13:00 BST") && shown[1].ends_with("12:00 GMT");
    let version = chrono_tz::IANA_TZDB_VERSION;
    Finding::of(
        "time zone data",
        fine,
        if fine { format!("{version}, in the program") } else { format!("{version} says {}", shown.join(", ")) },
    )
}

impl Conductor<'_> {
    /// What lies in lake and published that nothing refers to, half releases, and links and parts that do not lead to the latest release.
    pub(super) fn lying_about(&self, known: &[DeliveryRecord]) -> Answer<Vec<Finding>> {
        let (mut found, releases) = (Vec::new(), self.lake.releases());
        let unfinished = releases.unfinished()?;
        if !unfinished.is_empty() {
            found.push(Finding::to_mend("half releases", format!("{}: left by a run that was killed", unfinished.join(", "))));
        }
        let mut flaws = releases.latest_flaws()?;
        if let Some(latest) = releases.latest_name()?.filter(|name| releases.is_there(name)) {
            flaws.extend(releases.flaws(&releases.bare_manifest(&latest)?, Depth::Sizes)?);
        }
        let relative = |path: &Path| path.strip_prefix(releases.folder()).unwrap_or(path).display().to_string();
        found.extend(flaws.iter().map(|flaw| Finding::to_mend("latest release", format!("{}: {}", relative(&flaw.path), flaw.why))));
        let orphans = self.orphans(known)?.gone;
        if !orphans.is_empty() {
            let bytes = counted(orphans.iter().map(|gone| gone.bytes).sum(), "byte");
            let things = counted(orphans.len() as u64, "file");
            let seen = format!("{things}, {bytes}, that no release, table or period names; harmless: truecost vacuum removes them");
            found.push(Finding::of("orphans", true, seen));
        }
        Ok(found)
    }
}

/// The nearest folder that is there already.
fn nearest(path: &Path) -> &Path {
    path.ancestors().find(|p| p.is_dir()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_system_of_another_machine_is_refused_unless_somebody_lets_it_pass() {
        assert_eq!((remote(0xef53), remote(0x6969), remote(0xff53_4d42)), (None, Some("NFS"), Some("CIFS")));
        let there = ["lake is on NFS".to_owned()];
        assert!(file_system(&[], false).fine);
        assert!(!file_system(&there, false).fine && file_system(&there, false).seen.starts_with("lake is on NFS"));
        assert!(file_system(&there, true).fine && file_system(&there, true).seen.contains("--anyway"));
    }

    #[test]
    fn there_has_to_be_room_for_three_of_the_largest_delivery() {
        assert!(room_for(300, 100).fine && room_for(0, 0).fine);
        assert!(!room_for(299, 100).fine);
    }

    #[test]
    fn summer_and_winter_are_known() {
        assert!(time_zone().fine, "{}", time_zone().seen);
    }
}
