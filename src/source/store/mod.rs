//! A prefix of an object store, through `object_store`.
//!
//! The trait is synchronous and the store is not: a small runtime of its own fetches pieces ahead, in order,
//! and hands them over through a channel. It never needs the caller to be inside or outside a runtime.

mod listing;
mod pieces;

use std::{
    io::Read,
    path::PathBuf,
    sync::{Arc, mpsc},
};

use object_store::{Error, ObjectMeta, ObjectStore, ObjectStoreExt, list::PaginatedListStore, path::Path};
use tokio::runtime::{Builder, Runtime};

use crate::diagnostic::{Answer, Diagnostic};

use super::{Entry, Listing, Source, changed, difference, host, in_order, judge_name, name, printable, unreadable};

/// The objects directly under a prefix.
pub struct Store {
    objects: Arc<dyn ObjectStore>,
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
    pub fn over(
        objects: Arc<dyn ObjectStore>,
        pages: Option<Arc<dyn PaginatedListStore>>,
        prefix: Path,
        shown: impl Into<String>,
    ) -> Answer<Self> {
        let shown = shown.into().trim_end_matches('/').to_owned();
        let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("truecost-store").enable_all().build();
        let runtime = runtime.map_err(|error| unreadable(&shown, &format!("no thread could be started: {error}")))?;
        Ok(Self { objects, pages, prefix, shown, workers: Arc::new(Workers(Some(runtime))) })
    }

    fn shown_file(&self, name: &str) -> String {
        format!("{}/{}", self.shown, printable(name))
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
        let (store, pages, prefix) = (self.objects.clone(), self.pages.clone(), self.prefix.clone());
        let found = self.ask(async move { listing::list_all(store, pages, prefix).await })?;
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
            if let Some(how) = how {
                return Err(changed(&shown, &how).into());
            }
        }
        let fetch = pieces::Fetch { store: self.objects.clone(), path, listed: entry.clone(), shown };
        Ok(Box::new(pieces::read_ahead(fetch, offset, &self.workers)))
    }

    fn local_path(&self, _: &Entry) -> Option<PathBuf> {
        None
    }

    fn look(&self, name: &str) -> Answer<Option<Entry>> {
        let (store, path) = (self.objects.clone(), self.locate(name)?);
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
    Entry { name: name.into(), size: meta.size, modified_us, identity: meta.e_tag.clone().unwrap_or_default(), changed_us: None }
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
    if let Some(refused) = host::refused_in(error) {
        return host::forbidden(refused, shown);
    }
    match error {
        Error::NotFound { .. } => changed(shown, "it is no longer there"),
        Error::Precondition { .. } => changed(shown, "another object has taken its name"),
        other => unreadable(shown, &in_short(&other.to_string())),
    }
}

/// The server's own sentence where it gave one, else all that the client says.
fn in_short(text: &str) -> String {
    let between = |start: &str, end: &str| Some(text.split_once(start)?.1.split_once(end)?.0.trim());
    match (between("status code: ", ":"), between("<Message>", "</Message>")) {
        (Some(status), Some(message)) => format!("the store answered {status}: {message}"),
        _ => without_queries(text),
    }
}

/// Signatures and tokens stand in the queries of URLs; no message shows one.
fn without_queries(text: &str) -> String {
    let bare = |word: &str| if word.contains("://") { word.split('?').next().unwrap_or_default().to_owned() } else { word.to_owned() };
    text.split_whitespace().map(bare).collect::<Vec<_>>().join(" ")
}
