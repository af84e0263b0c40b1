//! The numbers of runs and of persons' commands: their order, whatever the clock says.

use std::path::PathBuf;

use super::{DeliveryRecord, Lake, durable, fault};
use crate::diagnostic::Answer;

/// No lake comes to so many runs, and programs that read JSON know numbers up to this one exactly.
const MOST: u64 = 1 << 53;

impl Lake {
    /// The number of the next run or command.
    ///
    /// # Errors
    /// TC1010 where one is on record that no lake comes to: none can follow it; TC1002.
    pub fn next_number(&self, known: &[DeliveryRecord]) -> Answer<u64> {
        let (last, path) = self.last_and_where(known)?;
        if last >= MOST - 1 { Err(fault::number(&path, last).into()) } else { Ok(last + 1) }
    }

    /// Whether a run can have had this number, of which nothing but that is known: each takes the one after the last.
    pub(super) fn may_have_begun(&self, number: u64) -> bool {
        let last = self.register().all().and_then(|known| self.last_and_where(&known));
        number < MOST && last.map_or(true, |(last, _)| number <= last.saturating_add(1))
    }

    /// The greatest that a run or a person's command has had, and where it stands; 0 before the first. A run that was killed may stand in its
    /// release alone.
    fn last_and_where(&self, known: &[DeliveryRecord]) -> Answer<(u64, PathBuf)> {
        let entered = self.last_entered(known)?;
        let made =
            self.releases().made_by()?.map(|(release, number)| (number, self.releases().folder().join(release).join("_manifest.json")));
        Ok(made.filter(|made| made.0 > entered.0).unwrap_or(entered))
    }

    /// The same, by what the lake alone says.
    pub(super) fn last_entered(&self, known: &[DeliveryRecord]) -> Answer<(u64, PathBuf)> {
        let of = |r: &DeliveryRecord| r.number.max(r.decisions.iter().map(|d| d.run).max().unwrap_or(0));
        let at = |path: &str| self.folder().join(path);
        let run = durable::names(&at("runs"))?.into_iter().filter_map(|name| Some((name.strip_suffix(".json")?.parse().ok()?, name)));
        let delivery = known.iter().max_by_key(|record| of(record)).map(|r| (of(r), at(&format!("register/{}.json", r.delivery_id))));
        let all = [
            run.max().map(|(number, name): (u64, String)| (number, at("runs").join(name))),
            delivery,
            Some((self.periods().last_number()?, at("period"))),
            Some((self.last_removal()?, at("removed"))),
        ];
        Ok(all.into_iter().flatten().max_by_key(|(number, _)| *number).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{
        domain::Location,
        lake::{RunRecord, register::tests::record},
    };

    #[test]
    fn no_number_follows_one_that_no_lake_comes_to() {
        let root = tempfile::tempdir().unwrap();
        let folder = |name: &str| Location::Folder(root.path().join(name));
        let lake = Lake::at(&folder("landing"), &folder("lake"), &folder("published")).unwrap();
        assert_eq!(lake.next_number(&[]).unwrap(), 1);
        let begin = |number: u64| {
            drop(lake.lock("run", "").unwrap());
            let record = RunRecord { run: "dead".into(), number, cut_short: true, ..RunRecord::default() };
            fs::write(root.path().join("lake/.lock"), serde_json::to_vec(&record).unwrap()).unwrap();
            drop(lake.lock("run", "").unwrap());
            lake.next_number(&[])
        };
        // The lock of a run that died says a number that it cannot have had: nothing is known of it.
        for lie in [u64::MAX, u64::MAX - 1, MOST, MOST - 1, 3] {
            assert_eq!(begin(lie).unwrap(), 1, "{lie}");
        }
        assert_eq!(begin(1).unwrap(), 2);
        for wild in [u64::MAX, MOST, MOST - 1] {
            let path = root.path().join(format!("lake/runs/{wild}.json"));
            fs::write(&path, "{}").unwrap();
            let refusal = lake.next_number(&[]).unwrap_err();
            assert_eq!((refusal.exit_code(), refusal.0[0].code.id), (3, "TC1010"));
            assert!(refusal.0[0].seen.contains(&format!("lake/runs/{wild}.json")), "{}", refusal.0[0].seen);
            fs::remove_file(path).unwrap();
        }
        let known = [DeliveryRecord { number: u64::MAX, ..record("5f0c2a91d3e87b64", "7") }];
        assert!(lake.next_number(&known).unwrap_err().0[0].seen.contains("lake/register/5f0c2a91d3e87b64.json"));
        assert_eq!(lake.next_number(&[]).unwrap(), 2);
    }
}
