//! Landing and lake are for us alone: what others may read of them, and how it is taken from them.

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::Path,
};

use super::{Lake, durable, fault};
use crate::diagnostic::Answer;

impl Lake {
    /// How many files and folders of landing and lake others may read, write or enter. A landed file that is a link keeps the mode that
    /// its sender gave it, and is not counted: its folder keeps others away.
    ///
    /// # Errors
    /// TC1002.
    pub fn open_to_others(&self) -> Answer<u64> {
        self.each_open(&mut |_, _| Ok(()))
    }

    /// Takes from others what they may do with files and folders of landing and lake. Says how many there were.
    ///
    /// # Errors
    /// TC1002.
    pub fn close_to_others(&self) -> Answer<u64> {
        self.each_open(&mut |path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode & 0o700)).map_err(fault::file(path, "take from others"))
        })
    }

    fn each_open(&self, act: &mut dyn FnMut(&Path, u32) -> Answer<()>) -> Answer<u64> {
        let mut open = 0;
        for root in [self.landing.folder(), &self.folder] {
            walk(root, &mut |path, mode| {
                open += 1;
                act(path, mode)
            })?;
        }
        Ok(open)
    }
}

/// Everything at and below a path that is open to others.
fn walk(path: &Path, act: &mut dyn FnMut(&Path, u32) -> Answer<()>) -> Answer<()> {
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(fault::file(path, "look at")(error)),
    };
    let linked = metadata.is_file() && metadata.nlink() > 1;
    if metadata.is_symlink() || linked {
        return Ok(());
    }
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        act(path, mode)?;
    }
    if metadata.is_dir() {
        for name in durable::names(path)? {
            walk(&path.join(name), act)?;
        }
    }
    Ok(())
}
