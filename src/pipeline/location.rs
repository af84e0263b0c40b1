//! Where things are, as files of a partnership say it: local paths inside it, hosts of the outside world, secrets by reference.

use std::path::{Component, Path, PathBuf};

use url::Url;

use crate::{
    diagnostic::{Diagnostic, codes::config},
    domain::{Listed, Location, listed, near_host},
    schema::{
        fields::{Item, Reader},
        secret::{Reference, pieces, refers},
        yaml::{Node, Value},
    },
};

/// Schemes of the object stores that truecost reads.
const SCHEMES: [&str; 10] = ["s3", "s3a", "gs", "az", "azure", "abfs", "abfss", "adl", "https", "http"];

/// Where secrets come from: the environment, and files of the partnership or under `allow_paths`.
pub struct Secrets<'e> {
    pub root: &'e Path,
    pub env: &'e dyn Fn(&str) -> Option<String>,
}

/// What a reference to a key answers.
pub enum Resolved {
    /// The text behind it.
    Text(String),
    /// There is nothing; why, in words.
    Missing(String),
    /// Its file may not be read.
    Outside(Box<Diagnostic>),
}

/// Why a reference has no answer.
enum Unanswered {
    /// There is nothing.
    Missing(String),
    /// Its file may not be read: the path, as written.
    Outside(String),
}

/// What of the outside a partnership allows.
#[derive(Clone, Debug, Default)]
pub struct Allowed {
    pub hosts: Vec<String>,
    pub paths: Vec<PathBuf>,
}

impl Secrets<'_> {
    /// The text with its references replaced; they stand for credentials, and nothing but the store itself sees them.
    fn expand(&self, text: &str, allowed: &Allowed) -> Option<String> {
        let mut out = String::new();
        for piece in pieces(text) {
            match piece {
                Ok(text) => out.push_str(text),
                // A password may hold signs at which a URL's host would begin.
                Err(reference) if !out.contains('?') => {
                    out.extend(url::form_urlencoded::byte_serialize(self.resolve(reference, allowed).ok()?.as_bytes()));
                }
                Err(reference) => out.push_str(&self.resolve(reference, allowed).ok()?),
            }
        }
        Some(out)
    }

    /// What stands behind one reference.
    pub fn look_up(&self, reference: Reference<'_>, allowed: &Allowed) -> Resolved {
        match self.resolve(reference, allowed) {
            Ok(text) => Resolved::Text(text),
            Err(Unanswered::Missing(why)) => Resolved::Missing(why),
            Err(outside @ Unanswered::Outside(_)) => Resolved::Outside(Box::new(unanswered(&outside))),
        }
    }

    fn resolve(&self, reference: Reference<'_>, allowed: &Allowed) -> Result<String, Unanswered> {
        match reference {
            Reference::Env(name) => (self.env)(name).ok_or_else(|| Unanswered::Missing(format!("the environment has no `{name}`"))),
            Reference::File(path) => {
                let whole = plain(&self.root.join(path));
                if !allowed.holds(&whole, self.root) {
                    return Err(Unanswered::Outside(path.to_owned()));
                }
                let text =
                    std::fs::read_to_string(&whole).map_err(|e| Unanswered::Missing(format!("the file `{path}` cannot be read: {e}")))?;
                Ok(text.trim_end_matches(['\n', '\r']).to_owned())
            }
            Reference::Malformed(inside) => {
                Err(Unanswered::Missing(format!("`${{{inside}}}` is neither `${{env:NAME}}` nor `${{file:PATH}}`")))
            }
        }
    }

    /// Reports every reference of a file to which nothing answers, but for those under the key `but` of the file itself.
    pub fn check_but(&self, but: &str, reader: &Reader<'_>, node: &Node, allowed: &Allowed) {
        match &node.value {
            Value::Map(entries) => {
                entries.iter().filter(|entry| entry.key != but).for_each(|entry| self.check(reader, &entry.value, allowed));
            }
            _ => self.check(reader, node, allowed),
        }
    }

    /// Reports every reference of a file to which nothing answers.
    pub fn check(&self, reader: &Reader<'_>, node: &Node, allowed: &Allowed) {
        match &node.value {
            Value::Scalar { text, .. } if refers(text) => {
                for why in pieces(text).into_iter().filter_map(|piece| self.resolve(piece.err()?, allowed).err()) {
                    reader.fault(node.at, unanswered(&why));
                }
            }
            Value::Scalar { .. } | Value::Refused => {}
            Value::List(items) => items.iter().for_each(|item| self.check(reader, item, allowed)),
            Value::Map(entries) => entries.iter().for_each(|entry| self.check(reader, &entry.value, allowed)),
        }
    }
}

fn unanswered(why: &Unanswered) -> Diagnostic {
    match why {
        Unanswered::Missing(why) => Diagnostic::new(config::MISSING_SECRET, format!("a secret is missing: {why}"))
            .expected("every reference answered before anything starts, not at the hour of the first run")
            .hint("Set it where truecost runs, or correct the reference."),
        Unanswered::Outside(path) => {
            Diagnostic::new(config::PATH_OUTSIDE, format!("the secret's file `{path}` is out of the partnership's folder"))
                .expected("a file inside it, or one under a folder listed in `allow_paths`")
                .hint("If it is meant, name its folder in `allow_paths` of pipelines/partnership.yaml.")
        }
    }
}

impl Allowed {
    /// Whether the path, links followed, is in the partnership's folder or under one that `allow_paths` lists.
    fn holds(&self, path: &Path, root: &Path) -> bool {
        let real = real(path);
        let folders = [real_or_same(root)].into_iter().chain(self.paths.iter().map(|p| real_or_same(&root.join(p))));
        folders.into_iter().any(|folder| real.starts_with(&folder))
    }
}

/// A location as written: a path relative to the partnership, or a URL. Without `allowed` it may lead anywhere.
pub fn read_location(item: &Item<'_>, secrets: &Secrets<'_>, allowed: Option<&Allowed>) -> Option<Location> {
    if item.raw_text().is_none() {
        item.wrong("a path, or the URL of an object store");
        return None;
    }
    let written = item.raw_text()?;
    if !refers_to_credentials_only(written) {
        item.refuse(
            config::REFERENCE_IN_PLACE,
            "a reference stands in a location where no credential does",
            "references only for the password of a URL and for what stands after its `?`; the rest written out, since it is printed",
            "Write the folder or the host itself. A value that only the environment knows belongs into AWS_…, AZURE_… or GOOGLE_….",
        );
        return None;
    }
    let text = secrets.expand(written, allowed.unwrap_or(&Allowed::default()))?;
    if text.contains("://") { read_url(item, &text, secrets, allowed) } else { read_path(item, &text, secrets.root, allowed) }
}

/// Whether each reference of a location stands where a URL has a credential: its password, and its query.
fn refers_to_credentials_only(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return !refers(text) };
    // A reference may hold any of these signs in itself.
    let place = rest.find("${").unwrap_or(rest.len());
    let query = rest.find(['?', '#']).is_some_and(|at| at < place && rest.as_bytes().get(at) == Some(&b'?'));
    if query || !refers(text) {
        return true;
    }
    let (before, after) = rest.split_at(place);
    let password = before.split_once(':').is_some_and(|(user, _)| !user.contains('/')) && !before.contains(['/', '@']);
    let Some((_, behind)) = after.split_once('}') else { return false };
    let Some((word, host)) = behind.split_once('@') else { return false };
    !refers(scheme) && password && !word.contains(['/', '?', '#']) && refers_to_credentials_only(&format!("{scheme}://{host}"))
}

fn read_path(item: &Item<'_>, text: &str, root: &Path, allowed: Option<&Allowed>) -> Option<Location> {
    let path = plain(&root.join(text));
    if allowed.is_none_or(|allowed| allowed.holds(&path, root)) {
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
pub fn plain(path: &Path) -> PathBuf {
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

/// As [`real`], without `.` and `..`.
pub fn real_or_same(path: &Path) -> PathBuf {
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
    if let Some(why) = near_host(&url)
        && allowed.is_some_and(|allowed| listed(&url, &allowed.hosts) != Listed::Yes)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_stand_for_credentials_only() {
        for text in
            ["./drop", "s3://b/p", "https://h/x?sig=${env:A}", "https://u:${env:A}@h/x?k=${file:a/b?c}", "https://u:${file:a/b@c}@h/x"]
        {
            assert!(refers_to_credentials_only(text), "{text}");
        }
        for text in [
            "${file:/etc/passwd}",
            "./drop/${env:SAS}",
            "${env:URL}",
            "s3://${env:BUCKET}/p",
            "s3://b/${env:P}/x?y",
            "https://h/${env:A}@x",
            "https://${env:A}@h/x",
            "https://u:${env:A}@${env:HOST}/x",
            "https://u:${env:A}@h/${env:P}",
            "https://h:${env:PORT}/x",
            "https://h/x#${env:A}",
            "https://h/x#a?${env:A}",
            "${env:SCHEME}://h/x",
            "https://h/x:${env:A}@",
        ] {
            assert!(!refers_to_credentials_only(text), "{text}");
        }
    }

    #[test]
    fn paths_lose_their_dots() {
        assert_eq!(plain(Path::new("/a/./b/../c")), Path::new("/a/c"));
        assert_eq!(plain(Path::new("/../x")), Path::new("/x"));
    }
}
