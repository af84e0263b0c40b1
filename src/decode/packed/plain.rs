//! What a file is packed in, for who looks at one without a contract: the same directory, the same limits, the same checksums.

use std::io::Read;

use bytes::Bytes;

use super::{Directory, Unzipped, faults, member, whole};
use crate::{
    decode::OtherFormat,
    diagnostic::{Answer, Refusal},
    domain::is_like,
};

/// A packed file.
pub enum PlainPacked {
    /// A gzip stream, as bytes.
    Gzip(Bytes),
    /// An archive of one file, and its name.
    Zip(Bytes, String),
    /// A workbook, or an archive that calls itself one.
    Workbook(Bytes),
}

impl PlainPacked {
    /// Looks at a file that begins as `form`; of an archive of several files at the one whose name is `wanted`, `*` for any text.
    ///
    /// # Errors
    /// TC0447 to TC0450 where the archive is refused, TC0456 where it holds several files, TC0220 where bytes cannot be read.
    pub fn open(file: &str, form: OtherFormat, read: impl Read, wanted: Option<&str>) -> Answer<Self> {
        let bytes = whole(file, read)?;
        if form == OtherFormat::Gzip {
            return Ok(Self::Gzip(bytes));
        }
        let directory = Directory::read(file, &bytes)?;
        let names = || directory.entries.iter().filter(|entry| !entry.is_folder()).map(|entry| entry.name.as_str());
        if names().any(|name| name.eq_ignore_ascii_case("[Content_Types].xml") || name == "mimetype") {
            return Ok(Self::Workbook(bytes));
        }
        let all: Vec<&str> = names().collect();
        let chosen: Vec<&str> = all.iter().copied().filter(|name| wanted.is_none_or(|wanted| is_like(wanted, name))).collect();
        match chosen.as_slice() {
            [one] => Ok(Self::Zip(bytes.clone(), (*one).to_owned())),
            several => Err(faults::which_member(file, wanted.unwrap_or("*"), &all, several.len()).into()),
        }
    }

    /// What is inside, from its first byte.
    ///
    /// # Errors
    /// As [`Self::open`]; reading gives TC0447 where it is damaged.
    pub fn read(&self, file: &str) -> Result<Box<dyn Read>, Refusal> {
        match self {
            Self::Gzip(bytes) => Ok(Box::new(Unzipped::new(file, std::io::Cursor::new(bytes.clone())))),
            Self::Zip(bytes, name) => {
                let directory = Directory::read(file, bytes)?;
                let entry = directory.entry(name).ok_or_else(|| faults::damaged(file, "its file is gone"))?;
                Ok(Box::new(member(file, bytes, entry)))
            }
            Self::Workbook(bytes) => Ok(Box::new(std::io::Cursor::new(bytes.clone()))),
        }
    }
}
