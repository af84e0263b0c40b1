//! The records of runs: what each did, as it said so.

use std::path::PathBuf;

use super::{Lake, Notice, RunRecord, Seen, durable, sealed};
use crate::diagnostic::{Answer, Refusal, codes};

impl Lake {
    /// Writes down what a run did: `lake/runs/<number>.json`.
    ///
    /// # Errors
    /// TC1002.
    pub fn record_run(&self, record: &RunRecord) -> Answer<()> {
        let path = self.run_file(record.number);
        durable::replace(&path, &durable::json(&path, record)?, Seen::ByUs)
    }

    pub(super) fn run_file(&self, number: u64) -> PathBuf {
        self.folder.join("runs").join(format!("{number:08}.json"))
    }

    /// What past runs did, oldest first: those of a version without numbers, then by number. Records that cannot be read are left out, and
    /// told by [`Lake::strays`].
    ///
    /// # Errors
    /// TC1002.
    pub fn runs(&self) -> Answer<Vec<serde_json::Value>> {
        let mut runs = self.runs_newest_first()?.collect::<Answer<Vec<_>>>()?;
        runs.reverse();
        Ok(runs)
    }

    /// The same, read one by one, the last first.
    fn runs_newest_first<T: serde::de::DeserializeOwned>(&self) -> Answer<impl Iterator<Item = Answer<T>>> {
        let mut names = self.run_names()?;
        names.sort();
        let read = |(_, name): (Option<u64>, String)| durable::read_json(&self.folder.join("runs").join(name)).transpose();
        let is_read = |run: &Answer<T>| run.as_ref().err().is_none_or(|refusal| !is_unreadable(refusal));
        Ok(names.into_iter().rev().filter_map(read).filter(is_read))
    }

    /// The same as they are written now; what is no record of a run is left out.
    ///
    /// # Errors
    /// TC1002.
    pub fn run_records(&self) -> Answer<Vec<RunRecord>> {
        Ok(self.runs()?.into_iter().filter_map(|run| serde_json::from_value(run).ok()).collect())
    }

    /// What the last run did that could say it, was written down and can be read; `None` where there is none.
    ///
    /// # Errors
    /// TC1002.
    pub fn last_run(&self) -> Answer<Option<serde_json::Value>> {
        let could_say = |run: &serde_json::Value| run.get("cut_short") != Some(&serde_json::Value::Bool(true));
        self.runs_newest_first()?.find(|run| run.as_ref().map_or(true, could_say)).transpose()
    }

    /// The last run, also one that died.
    ///
    /// # Errors
    /// TC1002.
    pub fn last_begun(&self) -> Answer<Option<RunRecord>> {
        self.runs_newest_first()?.next().transpose()
    }

    /// The last records of these halves of a run, newest first: one where the last run of one was of the other, too.
    ///
    /// # Errors
    /// TC1002.
    pub fn last_of(&self, halves: &[&str]) -> Answer<Vec<RunRecord>> {
        let mut last: Vec<RunRecord> = Vec::new();
        let mut left = halves.to_vec();
        let mut runs = self.runs_newest_first::<RunRecord>()?;
        while !left.is_empty()
            && let Some(run) = runs.next().transpose()?
        {
            let before = left.len();
            left.retain(|half| !run.is_of(half));
            if left.len() < before {
                last.push(run);
            }
        }
        Ok(last)
    }

    /// Files in the folders of the register, of runs and of notices that are nobody's, or cannot be read and are not needed: no figure is lost
    /// with them.
    ///
    /// # Errors
    /// TC1002.
    pub fn strays(&self) -> Answer<Vec<PathBuf>> {
        let mut strays = self.register.strays()?;
        let runs = self.run_names()?.into_iter().map(|(_, name)| self.folder.join("runs").join(name));
        let runs = runs.map(|path| (durable::read_json::<serde_json::Value>(&path).err(), path));
        let notices = self.notice_files()?.into_iter().map(|path| (sealed::read::<Notice>(&path).err(), path));
        for (refusal, path) in runs.chain(notices) {
            match refusal {
                Some(refusal) if is_unreadable(&refusal) => strays.push(path),
                Some(refusal) => return Err(refusal),
                None => {}
            }
        }
        Ok(strays)
    }

    /// Records of runs with their numbers; a version without numbers named them by the clock.
    fn run_names(&self) -> Answer<Vec<(Option<u64>, String)>> {
        let names = durable::names(&self.folder.join("runs"))?;
        Ok(names.into_iter().filter_map(|name| Some((name.strip_suffix(".json")?.parse().ok(), name))).collect())
    }
}

pub(super) fn is_unreadable(refusal: &Refusal) -> bool {
    refusal.0.iter().all(|d| d.code == codes::lake::RECORD_UNREADABLE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::Location, lake::HALVES};

    #[test]
    fn what_a_run_said_stands_until_one_says_otherwise_that_could() {
        let root = tempfile::tempdir().unwrap();
        let folder = |name: &str| Location::Folder(root.path().join(name));
        let lake = Lake::at(&folder("landing"), &folder("lake"), &folder("published")).unwrap();
        let run = |number: u64, halves: &str, exit: Option<u8>, cut_short: bool| {
            let (run, halves) = (format!("run-{number}"), halves.to_owned());
            lake.record_run(&RunRecord { run, number, exit, cut_short, halves, ..RunRecord::default() }).unwrap();
        };
        let said = || lake.last_run().unwrap().and_then(|run| run.get("number")?.as_u64());
        let last = || lake.last_of(&HALVES).unwrap().iter().map(|run| run.number).collect::<Vec<_>>();
        run(1, "both", Some(1), false);
        run(2, "both", Some(130), true);
        assert_eq!((said(), last()), (Some(1), vec![2]));
        run(3, "cost", None, true);
        run(4, "deliver", Some(0), false);
        assert_eq!((said(), last()), (Some(4), vec![4, 3]), "a delivery says nothing of the cost run that died");
        run(5, "cost", Some(0), false);
        assert_eq!((said(), last()), (Some(5), vec![5, 4]));
    }
}
