//! The configuration that made a release, kept once: `published/rules/<sha256>.tar.zst`.
//!
//! The archive of the same files is the same bytes, whoever makes it and when: names in order, no owner, no time, one level of compression.
//! It is written before the release that names it; one that no release names is harmless.

use std::{
    collections::BTreeMap,
    io::{self, Read as _},
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use super::{
    Flaw, Hashed, Releases,
    durable::{self, Seen, sha256},
    fault,
};
use crate::{
    crash,
    diagnostic::{Answer, Diagnostic, Place, codes},
};

const FOLDER: &str = "rules";
const ZSTD_LEVEL: i32 = 9;

/// Files of a partnership by their path below its folder.
pub type RuleFiles = BTreeMap<String, Arc<[u8]>>;

impl Releases {
    /// Keeps files as an archive, under the name of its bytes; nothing happens where it is there already. Gives that name.
    ///
    /// # Errors
    /// TC1002.
    pub fn keep_rules(&self, files: &RuleFiles) -> Answer<String> {
        let folder = self.folder.join(FOLDER);
        let bytes = pack(files).map_err(fault::file(&folder, "pack rules for"))?;
        let name = sha256(&bytes);
        let path = self.rules_path(&name);
        if durable::read(&path)?.is_none_or(|there| there != bytes) {
            durable::replace(&path, &bytes, Seen::ByReaders)?;
            crash::point("rules.kept")?;
        }
        Ok(name)
    }

    /// Where an archive stands.
    #[must_use]
    pub fn rules_path(&self, name: &str) -> PathBuf {
        self.folder.join(FOLDER).join(format!("{name}.tar.zst"))
    }

    /// Names of the archives that are there.
    ///
    /// # Errors
    /// TC1002.
    pub fn rules_kept(&self) -> Answer<Vec<String>> {
        Ok(durable::names(&self.folder.join(FOLDER))?.iter().filter_map(|name| name.strip_suffix(".tar.zst").map(str::to_owned)).collect())
    }

    /// Why an archive is not the one that was written; `None` where it is.
    ///
    /// # Errors
    /// TC1002.
    pub fn rules_flaw(&self, name: &str, hashed: &mut Hashed) -> Answer<Option<Flaw>> {
        let path = self.rules_path(name);
        let bytes = std::fs::metadata(&path).map_or(0, |metadata| metadata.len());
        hashed.flaw(&path, bytes, name)
    }

    /// The files of an archive.
    ///
    /// # Errors
    /// TC1011 where it is gone or damaged; TC1002.
    pub fn rule_files(&self, name: &str) -> Answer<RuleFiles> {
        let path = self.rules_path(name);
        let damaged = |why: String| {
            Diagnostic::new(codes::lake::RELEASE_DIFFERS, format!("{} cannot be opened: {why}", path.display()))
                .place(Place::file(path.display().to_string()))
                .expected("the archive of rules that was written with the release")
                .outcome("nothing was changed")
                .hint("bring it back from a backup; the release itself does not need it")
        };
        let bytes = durable::read(&path)?.ok_or_else(|| damaged("it is gone".into()))?;
        if sha256(&bytes) != name {
            return Err(damaged("its bytes are others than were written".into()).into());
        }
        Ok(unpack(&bytes).map_err(|error| damaged(error.to_string()))?)
    }
}

fn pack(files: &RuleFiles) -> io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(0);
        header.set_uid(0);
        header.set_gid(0);
        archive.append_data(&mut header, name, &**bytes)?;
    }
    zstd::bulk::compress(&archive.into_inner()?, ZSTD_LEVEL)
}

fn unpack(bytes: &[u8]) -> io::Result<RuleFiles> {
    let bytes = zstd::stream::decode_all(bytes)?;
    let mut archive = tar::Archive::new(bytes.as_slice());
    let mut files = RuleFiles::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        let name = path.to_str().filter(|_| stays_below(&path)).ok_or_else(|| io::Error::other(format!("it holds {}", path.display())))?;
        let (name, mut bytes) = (name.to_owned(), Vec::new());
        entry.read_to_end(&mut bytes)?;
        files.insert(name, bytes.into());
    }
    Ok(files)
}

/// Whether a path leads nowhere but below the folder that it is seen from.
fn stays_below(path: &Path) -> bool {
    path.components().all(|part| matches!(part, Component::Normal(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(of: &[(&str, &str)]) -> RuleFiles {
        of.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().into())).collect()
    }

    #[test]
    fn the_same_files_are_one_archive_and_come_out_as_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let releases = Releases::at(folder.path().join("published"), folder.path().join("copies"));
        let long = format!("schemas/{}/x.odcs.yaml", "a".repeat(150));
        let rules = files(&[("pipelines/partnership.yaml", "partnership: x\n"), ("pipelines/cost/cost.yaml", ""), (&long, "z")]);
        let name = releases.keep_rules(&rules).unwrap();
        assert_eq!(releases.keep_rules(&rules).unwrap(), name);
        assert_eq!(releases.rules_kept().unwrap(), std::slice::from_ref(&name));
        assert_eq!(releases.rule_files(&name).unwrap(), rules);
        assert_eq!(releases.rules_flaw(&name, &mut Hashed::default()).unwrap(), None);
    }

    #[test]
    fn a_damaged_archive_is_told_and_written_again_where_its_files_are_there() {
        let folder = tempfile::tempdir().unwrap();
        let releases = Releases::at(folder.path().join("published"), folder.path().join("copies"));
        let rules = files(&[("pipelines/partnership.yaml", "partnership: x\n")]);
        let name = releases.keep_rules(&rules).unwrap();
        std::fs::write(releases.rules_path(&name), "x").unwrap();
        assert_eq!(releases.rule_files(&name).unwrap_err().0[0].code, codes::lake::RELEASE_DIFFERS);
        assert!(releases.rules_flaw(&name, &mut Hashed::default()).unwrap().is_some());
        assert_eq!(releases.keep_rules(&rules).unwrap(), name);
        assert_eq!(releases.rules_flaw(&name, &mut Hashed::default()).unwrap(), None);
        std::fs::remove_file(releases.rules_path(&name)).unwrap();
        assert!(releases.rules_flaw(&name, &mut Hashed::default()).unwrap().is_some());
    }

    #[test]
    fn a_path_that_leads_elsewhere_is_not_taken() {
        assert!(stays_below(Path::new("pipelines/a.yaml")));
        assert!(!stays_below(Path::new("../a.yaml")) && !stays_below(Path::new("/etc/a")));
    }
}
