//! Which lake it is, and how much persons have said in it: in the lake, and beside the releases, so that who puts an older lake there, or
//! another one, is told also where no release was made since.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{
    durable::{self, Seen},
    fault, sealed,
};
use crate::diagnostic::Answer;

/// Its two files, which say the same.
#[derive(Clone, Debug)]
pub(super) struct Witness {
    own: PathBuf,
    beside: PathBuf,
    /// Is there where readers see a release.
    shown: PathBuf,
}

/// What they say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Known {
    /// Drawn when the lake was new.
    pub lake: String,
    /// Decisions of persons: periods closed and reopened, waivers, acceptances, withdrawals, corrections. One that died before it was entered
    /// counts too.
    pub said: u64,
}

impl Witness {
    pub fn at(lake: &Path, published: &Path) -> Self {
        Self { own: lake.join("said.json"), beside: published.join(".lake.json"), shown: published.join("latest.json") }
    }

    /// What stands beside the releases; `None` where nothing does, or nothing that can be read.
    pub fn beside(&self) -> Option<Known> {
        sealed::read(&self.beside).ok().flatten()
    }

    /// What stands in the lake; `None` where nothing ever did.
    ///
    /// # Errors
    /// TC1010 where it cannot be read.
    pub fn own(&self) -> Answer<Option<Known>> {
        sealed::read(&self.own)
    }

    /// Another decision is about to be entered. In the lake first: what stands beside the releases never says more than the lake did.
    pub fn deciding(&self) -> Answer<()> {
        let known = self.known()?;
        sealed::write(&self.own, &Known { said: known.said + 1, ..known })
    }

    /// Makes the two alike: what the lake says holds, and where that is lost or damaged, what stands beside the releases.
    pub fn level(&self) -> Answer<()> {
        for file in [&self.own, &self.beside] {
            durable::remove(&durable::beside(file, ".tmp"))?;
        }
        if !self.shown.is_file() {
            return Ok(());
        }
        let known = self.known()?;
        if self.own().ok().flatten().as_ref() != Some(&known) {
            sealed::write(&self.own, &known)?;
        }
        if self.beside().as_ref() != Some(&known) {
            sealed::write_seen(&self.beside, &known, Seen::ByReaders)?;
        }
        Ok(())
    }

    fn known(&self) -> Answer<Known> {
        match self.own().ok().flatten().or_else(|| self.beside()) {
            Some(known) => Ok(known),
            None => Ok(Known { lake: drawn(&self.own)?, said: 0 }),
        }
    }
}

/// A name that no other lake has.
fn drawn(path: &Path) -> Answer<String> {
    let mut bytes = [0; 8];
    getrandom::getrandom(&mut bytes).map_err(|error| fault::file(path, "draw a name for")(std::io::Error::other(error)))?;
    Ok(format!("{:016x}", u64::from_be_bytes(bytes)))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_two_say_the_same_and_either_makes_the_other_again() {
        let folder = tempfile::tempdir().unwrap();
        let (lake, published) = (folder.path().join("lake"), folder.path().join("published"));
        let witness = Witness::at(&lake, &published);
        witness.deciding().unwrap();
        witness.level().unwrap();
        assert_eq!(witness.beside(), None, "nobody is shown anything yet");
        fs::create_dir_all(&published).unwrap();
        fs::write(published.join("latest.json"), "{}").unwrap();
        witness.deciding().unwrap();
        witness.level().unwrap();
        let known = witness.own().unwrap().unwrap();
        assert_eq!((known.said, witness.beside().as_ref()), (2, Some(&known)));
        for file in [lake.join("said.json"), published.join(".lake.json")] {
            let text = fs::read_to_string(&file).unwrap();
            fs::write(&file, text.replace("\"said\": 2", "\"said\": 7")).unwrap();
            witness.level().unwrap();
            assert_eq!((witness.own().unwrap().as_ref(), witness.beside().as_ref()), (Some(&known), Some(&known)), "{}", file.display());
        }
    }
}
