//! A local object store that flushes.
//!
//! `object_store` writes a file and links or renames it into place, but flushes neither file nor folder; after a power cut a commit
//! could be there without its bytes. This one flushes the file before its name appears, and the folder after.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::Path as FilePath,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use futures::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMode,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result, local::LocalFileSystem, path::Path,
};

use super::copies::{Entry, Log, version_of};
use crate::{
    crash,
    diagnostic::Refusal,
    lake::{Seen, durable},
};

#[derive(Debug)]
pub(super) struct Flushing {
    files: LocalFileSystem,
    next: AtomicU64,
    checkpoints: Checkpoints,
    /// Of the table whose log is read and written.
    log: Arc<Log>,
}

/// Whether a log is read from its checkpoints on, or entry by entry: a checkpoint only sums up what the entries say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Checkpoints {
    Read,
    Ignored,
}

impl Checkpoints {
    fn hides(self, name: Option<&str>) -> bool {
        self == Self::Ignored && name.is_some_and(is_checkpoint)
    }
}

pub(super) fn is_checkpoint(name: &str) -> bool {
    name == "_last_checkpoint" || name.contains(".checkpoint.")
}

/// The version of an entry of the log, by its place.
fn entry_at(location: &Path) -> Option<u64> {
    let stands_in_log = location.as_ref().rsplit('/').nth(1) == Some("_delta_log");
    version_of(location.filename().filter(|_| stands_in_log)?.strip_suffix(".json")?)
}

impl Flushing {
    /// Everything below a folder that is there; paths are relative to it, so nothing depends on how its own path is spelt.
    pub(super) fn below(folder: &FilePath, checkpoints: Checkpoints, log: Arc<Log>) -> Result<Self> {
        Ok(Self { files: LocalFileSystem::new_with_prefix(folder)?, next: AtomicU64::new(0), checkpoints, log })
    }

    /// A new entry of the log, and then its copy: a copy of an entry that another program wrote first would gainsay that.
    fn write_entry(&self, path: &FilePath, version: u64, payload: &PutPayload) -> io::Result<()> {
        let told = |refusal: Refusal| io::Error::other(refusal.to_string());
        self.log.make_room(version).map_err(told)?;
        crash::point("log.room_made")?;
        self.write(path, payload, true)?;
        crash::point("log.entry_written")?;
        let bytes: Vec<u8> = payload.iter().flatten().copied().collect();
        self.log.keep([(version, bytes.as_slice())]).map_err(told)
    }

    /// An entry of the log whose bytes are others than were written: those of its copy.
    fn in_its_place(&self, location: &Path) -> Result<Option<Vec<u8>>> {
        let failed = |why: String| Error::Generic { store: "Flushing", source: why.into() };
        let Some(version) = entry_at(location) else { return Ok(None) };
        match self.log.entry(version).map_err(|refusal| failed(refusal.to_string()))? {
            Some(Entry::FromCopy(bytes, _)) => Ok(Some(bytes)),
            Some(Entry::Lost(why)) => Err(failed(format!("{location}: {why}, and its copy is not sound either"))),
            Some(Entry::AsWritten(_)) | None => Ok(None),
        }
    }

    /// What is listed, in order and without what is not to be read.
    fn shown(&self, listed: BoxStream<'static, Result<ObjectMeta>>) -> BoxStream<'static, Result<ObjectMeta>> {
        let checkpoints = self.checkpoints;
        let shown = move |meta: &Result<ObjectMeta>| !meta.as_ref().is_ok_and(|meta| checkpoints.hides(meta.location.filename()));
        sorted(listed.filter(move |meta| futures::future::ready(shown(meta))).boxed())
    }

    /// The name under which bytes stand until they are complete. `LocalFileSystem` does not list names that end in `#` and digits.
    fn write(&self, path: &FilePath, payload: &PutPayload, create: bool) -> io::Result<()> {
        let parent = path.parent().unwrap_or(FilePath::new("/"));
        durable::folder(parent, Seen::ByUs).map_err(|refusal| io::Error::other(refusal.to_string()))?;
        let suffix = format!("#{}", self.next.fetch_add(1, Ordering::Relaxed));
        let staging = durable::beside(path, &suffix);
        let mut file = Seen::ByUs.create(&staging)?;
        payload.iter().try_for_each(|bytes| file.write_all(bytes))?;
        file.sync_all()?;
        crash::point("log.staged")?;
        if create {
            let linked = fs::hard_link(&staging, path);
            crash::point("log.linked")?;
            fs::remove_file(&staging)?;
            linked?;
        } else {
            fs::rename(&staging, path)?;
            crash::point("log.checkpoint")?;
        }
        File::open(parent)?.sync_all()
    }
}

impl std::fmt::Display for Flushing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Flushing({})", self.files)
    }
}

#[async_trait]
impl ObjectStore for Flushing {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        let path = self.files.path_to_filesystem(location)?;
        let create = match opts.mode {
            PutMode::Create => true,
            PutMode::Overwrite => false,
            PutMode::Update(_) => {
                return Err(Error::NotImplemented { operation: "put if unchanged".into(), implementer: self.to_string() });
            }
        };
        let written = match entry_at(location).filter(|_| create) {
            Some(version) => self.write_entry(&path, version, &payload),
            None => self.write(&path, &payload, create),
        };
        match written {
            Ok(()) => Ok(PutResult { e_tag: None, version: None }),
            Err(source) if source.kind() == io::ErrorKind::AlreadyExists => {
                Err(Error::AlreadyExists { path: location.to_string(), source: source.into() })
            }
            Err(source) => Err(Error::Generic { store: "Flushing", source: source.into() }),
        }
    }

    async fn put_multipart_opts(&self, location: &Path, opts: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.files.put_multipart_opts(location, opts).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        if self.checkpoints.hides(location.filename()) {
            return Err(Error::NotFound { path: location.to_string(), source: "checkpoints are not read".into() });
        }
        let whole = options.range.is_none();
        let found = self.files.get_opts(location, options).await?;
        let Some(bytes) = (if whole { self.in_its_place(location)? } else { None }) else { return Ok(found) };
        let (length, bytes) = (bytes.len() as u64, bytes::Bytes::from(bytes));
        Ok(GetResult {
            payload: GetResultPayload::Stream(stream::once(async move { Ok(bytes) }).boxed()),
            meta: ObjectMeta { size: length, ..found.meta },
            range: 0..length,
            attributes: found.attributes,
        })
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.files.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.shown(self.files.list(prefix))
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        self.shown(self.files.list_with_offset(prefix, offset))
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.files.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.files.copy_opts(from, to, options).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.files.rename_opts(from, to, options).await
    }
}

/// In order of the paths, as object stores list: who reads the log relies on it, and a folder has no order.
fn sorted(listed: BoxStream<'static, Result<ObjectMeta>>) -> BoxStream<'static, Result<ObjectMeta>> {
    let all = async move {
        let mut all: Vec<Result<ObjectMeta>> = listed.collect().await;
        all.sort_by(|a, b| a.as_ref().ok().map(|meta| &meta.location).cmp(&b.as_ref().ok().map(|meta| &meta.location)));
        stream::iter(all)
    };
    stream::once(all).flatten().boxed()
}

#[cfg(test)]
mod tests {
    use object_store::ObjectStoreExt as _;

    use super::*;

    #[tokio::test]
    async fn the_second_of_two_creates_is_refused_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = Path::from("_delta_log/0.json");
        let log = Arc::new(Log::of(folder.path().into()));
        let store = Flushing::below(folder.path(), Checkpoints::Read, log).unwrap();
        store.put_opts(&path, "first".into(), PutMode::Create.into()).await.unwrap();
        let error = store.put_opts(&path, "second".into(), PutMode::Create.into()).await.unwrap_err();
        assert!(matches!(error, Error::AlreadyExists { .. }));
        assert_eq!(store.get(&path).await.unwrap().bytes().await.unwrap(), "first");
        store.put(&path, "third".into()).await.unwrap();
        assert_eq!(store.get(&path).await.unwrap().bytes().await.unwrap(), "third");
        assert_eq!(durable::names(&folder.path().join("_delta_log")).unwrap(), ["0.json"]);
    }
}
