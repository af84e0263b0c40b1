//! Where things are, as files of a partnership say it: local paths inside it, hosts of the outside world, secrets by reference.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    path::{Component, Path, PathBuf},
};

use url::{Host, Url};

use crate::{
    diagnostic::{Diagnostic, codes::config},
    domain::Location,
    schema::{
        fields::{Item, Reader},
        secret::{Reference, pieces, refers},
        yaml::{Node, Value},
    },
};

/// Schemes of the object stores that truecost reads.
const SCHEMES: [&str; 10] = ["s3", "s3a", "gs", "az", "azure", "abfs", "abfss", "adl", "https", "http"];

/// Names under which clouds answer questions about the machine itself.
const METADATA_HOSTS: [&str; 4] = ["metadata", "metadata.google.internal", "metadata.azure.internal", "instance-data"];

/// Where secrets come from: the environment, and files.
pub struct Secrets<'e> {
    pub root: &'e Path,
    pub env: &'e dyn Fn(&str) -> Option<String>,
}

/// What of the outside a partnership allows.
#[derive(Clone, Debug, Default)]
pub struct Allowed {
    pub hosts: Vec<String>,
    pub paths: Vec<PathBuf>,
}

impl Secrets<'_> {
    /// The text with its references replaced.
    fn expand(&self, item: &Item<'_>) -> Option<String> {
        let mut out = String::new();
        for piece in pieces(item.raw_text()?) {
            match piece {
                Ok(text) => out.push_str(text),
                Err(reference) => out.push_str(&self.resolve(reference).ok()?),
            }
        }
        Some(out)
    }

    fn resolve(&self, reference: Reference<'_>) -> Result<String, String> {
        match reference {
            Reference::Env(name) => (self.env)(name).ok_or_else(|| format!("the environment has no `{name}`")),
            Reference::File(path) => {
                let text = std::fs::read_to_string(self.root.join(path)).map_err(|e| format!("the file `{path}` cannot be read: {e}"))?;
                Ok(text.trim_end_matches(['\n', '\r']).to_owned())
            }
            Reference::Malformed(inside) => Err(format!("`${{{inside}}}` is neither `${{env:NAME}}` nor `${{file:PATH}}`")),
        }
    }

    /// Reports every reference of a file to which nothing answers.
    pub fn check(&self, reader: &Reader<'_>, node: &Node) {
        match &node.value {
            Value::Scalar { text, .. } if refers(text) => {
                for why in pieces(text).into_iter().filter_map(|piece| self.resolve(piece.err()?).err()) {
                    let fault = Diagnostic::new(config::MISSING_SECRET, format!("a secret is missing: {why}"));
                    let expected = "every reference answered before anything starts, not at the hour of the first run";
                    reader.fault(node.at, fault.expected(expected).hint("Set it where truecost runs, or correct the reference."));
                }
            }
            Value::Scalar { .. } | Value::Refused => {}
            Value::List(items) => items.iter().for_each(|item| self.check(reader, item)),
            Value::Map(entries) => entries.iter().for_each(|entry| self.check(reader, &entry.value)),
        }
    }
}

/// A location as written: a path relative to the partnership, or a URL. Without `allowed` it may lead anywhere.
pub fn read_location(item: &Item<'_>, secrets: &Secrets<'_>, allowed: Option<&Allowed>) -> Option<Location> {
    if item.raw_text().is_none() {
        item.wrong("a path, or the URL of an object store");
        return None;
    }
    let text = secrets.expand(item)?;
    if text.contains("://") { read_url(item, &text, secrets, allowed) } else { read_path(item, &text, secrets.root, allowed) }
}

fn read_path(item: &Item<'_>, text: &str, root: &Path, allowed: Option<&Allowed>) -> Option<Location> {
    let path = plain(&root.join(text));
    let Some(allowed) = allowed else { return Some(Location::Folder(path)) };
    let real = real(&path);
    let inside = [real_or_same(root)].into_iter().chain(allowed.paths.iter().map(|p| real_or_same(&plain(&root.join(p)))));
    if inside.into_iter().any(|folder| real.starts_with(&folder)) {
        return Some(Location::Folder(path));
    }
    item.refuse(
        config::PATH_OUTSIDE,
        "the path leads out of the partnership's folder",
        "a path inside it, or one under a folder listed in `allow_paths`",
        "If it is meant, name its folder in `allow_paths` of pipelines/partnership.yaml.",
    );
    None
}

/// The folders of the partnership's own files: no data lies in them, and they lie in no data.
const OWN: [&str; 2] = ["pipelines", "schemas"];

/// A place that the partnership names, with the entry that names it; `None` where that has been refused already.
pub type Named<'a> = (&'a str, Option<&'a Item<'a>>, Option<&'a Location>);

/// Reports every place that is another one, lies in another one or holds another one: what one of them keeps would be taken, cleared or
/// published by the other. Places of an object store are not looked at: truecost only reads them.
pub fn apart(root: &Path, places: &[Named<'_>]) {
    let own = OWN.map(|name| (name.to_owned(), real_or_same(&root.join(name))));
    let mut seen: Vec<(String, PathBuf)> = own.to_vec();
    for (name, item, location) in places {
        let (Some(item), Some(Location::Folder(path))) = (item, location) else { continue };
        let here = real_or_same(path);
        if let Some((other, way)) = seen.iter().find_map(|(other, there)| Some((other, one_in_another(&here, there)?))) {
            item.refuse(
                config::PLACES_OVERLAP,
                &format!("it {way} {other}"),
                "folders of their own for drop, landing, lake and published, beside each other and beside pipelines and schemas",
                "Name another folder; `truecost init` writes ./drop, ./landing, ./lake and ./published.",
            );
        }
        seen.push(((*name).to_owned(), here));
    }
}

/// How the first of two folders lies to the second; `None` where they are apart.
fn one_in_another(here: &Path, there: &Path) -> Option<&'static str> {
    match (here.starts_with(there), there.starts_with(here)) {
        (true, true) => Some("is the same folder as"),
        (true, false) => Some("lies inside"),
        (false, true) => Some("holds"),
        (false, false) => None,
    }
}

/// Reports a source of files that is a folder in which truecost keeps its own.
pub fn apart_from_kept(item: &Item<'_>, from: &Location, kept: &[(&str, &Location)]) {
    let Location::Folder(path) = from else { return };
    let here = real_or_same(path);
    for (name, location) in kept {
        let Location::Folder(there) = location else { continue };
        if let Some(way) = one_in_another(&here, &real_or_same(there)) {
            item.refuse(
                config::PLACES_OVERLAP,
                &format!("it {way} {name}"),
                "a folder into which others put files, apart from landing, lake and published",
                "Name the folder in which the sender's files arrive, or leave `url` out: then it is the feed's own folder under `drop`.",
            );
            return;
        }
    }
}

/// The path without `.` and `..`, by its text alone.
fn plain(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

/// Where the path leads when links are followed, as far as it exists.
fn real(path: &Path) -> PathBuf {
    let existing = path.ancestors().find_map(|a| a.canonicalize().ok().map(|real| (a, real)));
    match existing {
        Some((ancestor, real)) => path.strip_prefix(ancestor).map_or_else(|_| real.clone(), |rest| real.join(rest)),
        None => path.to_path_buf(),
    }
}

fn real_or_same(path: &Path) -> PathBuf {
    real(&plain(path))
}

fn read_url(item: &Item<'_>, text: &str, secrets: &Secrets<'_>, allowed: Option<&Allowed>) -> Option<Location> {
    let expected = "the URL of an object store: `s3://bucket/folder/`, `az://…`, `gs://…`, `https://…`";
    let Ok(url) = Url::parse(text) else {
        item.wrong(expected);
        return None;
    };
    if url.scheme() == "file" {
        let path = url.to_file_path().ok().and_then(|path| path.to_str().map(str::to_owned));
        return path.and_then(|path| read_path(item, &path, secrets.root, allowed));
    }
    if !SCHEMES.contains(&url.scheme()) || !url.has_host() {
        item.wrong(expected);
        return None;
    }
    if let Some(why) = forbidden(&url)
        && allowed.is_some_and(|allowed| !is_allowed(&url, &allowed.hosts))
    {
        item.refuse(
            config::FORBIDDEN_HOST,
            &format!("the host `{}` is {why}", url.host_str().unwrap_or_default()),
            "a host of the outside world, or one listed in `allow_hosts`",
            "If it is meant, name it in `allow_hosts` of pipelines/partnership.yaml.",
        );
        return None;
    }
    Some(Location::Url(url))
}

fn is_allowed(url: &Url, hosts: &[String]) -> bool {
    let host = url.host_str().unwrap_or_default();
    let with_port = url.port().map(|port| format!("{host}:{port}"));
    hosts.iter().any(|allowed| allowed == host || Some(allowed) == with_port.as_ref())
}

/// Why a URL's host is not allowed by itself; `None` where it is.
fn forbidden(url: &Url) -> Option<&'static str> {
    match url.host()? {
        Host::Ipv4(ip) => forbidden_address(IpAddr::V4(ip)),
        Host::Ipv6(ip) => forbidden_address(IpAddr::V6(ip)),
        Host::Domain(name) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            // Only the schemes of the web have their numbers read as addresses by the URL's own grammar.
            let number = name.trim_matches(['[', ']']).parse::<IpAddr>().ok();
            match number {
                Some(address) => forbidden_address(address),
                None if name == "localhost" || name.ends_with(".localhost") => Some("this machine"),
                None if METADATA_HOSTS.contains(&name.as_str()) => Some("a cloud's metadata service"),
                None => None,
            }
        }
    }
}

fn forbidden_address(address: IpAddr) -> Option<&'static str> {
    /// Where Alibaba and Azure answer; AWS and Google use a link-local address.
    const METADATA: [IpAddr; 3] = [
        IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
        IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
        IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    ];
    let address = address.to_canonical();
    let link_local = match address {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    };
    if METADATA.contains(&address) {
        Some("a cloud's metadata service")
    } else if link_local {
        Some("a link-local address, where clouds keep their metadata")
    } else if address.is_loopback() || address.is_unspecified() {
        Some("this machine")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g12_hosts_that_are_this_machine_or_its_cloud() {
        for text in [
            "http://127.0.0.1/x",
            "http://2130706433/x",
            "http://0x7f.1/x",
            "http://[::1]:9000/x",
            "http://[::ffff:169.254.169.254]/x",
            "http://169.254.169.254/latest",
            "s3://169.254.169.254/x",
            "https://localhost:4566/x",
            "https://a.localhost./x",
            "http://metadata.google.internal/x",
            "http://0.0.0.0/x",
            "http://100.100.100.200/x",
            "http://[fe80::1]/x",
        ] {
            let url = Url::parse(text).unwrap();
            assert!(forbidden(&url).is_some(), "{text}");
        }
        for text in ["https://account.blob.core.windows.net/x", "s3://extracts/newham/", "https://10.1.2.3/x"] {
            assert_eq!(forbidden(&Url::parse(text).unwrap()), None, "{text}");
        }
    }

    #[test]
    fn an_allowed_host_may_name_its_port() {
        let url = Url::parse("http://localhost:9000/bucket").unwrap();
        assert!(is_allowed(&url, &["localhost:9000".into()]));
        assert!(is_allowed(&url, &["localhost".into()]));
        assert!(!is_allowed(&url, &["localhost:9001".into()]));
    }

    #[test]
    fn paths_lose_their_dots() {
        assert_eq!(plain(Path::new("/a/./b/../c")), Path::new("/a/c"));
        assert_eq!(plain(Path::new("/../x")), Path::new("/x"));
    }
}
