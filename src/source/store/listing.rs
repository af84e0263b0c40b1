//! Listing a prefix so that one impossible key does not hide the others.

use std::sync::Arc;

use object_store::{
    Error, ListResult, ObjectMeta, ObjectStore,
    list::{PaginatedListOptions, PaginatedListStore},
    path::{self, Path},
};

/// What is under a prefix.
#[derive(Default)]
pub(super) struct Found {
    pub objects: Vec<ObjectMeta>,
    pub folders: Vec<Path>,
    /// Keys that the store's client cannot hold: `..`, control characters, empty parts.
    pub unreadable: Vec<String>,
}

impl Found {
    fn take(&mut self, page: ListResult) {
        self.objects.extend(page.objects);
        self.folders.extend(page.common_prefixes);
    }
}

pub(super) async fn list_all(
    store: Arc<dyn ObjectStore>,
    pages: Option<Arc<dyn PaginatedListStore>>,
    prefix: Path,
) -> Result<Found, Error> {
    let mut found = Found::default();
    match (store.list_with_delimiter(Some(&prefix)).await, pages) {
        (Ok(all), _) => found.take(all),
        (Err(Error::InvalidPath { .. }), Some(pages)) => return walk(&*pages, &prefix).await,
        (Err(error), _) => match bad_key(&error) {
            Some(key) => found.unreadable.push(key),
            None => return Err(error),
        },
    }
    Ok(found)
}

/// Lists from key to key. A page that holds a key which the client cannot hold fails as a whole: it is then
/// listed again one key at a time, up to that key, and the listing goes on after it.
async fn walk(pages: &dyn PaginatedListStore, prefix: &Path) -> Result<Found, Error> {
    const PAGE: usize = 1_000;
    let below = if prefix.as_ref().is_empty() { None } else { Some(format!("{prefix}/")) };
    let (mut found, mut after, mut most) = (Found::default(), None::<String>, PAGE);
    loop {
        let options =
            PaginatedListOptions { offset: after.clone(), delimiter: Some("/".into()), max_keys: Some(most), ..Default::default() };
        let next = match pages.list_paginated(below.as_deref(), options).await {
            Ok(page) => {
                let last = last_key(&page.result, prefix);
                found.take(page.result);
                last
            }
            Err(error) => match bad_key(&error) {
                Some(_) if most > 1 => {
                    most = 1;
                    continue;
                }
                Some(key) => {
                    most = PAGE;
                    found.unreadable.push(key.clone());
                    Some(beyond(key))
                }
                None => return Err(error),
            },
        };
        // Keys come in order, so a listing that does not advance has ended.
        if next.is_none() || next <= after {
            return Ok(found);
        }
        after = next;
    }
}

/// The key that made a listing fail.
fn bad_key(error: &Error) -> Option<String> {
    match error {
        Error::InvalidPath { source: path::Error::EmptySegment { path } | path::Error::BadSegment { path, .. } } => Some(path.clone()),
        _ => None,
    }
}

fn last_key(page: &ListResult, prefix: &Path) -> Option<String> {
    let object = |meta: &ObjectMeta| if meta.location == *prefix { format!("{prefix}/") } else { meta.location.to_string() };
    let folder = |path: &Path| beyond(format!("{path}/"));
    page.objects.iter().map(object).chain(page.common_prefixes.iter().map(folder)).max()
}

/// The offset after a key; after everything in it where it is a folder.
fn beyond(mut key: String) -> String {
    if key.ends_with('/') {
        key.push(char::MAX);
    }
    key
}
