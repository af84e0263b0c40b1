//! What the partnership's files say, read again where one of them was changed.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use crate::{
    diagnostic::{Answer, Diagnostic},
    domain::Digest,
    pipeline::{self, Partnership, Timing},
    run,
};

/// The last configuration that was valid, and what is wrong with the one that is there.
#[derive(Debug)]
pub(super) struct Settings {
    root: PathBuf,
    partnership: Partnership,
    fault: Option<Vec<Diagnostic>>,
    /// Names, lengths and times of all files, as they were when they were read.
    seen: Digest,
    /// Whether somebody asked for a look whatever the files' times say.
    asked: bool,
}

impl Settings {
    /// Reads it for the first time.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(root: &Path) -> Answer<Self> {
        let seen = pipeline::stamp(root);
        let (partnership, _) = pipeline::read(root)?;
        Ok(Self { root: root.to_path_buf(), partnership, fault: None, seen, asked: false })
    }

    pub const fn partnership(&self) -> &Partnership {
        &self.partnership
    }

    pub fn timings(&self) -> Vec<(String, Timing)> {
        run::timings(&self.partnership).into_iter().map(|(name, timing)| (name, timing.clone())).collect()
    }

    pub const fn listen(&self) -> SocketAddr {
        self.partnership.serving.listen
    }

    /// What is wrong with the files that are there now; `None` where nothing is.
    pub fn fault(&self) -> Option<&[Diagnostic]> {
        self.fault.as_deref()
    }

    /// The next look reads them, whatever their times say.
    pub const fn look_again(&mut self) {
        self.asked = true;
    }

    /// Whether a file was changed since the last look. If so they were read, and either they are in use now or [`Self::fault`] says why not.
    pub fn changed(&mut self) -> bool {
        let seen = pipeline::stamp(&self.root);
        if seen == self.seen && !std::mem::take(&mut self.asked) {
            return false;
        }
        self.seen = seen;
        match pipeline::read(&self.root) {
            Ok((partnership, _)) => {
                self.partnership = partnership;
                self.fault = None;
            }
            Err(refusal) => self.fault = Some(refusal.or_hint("correct it, then type: truecost validate").0),
        }
        true
    }
}
