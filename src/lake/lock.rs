//! One writer at a time.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};

use super::{RunRecord, fault};
use crate::diagnostic::{Answer, Diagnostic, Refusal, codes};

/// Held while a run writes. The system lets go of it when the process ends, however it ends; so a lock is never stale, and the file
/// that carries it is never removed. It holds the record of the run as far as it is known when that begins: of one that is killed nobody
/// else knows anything.
#[derive(Debug)]
pub struct Lock {
    file: File,
    path: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Holder {
    /// The id of a run; of what is none the command, in several words.
    run: String,
    started: String,
}

/// The run that this process makes, and where it stands, for whoever has to say that it was interrupted.
static IN_HAND: Mutex<Option<(File, RunRecord)>> = Mutex::new(None);

fn in_hand() -> MutexGuard<'static, Option<(File, RunRecord)>> {
    IN_HAND.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A person, or whoever started this run, ends it: its record says so, and not that it died.
pub fn interrupted(ended: &str) {
    if let Some((file, record)) = in_hand().take() {
        let record = RunRecord { exit: Some(codes::command::INTERRUPTED.exit), ended: ended.to_owned(), ..record };
        // Where it cannot be written, the run has died.
        let _ = serde_json::to_string(&record).map_err(io::Error::other).and_then(|text| write(&file, &text));
    }
}

/// In place of what is there; never less than all of one of both.
fn write(mut file: &File, text: &str) -> io::Result<()> {
    file.rewind()?;
    file.write_all(text.as_bytes())?;
    file.set_len(text.len() as u64)
}

/// The lock of which nobody has said yet who has it: what the one before left in it is still there.
#[derive(Debug)]
pub(super) struct Taken {
    file: File,
    path: PathBuf,
    /// The record of the run that had it and died, where there is one.
    pub left: Option<RunRecord>,
}

impl Taken {
    /// Says who has it, and since when.
    pub fn hold(self, run: &str, started: &str) -> Answer<Lock> {
        let lock = Lock { file: self.file, path: self.path };
        lock.say(&Holder { run: run.into(), started: started.into() })?;
        Ok(lock)
    }
}

impl Lock {
    /// Takes what nobody has.
    pub(super) fn take(path: &Path) -> Answer<Taken> {
        let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
        let mut file = open.map_err(fault::file(path, "open the lock"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(held_by(&mut file)),
            Err(TryLockError::Error(error)) => return Err(fault::file(path, "lock")(error)),
        }
        let mut text = String::new();
        // What cannot be read there is of nobody who could be named.
        let _ = file.read_to_string(&mut text);
        let left = serde_json::from_str::<RunRecord>(&text).ok().filter(|run| run.number > 0);
        Ok(Taken { file, path: path.to_path_buf(), left })
    }

    /// The run has its number: what is known of it stands here until it has ended.
    ///
    /// # Errors
    /// TC1002.
    pub fn begin(&self, record: &RunRecord) -> Answer<()> {
        self.say(record)?;
        *in_hand() = self.file.try_clone().ok().map(|file| (file, record.clone()));
        Ok(())
    }

    /// The run has said how it ended: it has not died, whatever becomes of it now.
    pub fn done(&self) {
        if let Some((_, RunRecord { run, started, .. })) = in_hand().take() {
            // Where it cannot be written, it has died after all.
            let _ = self.say(&Holder { run, started });
        }
    }

    fn say(&self, what: &impl Serialize) -> Answer<()> {
        let text = serde_json::to_string(what).map_err(|error| fault::record(&self.path, error))?;
        write(&self.file, &text).map_err(fault::file(&self.path, "write the lock"))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        in_hand().take();
        // Emptied so that who looks at the file between two runs reads no run that has ended; of one that panics it stays that it died.
        if !std::thread::panicking() {
            let _ = self.file.set_len(0);
        }
        let _ = self.file.unlock();
    }
}

fn held_by(file: &mut File) -> Refusal {
    let mut text = String::new();
    let read = file.rewind().and_then(|()| file.read_to_string(&mut text));
    let who = match (read, serde_json::from_str::<Holder>(&text)) {
        (Ok(_), Ok(Holder { run, started })) => {
            let what = if run.contains(' ') { run } else { format!("run {run}") };
            format!("{what} has held the lake since {started}")
        }
        // The holder has the lock and has not written its name yet, or is just going.
        _ => "another run holds the lake".into(),
    };
    Diagnostic::new(codes::lake::LOCKED, who)
        .outcome("this run did nothing")
        .hint("wait until the other run has ended, then type the same command again")
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(path: &Path, run: &str) -> (Lock, Option<RunRecord>) {
        let taken = Lock::take(path).unwrap();
        let left = taken.left.clone();
        (taken.hold(run, "2023-04-01T02:00:00Z").unwrap(), left)
    }

    #[test]
    fn a_second_run_is_told_who_holds_the_lake_and_since_when() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".lock");
        let (first, _) = take(&path, "run-7");
        let seen = |refusal: Refusal| (refusal.exit_code(), refusal.0[0].seen.clone());
        let held = (5, "run run-7 has held the lake since 2023-04-01T02:00:00Z".to_owned());
        assert_eq!(seen(Lock::take(&path).unwrap_err()), held);
        first.begin(&RunRecord { run: "run-7".into(), started: "2023-04-01T02:00:00Z".into(), number: 7, ..RunRecord::default() }).unwrap();
        assert_eq!(seen(Lock::take(&path).unwrap_err()), held);
        drop(first);
        let (other, left) = take(&path, "truecost vacuum");
        assert!(left.is_none());
        let held = (5, "truecost vacuum has held the lake since 2023-04-01T02:00:00Z".to_owned());
        assert_eq!(seen(Lock::take(&path).unwrap_err()), held);
        drop(other);
        assert!(take(&path, "run-8").1.is_none());
    }

    #[test]
    fn a_lock_file_that_a_killed_run_left_is_no_lock_and_says_which_run_died() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".lock");
        // One of a version before, and one that had no number yet.
        std::fs::write(&path, "{\"run\":\"dead\",\"started\":\"long ago, and a longer text than the next one's\"}").unwrap();
        let (lock, left) = take(&path, "alive");
        assert!(left.is_none());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{\"run\":\"alive\",\"started\":\"2023-04-01T02:00:00Z\"}");
        let record = RunRecord { run: "alive".into(), number: 3, slots: vec!["a/b=2018-05-01T05:00:00Z".into()], ..RunRecord::default() };
        lock.begin(&record).unwrap();
        let text = std::fs::read(&path).unwrap();
        drop(lock);
        std::fs::write(&path, text).unwrap();
        assert_eq!(take(&path, "next").1, Some(record));
    }

    #[test]
    fn of_a_run_that_panics_it_stays_that_it_died_and_of_one_that_is_interrupted_that_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".lock");
        let record = RunRecord { run: "run-3".into(), number: 3, cut_short: true, ..RunRecord::default() };
        let panics = std::thread::scope(|scope| {
            let run = || {
                let (lock, _) = take(&path, "run-3");
                lock.begin(&record).unwrap();
                panic!("in mid-run");
            };
            scope.spawn(run).join()
        });
        assert!(panics.is_err());
        let (lock, left) = take(&path, "run-4");
        assert_eq!(left, Some(record.clone()));
        lock.begin(&record).unwrap();
        interrupted("2023-04-01T02:00:05Z");
        let text = std::fs::read_to_string(&path).unwrap();
        let ended = RunRecord { exit: Some(130), ended: "2023-04-01T02:00:05Z".into(), ..record };
        assert_eq!(serde_json::from_str::<RunRecord>(&text).unwrap(), ended);
    }
}
