//! A folder for files that nobody sees yet.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use super::durable::{self, Seen};
use crate::diagnostic::Answer;

/// Hands out names that no other writer of this process has. What is left over from a killed run is removed by [`Staging::clear`],
/// so names may come again; they never reach anything that is kept.
#[derive(Clone, Debug)]
pub struct Staging {
    folder: PathBuf,
    next: Arc<AtomicU64>,
    seen: Seen,
}

impl Staging {
    #[must_use]
    pub fn at(folder: PathBuf, seen: Seen) -> Self {
        Self { folder, next: Arc::default(), seen }
    }

    /// A free name in the folder, which is made where it is missing.
    ///
    /// # Errors
    /// TC1002.
    pub fn name(&self) -> Answer<PathBuf> {
        durable::folder(&self.folder, self.seen)?;
        loop {
            let path = self.folder.join(format!("{:06}", self.next.fetch_add(1, Ordering::Relaxed)));
            if !path.exists() {
                return Ok(path);
            }
        }
    }

    /// A new file under a name that was handed out.
    pub(super) fn create(&self, path: &Path) -> io::Result<File> {
        self.seen.create_new(path)
    }

    /// Removes everything in it.
    ///
    /// # Errors
    /// TC1002.
    pub fn clear(&self) -> Answer<()> {
        durable::remove_folder(&self.folder)
    }
}
