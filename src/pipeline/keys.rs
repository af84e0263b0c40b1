//! `partnership.yaml: keys`: the secret keys of each council, behind references; and what must not become of a key's file.

use std::{collections::BTreeMap, path::Path};

use crate::{
    diagnostic::{Diagnostic, codes::contract},
    domain::{Identifier, Key, Location},
    schema::{
        fields::{Item, did_you_mean},
        secret::{Reference, pieces, refers},
        suggest::nearest,
    },
};

use super::{
    Council,
    location::{Allowed, Resolved, Secrets, plain, real_or_same},
    tracked::is_tracked,
};

/// The two keys of a council.
#[derive(Clone, Debug)]
pub struct Keys {
    /// Makes pseudonyms.
    pub pseudonym: Key,
    /// Seals landed bytes, and names them.
    pub sealing: Key,
}

/// Keys by council; or, in words, why a council that names keys has none.
pub type AllKeys = BTreeMap<Identifier, Result<Keys, String>>;

/// Where keys must not lie: what truecost writes there is copied, cleared and published.
pub struct Around<'a> {
    pub secrets: &'a Secrets<'a>,
    pub allowed: &'a Allowed,
    /// landing, lake and published, as far as they could be read.
    pub kept: Vec<(&'static str, &'a Location)>,
}

/// `{newham: {pseudonym: "${file:keys/newham.pseudonym}", sealing: "${file:…}"}}`. A key that is not there yet is no fault of the file:
/// the feeds that need it are refused when they run.
pub fn read_keys(item: &Item<'_>, councils: &[Council], around: &Around<'_>) -> AllKeys {
    let mut all = AllKeys::new();
    for (council, at, item) in item.entries().unwrap_or_default() {
        let Some(id) = councils.iter().map(|c| &c.id).find(|id| &***id == council) else {
            let near = nearest(council, councils.iter().map(|c| &*c.id));
            let fault = Diagnostic::new(crate::diagnostic::codes::config::UNKNOWN_NAME, format!("`keys`: there is no council `{council}`"));
            item.reader().fault(at, fault.expected("a council of this file").hint(did_you_mean(near)));
            continue;
        };
        let Some(fields) = item.fields(&["pseudonym", "sealing"]) else { continue };
        let read = |name: &str| fields.need(name).and_then(|item| read_key(&item, around));
        let (Some(pseudonym), Some(sealing)) = (read("pseudonym"), read("sealing")) else { continue };
        if let (Ok(one), Ok(other)) = (&pseudonym, &sealing)
            && one == other
        {
            item.fault(
                Diagnostic::new(contract::KEY_UNUSABLE, format!("`keys.{council}`: one key stands for both"))
                    .expected("a key of its own for pseudonyms and for sealing")
                    .hint(format!("truecost key new {council} makes two")),
            );
        }
        all.insert(id.clone(), pseudonym.and_then(|pseudonym| Ok(Keys { pseudonym, sealing: sealing? })));
    }
    all
}

/// The key behind the reference; in words, why there is none yet; or `None`, where a fault has been reported.
fn read_key(item: &Item<'_>, around: &Around<'_>) -> Option<Result<Key, String>> {
    let Some(text) = item.raw_text().filter(|text| refers(text)) else {
        // A key that is written out is reported as every secret is.
        if item.raw_text().is_none() {
            item.wrong(REFERENCE);
        }
        return None;
    };
    let pieces = pieces(text);
    let [Ok(""), Err(reference), Ok("")] = pieces.as_slice() else {
        refuse(item, "it is more, or less, than one reference", REFERENCE, "");
        return None;
    };
    if let Reference::File(path) = reference {
        let path = plain(&around.secrets.root.join(path));
        if !may_lie_there(item, &path, around) {
            return None;
        }
    }
    match around.secrets.look_up(*reference, around.allowed) {
        Resolved::Text(text) => {
            let key = Key::parse(&text);
            if key.is_none() {
                refuse(item, "what it refers to is no key", "32 bytes as 64 hex digits", "");
            }
            key.map(Ok)
        }
        Resolved::Missing(why) => Some(Err(why)),
        Resolved::Outside(fault) => {
            item.fault(*fault);
            None
        }
    }
}

const REFERENCE: &str = "a reference to the key: `${file:PATH}` or `${env:NAME}`";

/// The line is not shown: it may hold a key.
fn refuse(item: &Item<'_>, why: &str, expected: &str, hint: &str) {
    let mut place = item.reader().source.place(item.at());
    place.excerpt = None;
    let hint = if hint.is_empty() { "truecost key new COUNCIL makes keys, and says what to write here" } else { hint };
    let fault = Diagnostic::new(contract::KEY_UNUSABLE, format!("{}: {why}", item.name())).place(place);
    item.reader().report(fault.expected(expected).outcome(crate::schema::fields::UNTOUCHED).hint(hint));
}

fn may_lie_there(item: &Item<'_>, path: &Path, around: &Around<'_>) -> bool {
    let real = real_or_same(path);
    let folder = |location: &Location| match location {
        Location::Folder(path) => Some(real_or_same(path)),
        Location::Url(_) => None,
    };
    if let Some((name, _)) = around.kept.iter().find(|(_, location)| folder(location).is_some_and(|folder| real.starts_with(folder))) {
        let expected = "a file that nobody copies or publishes, apart from landing, lake and published";
        refuse(item, &format!("the key's file lies below {name}"), expected, "Move it, and write its new place here.");
        return false;
    }
    if is_tracked(path) || (real != path && is_tracked(&real)) {
        let expected = "a file that git does not track";
        let hint = "git rm --cached takes it out of the next commit, but the key has been shared: make new ones with `truecost key new`.";
        refuse(item, "git tracks the key's file", expected, hint);
        return false;
    }
    true
}
