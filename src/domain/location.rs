//! Where things are.

use std::{fmt, path::PathBuf};

use url::Url;

/// A local folder, or an object-store URL (`s3://bucket/prefix`, `az://…`, `gs://…`, `https://…`).
///
/// Printed without user, password and query: a secret may stand there.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    Folder(PathBuf),
    Url(Url),
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => write!(f, "{}", path.display()),
            Self::Url(url) => write!(f, "{}", without_secrets(url)),
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Location({self})")
    }
}

fn without_secrets(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{host}{port}{}", url.scheme(), url.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_printed() {
        let url = Url::parse("https://key:secret@host.example:8443/bucket/prefix?sig=secret").unwrap();
        let location = Location::Url(url);
        assert_eq!(location.to_string(), "https://host.example:8443/bucket/prefix");
        assert!(!format!("{location:?}").contains("secret"));
    }
}
