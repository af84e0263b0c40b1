//! A prefix of an object store, through `object_store`.
//!
//! The trait is synchronous and the store is not: a small runtime of its own fetches pieces ahead, in order,
//! and hands them over through a channel. It never needs the caller to be inside or outside a runtime.

use std::{
    io::{self, Read},
    ops::Range,
    path::PathBuf,
    sync::{Arc, mpsc},
};

use bytes::{Buf, Bytes};
use futures::{StreamExt, stream};
use object_store::{
    Error, GetOptions, ListResult, ObjectMeta, ObjectStore, ObjectStoreExt,
    list::{PaginatedListOptions, PaginatedListStore},
    path::{self, Path},
};
use tokio::{
    runtime::{Builder, Runtime},
    sync::{OwnedSemaphorePermit, Semaphore},
};

use crate::diagnostic::{Answer, Diagnostic, Refusal};

use super::{Entry, Listing, Source, changed, difference, in_order, judge_name, name, printable, unreadable};

/// Bytes of one request. Each has its own retries, so a lost connection costs at most this much again.
const PIECE: u64 = 4 << 20;
/// Requests under way at a time.
const AHEAD: usize = 2;
/// Pieces fetched and not yet read.
const WAITING: usize = 2;

/// The objects directly under a prefix.
pub struct Store {
    store: Arc<dyn ObjectStore>,
    /// The same store, where it can be listed page by page from any key on.
    pages: Option<Arc<dyn PaginatedListStore>>,
    prefix: Path,
    /// The URL as messages show it.
    shown: String,
    workers: Arc<Workers>,
}

/// The runtime of one store. Readers keep it alive.
struct Workers(Option<Runtime>);

impl Drop for Workers {
    fn drop(&mut self) {
        // Plain dropping would wait for requests, and may not be done from within another runtime.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Workers {
    /// Runs `future` on the runtime and waits for its result.
    fn ask<T: Send + 'static>(&self, future: impl Future<Output = T> + Send + 'static) -> Option<T> {
        let (answer, result) = mpsc::sync_channel(1);
        self.start(async move {
            // Nobody waits for the answer only where the asking thread has ended.
            let _ = answer.send(future.await);
        });
        result.recv().ok()
    }

    fn start(&self, future: impl Future<Output = ()> + Send + 'static) {
        if let Some(runtime) = &self.0 {
            runtime.spawn(future);
        }
    }
}

impl Store {
    /// A source over any store. With `pages`, one name that the store's client cannot hold does not hide the others.
    pub fn over(store: Arc<dyn ObjectStore>, pages: Option<Arc<dyn PaginatedListStore>>, prefix: Path, shown: impl Into<String>) -> Answer<Self> {
        let shown = shown.into();
        let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("truecost-store").enable_all().build();
        let runtime = runtime.map_err(|error| unreadable(&shown, &format!("no thread could be started: {error}")))?;
        Ok(Self { store, pages, prefix, shown, workers: Arc::new(Workers(Some(runtime))) })
    }

    fn shown_file(&self, name: &str) -> String {
        format!("{}/{}", self.shown.trim_end_matches('/'), printable(name))
    }

    fn ask<T: Send + 'static>(&self, future: impl Future<Output = T> + Send + 'static) -> Answer<T> {
        self.workers.ask(future).ok_or_else(|| unreadable(&self.shown, "the request was dropped").into())
    }

    /// Name and safety first: nothing is asked of the store for a name that climbs.
    fn locate(&self, name: &str) -> Answer<Path> {
        if let Some(why) = judge_name(name) {
            return Err(name::refuse(&self.shown, name, &why).into());
        }
        let key = if self.prefix.as_ref().is_empty() { name.to_owned() } else { format!("{}/{name}", self.prefix) };
        Path::parse(key).map_err(|error| name::refuse(&self.shown, name, &format!("is none of this store's: {error}")).into())
    }

    fn add(&self, listing: &mut Listing, meta: &ObjectMeta) {
        // A zero-byte object of the prefix's own name stands for the folder in some browsers.
        if meta.location == self.prefix {
            return;
        }
        let name = below(self.prefix.as_ref(), meta.location.as_ref());
        match judge_name(name) {
            None => listing.entries.push(entry(name, meta)),
            Some(why) => listing.refused.push(name::refuse(&self.shown, name, &why)),
        }
    }
}

impl Source for Store {
    fn list(&self) -> Answer<Listing> {
        let (store, pages, prefix) = (self.store.clone(), self.pages.clone(), self.prefix.clone());
        let found = self.ask(async move { list_all(store, pages, prefix).await })?;
        let found = found.map_err(|error| match error {
            Error::NotFound { .. } => unreadable(&self.shown, "there is no such bucket or container"),
            other => fault(&self.shown, &other),
        })?;
        let mut listing = Listing::default();
        for key in &found.unreadable {
            let name = below(self.prefix.as_ref(), key);
            let why = judge_name(name).unwrap_or_else(|| "is none that an object store's client can name".into());
            listing.refused.push(name::refuse(&self.shown, name, &why));
        }
        for folder in &found.folders {
            listing.notes.push(name::note_folder(&self.shown, below(self.prefix.as_ref(), folder.as_ref())));
        }
        found.objects.iter().for_each(|meta| self.add(&mut listing, meta));
        Ok(in_order(listing, &self.shown))
    }

    fn open(&self, entry: &Entry, offset: u64) -> Answer<Box<dyn Read + Send>> {
        let path = self.locate(&entry.name)?;
        let shown = self.shown_file(&entry.name);
        if offset > entry.size {
            let how = format!("reading was to go on at byte {offset}, and it has {}", entry.size);
            return Err(changed(&shown, &how).into());
        }
        if offset == entry.size {
            // No byte to fetch, so the object is only looked at.
            let how = self.look(&entry.name)?.map_or_else(|| Some("it is no longer there".into()), |now| object_difference(entry, &now));
            how.map_or(Ok(()), |how| Err(changed(&shown, &how)))?;
        }
        let (sender, pieces) = mpsc::channel();
        let fetch = Fetch { store: self.store.clone(), path, listed: entry.clone(), shown: shown.clone() };
        self.workers.start(send_pieces(fetch, offset, sender));
        Ok(Box::new(Reading { pieces, piece: Bytes::new(), left: entry.size - offset, shown, _workers: self.workers.clone() }))
    }

    fn local_path(&self, _: &Entry) -> Option<PathBuf> {
        None
    }

    fn look(&self, name: &str) -> Answer<Option<Entry>> {
        let (store, path) = (self.store.clone(), self.locate(name)?);
        match self.ask(async move { store.head(&path).await })? {
            Ok(meta) => Ok(Some(entry(name, &meta))),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(fault(&self.shown_file(name), &error).into()),
        }
    }
}

fn entry(name: &str, meta: &ObjectMeta) -> Entry {
    // Listings and answers give the same time with and without its fraction.
    let modified_us = meta.last_modified.timestamp().saturating_mul(1_000_000);
    Entry { name: name.into(), size: meta.size, modified_us, identity: meta.e_tag.clone().unwrap_or_default() }
}

/// With entity tags the time says nothing more: it differs between a listing and an answer of some stores.
fn object_difference(listed: &Entry, now: &Entry) -> Option<String> {
    let tagged = !listed.identity.is_empty() && listed.identity == now.identity;
    difference(listed, &Entry { modified_us: if tagged { listed.modified_us } else { now.modified_us }, ..now.clone() })
}

/// What stands after the prefix; the whole key where it is not under the prefix, which is then no name.
fn below<'a>(prefix: &str, key: &'a str) -> &'a str {
    let inner = if prefix.is_empty() { Some(key) } else { key.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('/')) };
    inner.unwrap_or(key)
}

fn fault(shown: &str, error: &Error) -> Diagnostic {
    match error {
        Error::NotFound { .. } => changed(shown, "it is no longer there"),
        Error::Precondition { .. } => changed(shown, "another object has taken its name"),
        other => unreadable(shown, &without_queries(&other.to_string())),
    }
}

/// Signatures and tokens stand in the queries of URLs; no message shows one.
fn without_queries(text: &str) -> String {
    let bare = |word: &str| if word.contains("://") { word.split('?').next().unwrap_or_default().to_owned() } else { word.to_owned() };
    text.split_whitespace().map(bare).collect::<Vec<_>>().join(" ")
}

/// What is under a prefix.
#[derive(Default)]
struct Found {
    objects: Vec<ObjectMeta>,
    folders: Vec<Path>,
    /// Keys that the store's client cannot hold: `..`, control characters, empty parts.
    unreadable: Vec<String>,
}

impl Found {
    fn take(&mut self, page: ListResult) {
        self.objects.extend(page.objects);
        self.folders.extend(page.common_prefixes);
    }
}

async fn list_all(store: Arc<dyn ObjectStore>, pages: Option<Arc<dyn PaginatedListStore>>, prefix: Path) -> Result<Found, Error> {
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
        let options = PaginatedListOptions { offset: after.clone(), delimiter: Some("/".into()), max_keys: Some(most), ..Default::default() };
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

/// What is fetched.
struct Fetch {
    store: Arc<dyn ObjectStore>,
    path: Path,
    listed: Entry,
    shown: String,
}

type Piece = (Result<Bytes, Diagnostic>, OwnedSemaphorePermit);

/// Sends the pieces in order, never more than [`WAITING`] ahead of the reader, and stops at the first fault.
async fn send_pieces(fetch: Fetch, offset: u64, sender: mpsc::Sender<Piece>) {
    let room = Arc::new(Semaphore::new(WAITING));
    let size = fetch.listed.size;
    let starts = (offset..size).step_by(usize::try_from(PIECE).unwrap_or(usize::MAX));
    let mut pieces = stream::iter(starts).map(|from| piece(&fetch, from..size.min(from.saturating_add(PIECE)))).buffered(AHEAD);
    while let Ok(permit) = room.clone().acquire_owned().await {
        let Some(next) = pieces.next().await else { return };
        let failed = next.is_err();
        // A send fails where the reader was dropped: nobody wants the rest.
        if sender.send((next, permit)).is_err() || failed {
            return;
        }
    }
}

/// One piece of exactly the object that was listed.
async fn piece(fetch: &Fetch, range: Range<u64>) -> Result<Bytes, Diagnostic> {
    let wanted = range.end - range.start;
    let tag = Some(fetch.listed.identity.clone()).filter(|tag| !tag.is_empty() && !tag.starts_with("W/"));
    let options = GetOptions { if_match: tag, range: Some(range.into()), ..GetOptions::default() };
    let result = fetch.store.get_opts(&fetch.path, options).await.map_err(|error| fault(&fetch.shown, &error))?;
    if let Some(how) = object_difference(&fetch.listed, &entry(&fetch.listed.name, &result.meta)) {
        return Err(changed(&fetch.shown, &how));
    }
    let bytes = result.bytes().await.map_err(|error| fault(&fetch.shown, &error))?;
    if bytes.len() as u64 == wanted { Ok(bytes) } else { Err(unreadable(&fetch.shown, "the store sent fewer bytes than it was asked for")) }
}

/// Hands the pieces on as they come.
struct Reading {
    pieces: mpsc::Receiver<Piece>,
    piece: Bytes,
    left: u64,
    shown: String,
    _workers: Arc<Workers>,
}

impl Read for Reading {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() && self.left > 0 && !buffer.is_empty() {
            let broken = || Err(unreadable(&self.shown, "reading broke off"));
            let next = self.pieces.recv().map_or_else(|_| broken(), |(piece, _)| piece);
            self.piece = next.map_err(|why| io::Error::other(Refusal::from(why)))?;
        }
        let most = buffer.len().min(self.piece.len());
        self.piece.copy_to_slice(buffer.get_mut(..most).unwrap_or_default());
        self.left = self.left.saturating_sub(most as u64);
        Ok(most)
    }
}
