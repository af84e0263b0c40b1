//! Where things are.

use std::{fmt, path::PathBuf};

/// A local folder, or an object-store URL (`s3://bucket/prefix`, `az://…`, `gs://…`, `https://…`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    Folder(PathBuf),
    Url(url::Url),
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => write!(f, "{}", path.display()),
            Self::Url(url) => write!(f, "{url}"),
        }
    }
}
