//! Whether the lake is there, and is the one that belongs to what readers see.

use super::{Behind, Lake, fault, mounts};
use crate::diagnostic::Answer;

/// Of these a lake that was begun has one at least. A folder without any is one in which none was begun yet, or over which the disk of the
/// lake is not mounted.
const SIGNS: [&str; 5] = [".lock", "register", "runs", "said.json", "schedule.json"];

impl Lake {
    /// Whether something was ever written here.
    ///
    /// # Errors
    /// TC1002 where nobody can say.
    pub fn is_begun(&self) -> Answer<bool> {
        for path in SIGNS.map(|sign| self.folder().join(sign)) {
            if path.try_exists().map_err(fault::file(&path, "look for"))? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Stops where the lake is gone: none was begun here, and what readers see was made from one, or one has landed files, or somebody has
    /// seen one (`was_there`), or the disk that belongs there is not mounted, with all that could tell.
    ///
    /// # Errors
    /// TC1015; TC1002.
    pub fn must_be_there(&self, was_there: bool) -> Answer<()> {
        if self.is_begun()? {
            return Ok(());
        }
        let shown = self.releases().latest_name()?;
        let landed = self.landing().digests()?.len();
        if shown.is_some() || was_there || landed > 0 {
            return Err(fault::lake_gone(self.folder(), shown.as_deref(), landed).into());
        }
        mounts::lacking(self.folder()).map_or(Ok(()), |point| Err(fault::not_mounted(self.folder(), &point).into()))
    }

    /// Where the lake is not the one that belongs to what readers see: another one stood there before, or it knows less of what persons have
    /// said, or neither the latest release nor a run as late as the one that made it. Somebody put a backup in its place, or another lake.
    ///
    /// # Errors
    /// TC1002.
    pub fn behind(&self) -> Answer<Option<Behind>> {
        // Of damage of its own a lake is mended from what stands beside the releases; a version before wrote nothing down, neither here nor there.
        let (own, beside) = (self.witness.own(), self.witness.beside());
        let own_said = own.as_ref().ok().map(|own| own.as_ref().map_or(0, |own| own.said));
        if let (Ok(Some(own)), Some(beside)) = (&own, &beside)
            && own.lake != beside.lake
        {
            return Ok(Some(Behind::Another));
        }
        if !self.releases.knows_latest()?
            && let Some((release, made_by)) = self.releases.made_by()?
        {
            let last = self.last_entered(&self.register.all().unwrap_or_default())?.0;
            if made_by > last {
                return Ok(Some(Behind::Runs { release, made_by, last }));
            }
        }
        let said = own_said.zip(beside.map(|beside| beside.said));
        Ok(said.filter(|(known, said)| known < said).map(|(known, said)| Behind::Said { said, known }))
    }

    /// Stops where it is, or is not there.
    ///
    /// # Errors
    /// TC1014; TC1015; TC1002.
    pub fn must_lead(&self) -> Answer<()> {
        self.must_be_there(false)?;
        self.behind()?.map_or(Ok(()), |behind| Err(fault::behind(&behind).into()))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{domain::Location, lake::RunRecord};

    #[test]
    fn nothing_is_begun_where_a_lake_was_and_is_gone_while_a_run_works_in_it() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        let folder = |name: &str| Location::Folder(at(name));
        let lake = Lake::at(&folder("landing"), &folder("lake"), &folder("published")).unwrap();
        let lock = lake.lock("run-1", "").unwrap();
        let record = |number: u64| lake.record_run(&RunRecord { number, ..RunRecord::default() });
        record(1).unwrap();
        fs::rename(at("lake"), at("elsewhere")).unwrap();
        assert_eq!(record(2).unwrap_err().0[0].code.id, "TC1002");
        assert!(!at("lake").exists());
        // A mount point over which nothing is mounted any more.
        fs::create_dir(at("lake")).unwrap();
        assert_eq!(record(2).unwrap_err().0[0].code.id, "TC1002");
        assert_eq!(fs::read_dir(at("lake")).unwrap().count(), 0);
        assert_eq!(lake.must_be_there(true).unwrap_err().0[0].code.id, "TC1015");
        lake.must_be_there(false).unwrap();
        drop(lock);
        fs::remove_dir(at("lake")).unwrap();
        fs::rename(at("elsewhere"), at("lake")).unwrap();
        record(2).unwrap();
        lake.must_be_there(true).unwrap();
    }
}
