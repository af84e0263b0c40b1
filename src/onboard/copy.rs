//! A copy of the partnership for a trial: its files, a lake of its own, and nothing that it tells anybody.

use std::{
    fs::{self, DirBuilder, File, FileTimes},
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use super::files::Change;
use crate::{
    diagnostic::{Answer, Diagnostic, Place, Refusal, codes::command},
    pipeline::{self, Partnership},
};

/// Folders of the partnership that a run reads.
const READ: [&str; 4] = ["pipelines", "schemas", "controls", "keys"];
/// Who is told of what happens: nobody is told of a trial.
const NOTIFY: &str = "pipelines/notify.yaml";
/// Where data rest: in the copy all of it lies within.
const PLACES: [&str; 4] = ["drop", "landing", "lake", "published"];
const PREFIX: &str = "truecost-add-";

/// The copies that this process has made and not yet removed.
static OPEN: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
static COUNT: AtomicU64 = AtomicU64::new(0);

/// The copy; it goes when this value does.
#[derive(Debug)]
pub struct Copied {
    root: PathBuf,
}

impl Copied {
    /// Copies what a run of the partnership reads, with these files changed.
    ///
    /// # Errors
    /// TC0140 where the machine's folder for such things cannot be written.
    pub fn of(root: &Path, changes: &[Change]) -> Answer<Self> {
        remove_left_behind();
        let name = format!("{PREFIX}{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        // For nobody else to read: extracts lie in it.
        DirBuilder::new().mode(0o700).create(&path).map_err(|error| not_tried(&std::env::temp_dir(), &error.to_string()))?;
        open_ones().push(path.clone());
        let copied = Self { root: path };
        for folder in READ {
            let from = root.join(folder);
            if from.is_dir() {
                copy_folder(&from, &copied.root.join(folder)).map_err(|error| not_tried(&from, &error.to_string()))?;
            }
        }
        copied.settle(changes)?;
        Ok(copied)
    }

    /// Puts the changes in, takes the notices out, and lets all data lie within.
    fn settle(&self, changes: &[Change]) -> Answer<()> {
        for change in changes {
            self.write(&change.path, change.text.as_bytes())?;
        }
        let notify = self.root.join(NOTIFY);
        if notify.is_file() {
            fs::remove_file(&notify).map_err(|error| not_tried(&notify, &error.to_string()))?;
        }
        let head = self.root.join("pipelines/partnership.yaml");
        let text = fs::read_to_string(&head).map_err(|error| not_tried(&head, &error.to_string()))?;
        self.write("pipelines/partnership.yaml", within(&text).as_bytes())?;
        for place in PLACES {
            let place = self.root.join(place);
            fs::create_dir_all(&place).map_err(|error| not_tried(&place, &error.to_string()))?;
        }
        Ok(())
    }

    /// Puts a sample where the feed looks for it, dated an hour before `now` (seconds since 1970), so that nobody takes it for one that is
    /// still arriving.
    ///
    /// # Errors
    /// TC0140.
    pub fn drop_sample(&self, council: &str, feed: &str, sample: &Path, now: i64) -> Answer<()> {
        let folder = self.root.join("drop").join(council).join(feed);
        let to = sample.file_name().map_or_else(|| folder.clone(), |name| folder.join(name));
        let put = || {
            fs::create_dir_all(&folder)?;
            fs::copy(sample, &to)?;
            let since_1970 = Duration::from_secs(u64::try_from(now).unwrap_or(0)).saturating_sub(Duration::from_hours(1));
            let an_hour_ago = SystemTime::UNIX_EPOCH.checked_add(since_1970).unwrap_or(SystemTime::UNIX_EPOCH);
            File::options().append(true).open(&to)?.set_times(FileTimes::new().set_modified(an_hour_ago))
        };
        put().map_err(|error: std::io::Error| not_tried(sample, &error.to_string()))
    }

    /// The copy, read.
    ///
    /// # Errors
    /// What is wrong with it, as [`pipeline::read`] says it.
    pub fn read(&self) -> Answer<Partnership> {
        pipeline::read(&self.root).map(|(partnership, _)| partnership)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Answer<()> {
        let path = self.root.join(name);
        let write = || {
            path.parent().map_or(Ok(()), fs::create_dir_all)?;
            fs::write(&path, bytes)
        };
        write().map_err(|error| not_tried(&path, &error.to_string()))
    }
}

impl Drop for Copied {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root); // what stays is removed by the next `add`
        open_ones().retain(|path| *path != self.root);
    }
}

/// Removes the copies of this process: it is ended by a signal.
pub fn abandon() {
    for path in open_ones().drain(..) {
        let _ = fs::remove_dir_all(path);
    }
}

fn open_ones() -> std::sync::MutexGuard<'static, Vec<PathBuf>> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Copies whose process was killed.
fn remove_left_behind() {
    let entries = fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name();
        let pid = name.to_str().and_then(|name| name.strip_prefix(PREFIX)).and_then(|rest| rest.split_once('-')).map(|(pid, _)| pid);
        let is_dead = |pid: &str| pid.bytes().all(|b| b.is_ascii_digit()) && !Path::new("/proc").join(pid).exists();
        if Path::new("/proc/self").exists() && pid.is_some_and(is_dead) {
            let _ = fs::remove_dir_all(entry.path()); // another's, where it may not
        }
    }
}

fn copy_folder(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy_folder(&from, &to)?;
        } else {
            fs::copy(&from, &to)?;
        }
    }
    Ok(())
}

/// `partnership.yaml` with its four places inside of the folder, and without limits of what it may keep.
fn within(text: &str) -> String {
    let mut out = String::new();
    let mut skips = false;
    for line in text.lines() {
        let key = line.split(':').next().unwrap_or_default();
        if PLACES.contains(&key) {
            skips = true;
            continue;
        }
        // What belongs to such a key stands below it, further in.
        skips = skips && line.starts_with([' ', '\t']);
        if !skips {
            out.push_str(line);
            out.push('\n');
        }
    }
    PLACES.iter().for_each(|place| out.push_str(&format!("{place}: ./{place}\n")));
    out
}

fn not_tried(path: &Path, why: &str) -> Refusal {
    Diagnostic::new(command::NOT_TRIED, format!("the feed cannot be tried in a copy: {why}"))
        .place(Place::file(path.display().to_string()))
        .outcome("nothing was written")
        .hint("TMPDIR names another folder for the copy, which needs room for the samples twice")
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_data_of_the_copy_lie_within() {
        let text = "partnership: p\ndrop: ./drop   # here\nlanding: s3://bucket/landing\nlake:\n  ./lake\npublished: /srv/published\nyear: {starts: 04-01}\n";
        let changed = within(text);
        assert!(!changed.contains("s3://") && !changed.contains("/srv"), "{changed}");
        assert!(changed.starts_with("partnership: p\nyear: {starts: 04-01}\n"), "{changed}");
        for place in PLACES {
            assert_eq!(changed.matches(&format!("\n{place}: ./{place}\n")).count(), 1, "{changed}");
        }
    }
}
