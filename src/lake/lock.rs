//! One writer at a time.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read as _, Seek as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use serde::{Deserialize, Serialize};

use super::fault;
use crate::diagnostic::{Answer, Diagnostic, Refusal, codes};

/// Held while a run writes. The system lets go of it when the process ends, however it ends; so a lock is never stale, and the file
/// that carries it is never removed.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

#[derive(Serialize, Deserialize)]
struct Holder {
    run: String,
    started: String,
}

impl Lock {
    pub(super) fn take(path: &Path, run: &str, started: &str) -> Answer<Self> {
        let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
        let mut file = open.map_err(fault::file(path, "open the lock"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(held_by(&mut file)),
            Err(TryLockError::Error(error)) => return Err(fault::file(path, "lock")(error)),
        }
        let holder = Holder { run: run.into(), started: started.into() };
        let text = serde_json::to_string(&holder).map_err(|error| fault::record(path, error))?;
        file.set_len(0).and_then(|()| file.write_all(text.as_bytes())).map_err(fault::file(path, "write the lock"))?;
        Ok(Self { file })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Emptied so that who looks at the file between two runs reads no run that has ended.
        let _ = self.file.set_len(0);
        let _ = self.file.unlock();
    }
}

fn held_by(file: &mut File) -> Refusal {
    let mut text = String::new();
    let read = file.rewind().and_then(|()| file.read_to_string(&mut text));
    let who = match (read, serde_json::from_str::<Holder>(&text)) {
        (Ok(_), Ok(holder)) => format!("run {} has held the lake since {}", holder.run, holder.started),
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

    #[test]
    fn a_second_run_is_told_who_holds_the_lake_and_since_when() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".lock");
        let first = Lock::take(&path, "run-7", "2023-04-01T02:00:00Z").unwrap();
        let refusal = Lock::take(&path, "run-8", "2023-04-01T02:00:05Z").unwrap_err();
        assert_eq!(refusal.exit_code(), 5);
        assert_eq!(refusal.0[0].seen, "run run-7 has held the lake since 2023-04-01T02:00:00Z");
        drop(first);
        Lock::take(&path, "run-8", "2023-04-01T02:00:05Z").unwrap();
    }

    #[test]
    fn a_lock_file_that_a_killed_run_left_is_no_lock() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".lock");
        std::fs::write(&path, "{\"run\":\"dead\",\"started\":\"long ago, and a longer text than the next one's\"}").unwrap();
        let lock = Lock::take(&path, "alive", "now").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{\"run\":\"alive\",\"started\":\"now\"}");
        drop(lock);
    }
}
