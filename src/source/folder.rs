//! A local folder. Links are not followed, and only ordinary files are ever opened.

use std::{
    fs::{self, File, FileType, Metadata},
    io::{self, Read, Seek, SeekFrom},
    os::unix::fs::{FileTypeExt, MetadataExt},
    path::{Path, PathBuf},
};

use rustix::fs::{Mode, OFlags};

use crate::diagnostic::{Answer, Diagnostic, Place, Refusal, codes::source as codes};

use super::{Entry, Listing, Source, changed, difference, in_order, judge_name, name, unreadable};

/// A folder of this machine, flat: what is in its sub folders is not offered.
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    fn shown(&self) -> String {
        self.path.display().to_string()
    }

    fn shown_file(&self, name: &str) -> String {
        self.path.join(name).display().to_string()
    }

    /// `false` where there is no folder.
    fn is_there(&self) -> Answer<bool> {
        match fs::symlink_metadata(&self.path) {
            Ok(meta) if meta.is_dir() => Ok(true),
            Ok(meta) => Err(not_a_folder(&self.shown(), meta.file_type()).into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(unreadable(&self.shown(), &error.to_string()).into()),
        }
    }

    fn add(&self, listing: &mut Listing, item: &fs::DirEntry) -> Answer<()> {
        let raw = item.file_name();
        let Some(name) = raw.to_str() else {
            let escaped = raw.as_encoded_bytes().escape_ascii().to_string();
            listing.refused.push(name::refuse(&self.shown(), &escaped, "is not UTF-8 text"));
            return Ok(());
        };
        let meta = match fs::symlink_metadata(item.path()) {
            Ok(meta) => meta,
            // Gone between the listing and this look: as if it had never been there.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(unreadable(&self.shown_file(name), &error.to_string()).into()),
        };
        if let Some(why) = judge_name(name) {
            listing.refused.push(name::refuse(&self.shown(), name, &why));
        } else if meta.is_dir() {
            listing.notes.push(name::note_folder(&self.shown(), name));
        } else if meta.is_file() {
            listing.entries.push(entry(name, &meta));
        } else {
            listing.refused.push(not_a_file(&self.shown_file(name), meta.file_type()));
        }
        Ok(())
    }
}

impl Source for Folder {
    fn list(&self) -> Answer<Listing> {
        let mut listing = Listing::default();
        if !self.is_there()? {
            listing.notes.push(no_folder(&self.shown()));
            return Ok(listing);
        }
        let trouble = |error: io::Error| Refusal::from(unreadable(&self.shown(), &error.to_string()));
        let mut items = fs::read_dir(&self.path).and_then(Iterator::collect::<io::Result<Vec<_>>>).map_err(trouble)?;
        items.sort_by_key(fs::DirEntry::file_name);
        for item in &items {
            self.add(&mut listing, item)?;
        }
        Ok(in_order(listing, &self.shown()))
    }

    fn open(&self, entry: &Entry, offset: u64) -> Answer<Box<dyn Read + Send>> {
        let shown = self.shown_file(&entry.name);
        refuse_name(&self.shown(), &entry.name)?;
        let trouble = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => Refusal::from(changed(&shown, "it is no longer there")),
            _ => unreadable(&shown, &error.to_string()).into(),
        };
        let mut file = open_plain(&self.path.join(&entry.name)).map_err(trouble)?;
        let meta = file.metadata().map_err(trouble)?;
        let how =
            if meta.is_file() { difference(entry, &self::entry(&entry.name, &meta)) } else { Some("it is no ordinary file now".into()) };
        let beyond = || (offset > entry.size).then(|| format!("reading was to go on at byte {offset}, and it has {}", entry.size));
        if let Some(how) = how.or_else(beyond) {
            return Err(changed(&shown, &how).into());
        }
        file.seek(SeekFrom::Start(offset)).map_err(trouble)?;
        Ok(Box::new(Reading { file, listed: entry.clone(), left: entry.size - offset, shown }))
    }

    fn local_path(&self, entry: &Entry) -> Option<PathBuf> {
        judge_name(&entry.name).is_none().then(|| self.path.join(&entry.name))
    }

    fn look(&self, name: &str) -> Answer<Option<Entry>> {
        refuse_name(&self.shown(), name)?;
        match fs::symlink_metadata(self.path.join(name)) {
            Ok(meta) if meta.is_file() => Ok(Some(entry(name, &meta))),
            Ok(_) => Ok(None),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
            Err(error) => Err(unreadable(&self.shown_file(name), &error.to_string()).into()),
        }
    }
}

/// Reads a file to its listed end, then proves that it is still the file that was listed.
struct Reading {
    file: File,
    listed: Entry,
    left: u64,
    shown: String,
}

impl Read for Reading {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        if self.left == 0 {
            return self.prove().map(|()| 0);
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.file.read(buffer.get_mut(..most).unwrap_or_default())?;
        if read == 0 {
            return Err(refused(changed(&self.shown, "it was cut short while it was being read")));
        }
        self.left = self.left.saturating_sub(read as u64);
        Ok(read)
    }
}

impl Reading {
    fn prove(&self) -> io::Result<()> {
        let now = entry(&self.listed.name, &self.file.metadata()?);
        difference(&self.listed, &now).map_or(Ok(()), |how| Err(refused(changed(&self.shown, &how))))
    }
}

fn refused(why: Diagnostic) -> io::Error {
    io::Error::other(Refusal::from(why))
}

/// Opens without following a link, and without waiting should the name have become a pipe since it was looked at.
fn open_plain(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    Ok(File::from(rustix::fs::open(path, flags, Mode::empty())?))
}

fn entry(name: &str, meta: &Metadata) -> Entry {
    let micros = |seconds: i64, nanos: i64| seconds.saturating_mul(1_000_000).saturating_add(nanos / 1_000);
    Entry {
        name: name.into(),
        size: meta.len(),
        modified_us: micros(meta.mtime(), meta.mtime_nsec()),
        identity: format!("inode {}", meta.ino()),
        changed_us: Some(micros(meta.ctime(), meta.ctime_nsec())),
    }
}

fn refuse_name(folder: &str, name: &str) -> Answer<()> {
    judge_name(name).map_or(Ok(()), |why| Err(name::refuse(folder, name, &why).into()))
}

/// What it is, in the words of a report.
fn kind(file_type: FileType) -> &'static str {
    if file_type.is_symlink() {
        "a link"
    } else if file_type.is_fifo() {
        "a named pipe"
    } else if file_type.is_socket() {
        "a socket"
    } else if file_type.is_file() {
        "a file"
    } else {
        "a device"
    }
}

fn not_a_file(shown: &str, file_type: FileType) -> Diagnostic {
    Diagnostic::new(codes::NOT_A_FILE, format!("this is {}", kind(file_type)))
        .place(Place::file(name::printable(shown)))
        .expected("an ordinary file")
        .outcome("It was neither followed nor opened; nothing of it was taken. Other files of the folder are not affected.")
        .hint("Put the file itself into the folder, and remove this.")
}

fn not_a_folder(shown: &str, file_type: FileType) -> Diagnostic {
    Diagnostic::new(codes::NOT_A_FILE, format!("the feed's folder is {}", kind(file_type)))
        .place(Place::file(shown))
        .expected("a folder")
        .outcome("Nothing was taken. The last accepted data of this feed stays as it is.")
        .hint("Make it a folder, or give the feed the real one as its `url`; outside the partnership, list that under `allow_paths`.")
}

fn no_folder(shown: &str) -> Diagnostic {
    Diagnostic::new(codes::NO_FOLDER, "the feed's folder does not exist, so it offers no files")
        .place(Place::file(shown))
        .outcome("Nothing was taken. The last accepted data of this feed stays as it is.")
        .hint(format!(
            "Mount what should be there; or make it with `mkdir -p '{shown}'`: `truecost doctor --repair` makes all those below `drop`."
        ))
}
