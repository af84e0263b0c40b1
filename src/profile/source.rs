//! The file: what it is wrapped in, and its bytes as often as they are needed.

use std::{
    fs::File,
    io::{BufReader, Cursor, Read},
    path::{Path, PathBuf},
    rc::Rc,
};

use super::{facts::Container, refuse};
use crate::{decode::PlainPacked, diagnostic::Refusal};

/// A file that can be read from its beginning again and again.
#[derive(Clone)]
pub(super) struct Source {
    pub(super) name: String,
    pub(super) bytes: u64,
    pub(super) container: Container,
    pub(super) member: Option<String>,
    place: Place,
}

#[derive(Clone)]
enum Place {
    Path(PathBuf),
    Bytes(Vec<u8>),
    /// What is inside of a packed file; the path or name of that, for messages.
    Packed(Rc<PlainPacked>, String),
}

impl Source {
    /// # Errors
    /// TC0130 where there is no such file, or it is no file.
    pub(super) fn at(path: &Path) -> Result<Self, Refusal> {
        let facts = std::fs::metadata(path).map_err(|error| refuse::unreadable(path, &error))?;
        if !facts.is_file() {
            return Err(refuse::no_file(path));
        }
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let place = Place::Path(path.to_path_buf());
        Ok(Self { name, bytes: facts.len(), container: Container::None, member: None, place })
    }

    pub(super) fn of(name: &str, bytes: &[u8]) -> Self {
        let place = Place::Bytes(bytes.to_vec());
        Self { name: name.to_owned(), bytes: bytes.len() as u64, container: Container::None, member: None, place }
    }

    /// The bytes from the first.
    pub(super) fn open(&self) -> Result<Box<dyn Read + '_>, Refusal> {
        match &self.place {
            Place::Path(path) => {
                let file = File::open(path).map_err(|error| refuse::unreadable(path, &error))?;
                Ok(Box::new(BufReader::with_capacity(1 << 17, file)))
            }
            Place::Bytes(bytes) => Ok(Box::new(Cursor::new(bytes.as_slice()))),
            Place::Packed(packed, shown) => packed.read(shown),
        }
    }

    /// For messages.
    pub(super) fn shown(&self) -> String {
        match &self.place {
            Place::Path(path) => path.display().to_string(),
            Place::Bytes(_) => self.name.clone(),
            Place::Packed(_, shown) => shown.clone(),
        }
    }

    /// The first bytes.
    pub(super) fn head(&self, most: u64) -> Result<Vec<u8>, Refusal> {
        let mut head = Vec::new();
        self.open()?.take(most).read_to_end(&mut head).map_err(|error| self.broken(error))?;
        Ok(head)
    }

    /// The file inside of this one.
    pub(super) fn inside(&self, packed: PlainPacked) -> Self {
        let (container, member) = match &packed {
            PlainPacked::Gzip(_) => (Container::Gzip, None),
            PlainPacked::Zip(_, name) => (Container::Zip, Some(name.clone())),
            PlainPacked::Workbook(_) => (Container::None, None),
        };
        Self { name: self.name.clone(), bytes: self.bytes, container, member, place: Place::Packed(Rc::new(packed), self.shown()) }
    }

    /// Why bytes cannot be read; whoever unpacks them has a report of its own.
    pub(super) fn broken(&self, error: std::io::Error) -> Refusal {
        match error.downcast::<Refusal>() {
            Ok(refusal) => refusal
                .or_outcome("nothing was written; the file is as it was")
                .or_hint("fetch the file again, or ask its sender to send it again"),
            Err(error) => refuse::broken(&self.shown(), &error),
        }
    }
}
