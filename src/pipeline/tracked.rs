//! Whether git tracks a file: read from its index, without git.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Whether the index of the working tree that holds the file names it. A file in no working tree, or one whose index cannot be read,
/// is not tracked as far as anybody can say.
#[must_use]
pub fn is_tracked(file: &Path) -> bool {
    let found = || {
        let (tree, index) = file.ancestors().skip(1).find_map(|folder| Some((folder, index_of(folder)?)))?;
        let name = file.strip_prefix(tree).ok()?.to_str()?;
        let bytes = fs::read(index).ok()?;
        // Object names have 20 bytes, or 32 in a repository of SHA-256.
        [20, 32].into_iter().find_map(|name_bytes| names(&bytes, name_bytes)).map(|names| names.iter().any(|n| n == name.as_bytes()))
    };
    found().unwrap_or(false)
}

/// `.git` is a folder, or in a linked working tree a file that names one.
fn index_of(folder: &Path) -> Option<PathBuf> {
    let git = folder.join(".git");
    let git = if git.is_file() {
        let text = fs::read_to_string(&git).ok()?;
        folder.join(text.strip_prefix("gitdir:")?.trim())
    } else {
        git
    };
    Some(git.join("index")).filter(|index| index.is_file())
}

/// The names of an index of version 2, 3 or 4; `None` where it is none, or object names have another length.
fn names(index: &[u8], name_bytes: usize) -> Option<Vec<Vec<u8>>> {
    let number = |at: usize| Some(u32::from_be_bytes(*index.get(at..)?.first_chunk()?));
    let version = number(4).filter(|version| index.starts_with(b"DIRC") && (2..=4).contains(version))?;
    let entries = number(8)?;
    let mut names: Vec<Vec<u8>> = Vec::new();
    let mut at = 12;
    for _ in 0..entries {
        let start = at;
        let flags = start + 40 + name_bytes;
        let extended = index.get(flags)? & 0x40 != 0;
        at = flags + 2 + if extended { 2 } else { 0 };
        let mut name = Vec::new();
        if version == 4 {
            let (cut, next) = shortened(index, at)?;
            at = next;
            let before = names.last().map_or(&[][..], Vec::as_slice);
            name.extend_from_slice(before.get(..before.len().checked_sub(cut)?)?);
        }
        let rest = index.get(at..)?;
        let length = rest.iter().position(|byte| *byte == 0)?;
        name.extend_from_slice(rest.get(..length)?);
        at += length;
        // Up to 8 zero bytes, so that the entry's length is a multiple of 8.
        at = if version == 4 { at + 1 } else { start + (at - start) / 8 * 8 + 8 };
        names.push(name);
    }
    Some(names)
}

/// How many bytes of the name before are left out, and where what follows begins.
fn shortened(index: &[u8], mut at: usize) -> Option<(usize, usize)> {
    let mut value = 0usize;
    loop {
        let byte = *index.get(at)?;
        at += 1;
        value = value.checked_mul(128)?.checked_add(usize::from(byte & 0x7F))?;
        if byte & 0x80 == 0 {
            return Some((value, at));
        }
        value = value.checked_add(1)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An index as git writes it.
    fn index(version: u32, names: &[&str]) -> Vec<u8> {
        let mut out = b"DIRC".to_vec();
        out.extend(version.to_be_bytes());
        out.extend((names.len() as u32).to_be_bytes());
        let mut before = "";
        for name in names {
            let start = out.len();
            out.extend([7; 60]);
            out.extend((name.len() as u16).to_be_bytes());
            if version == 4 {
                let same = before.bytes().zip(name.bytes()).take_while(|(a, b)| a == b).count();
                out.push(u8::try_from(before.len() - same).unwrap());
                out.extend(name[same..].bytes().chain([0]));
            } else {
                out.extend(name.bytes());
                let length = out.len() - start;
                out.extend(vec![0; length / 8 * 8 + 8 - length]);
            }
            before = name;
        }
        out.extend([9; 20]);
        out
    }

    #[test]
    fn files_of_an_index_are_tracked_and_no_others() {
        for version in [2, 3, 4] {
            let folder = tempfile::tempdir().unwrap();
            fs::create_dir_all(folder.path().join(".git")).unwrap();
            fs::write(folder.path().join(".git/index"), index(version, &["keys/a.sealing", "keys/newham.pseudonym", "x"])).unwrap();
            assert!(is_tracked(&folder.path().join("keys/newham.pseudonym")), "version {version}");
            assert!(is_tracked(&folder.path().join("x")));
            for name in ["keys/newham.sealing", "newham.pseudonym", "keys"] {
                assert!(!is_tracked(&folder.path().join(name)), "{name}, version {version}");
            }
        }
    }

    #[test]
    fn a_linked_working_tree_has_its_index_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("main/worktrees/w")).unwrap();
        fs::create_dir_all(folder.path().join("w")).unwrap();
        fs::write(folder.path().join("main/worktrees/w/index"), index(2, &["k"])).unwrap();
        fs::write(folder.path().join("w/.git"), "gitdir: ../main/worktrees/w\n").unwrap();
        assert!(is_tracked(&folder.path().join("w/k")));
        assert!(!is_tracked(&folder.path().join("w/l")));
    }

    #[test]
    fn what_is_no_index_tracks_nothing() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join(".git")).unwrap();
        for bytes in [&b""[..], b"DIRC", b"DIRC\0\0\0\x09\0\0\0\x01", &index(2, &["k"])[..40]] {
            fs::write(folder.path().join(".git/index"), bytes).unwrap();
            assert!(!is_tracked(&folder.path().join("k")));
        }
    }
}
