//! Fetching an object in pieces, ahead of whoever reads it, in order and in bounded memory.

use std::{
    io::{self, Read},
    ops::Range,
    sync::{Arc, mpsc},
};

use bytes::{Buf, Bytes};
use futures::{StreamExt, stream};
use object_store::{GetOptions, ObjectStore, path::Path};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::diagnostic::Answer;

use super::{Entry, Workers, changed, entry, fault, object_difference, unreadable};

/// Bytes of one request. Each has its own retries, so a lost connection costs at most this much again.
const PIECE: u64 = 4 << 20;
/// Requests under way at a time.
const AHEAD: usize = 2;
/// Pieces fetched and not yet read.
const WAITING: usize = 2;

/// What is fetched.
pub(super) struct Fetch {
    pub store: Arc<dyn ObjectStore>,
    pub path: Path,
    pub listed: Entry,
    pub shown: String,
}

type Piece = (Answer<Bytes>, OwnedSemaphorePermit);

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
async fn piece(fetch: &Fetch, range: Range<u64>) -> Answer<Bytes> {
    let wanted = range.end - range.start;
    let tag = Some(fetch.listed.identity.clone()).filter(|tag| !tag.is_empty() && !tag.starts_with("W/"));
    let options = GetOptions { if_match: tag, range: Some(range.into()), ..GetOptions::default() };
    let result = fetch.store.get_opts(&fetch.path, options).await.map_err(|error| fault(&fetch.shown, &error))?;
    if let Some(how) = object_difference(&fetch.listed, &entry(&fetch.listed.name, &result.meta)) {
        return Err(changed(&fetch.shown, &how).into());
    }
    let bytes = result.bytes().await.map_err(|error| fault(&fetch.shown, &error))?;
    if bytes.len() as u64 == wanted {
        Ok(bytes)
    } else {
        Err(unreadable(&fetch.shown, "the store sent fewer bytes than it was asked for").into())
    }
}

/// Starts to fetch from `offset` on; `offset` is within the object.
pub(super) fn read_ahead(fetch: Fetch, offset: u64, workers: &Arc<Workers>) -> Reading {
    let (sender, pieces) = mpsc::channel();
    let left = fetch.listed.size.saturating_sub(offset);
    let shown = fetch.shown.clone();
    workers.start(send_pieces(fetch, offset, sender));
    Reading { pieces, piece: Bytes::new(), left, shown, _workers: workers.clone() }
}

/// Hands the pieces on as they come.
pub(super) struct Reading {
    pieces: mpsc::Receiver<Piece>,
    piece: Bytes,
    left: u64,
    shown: String,
    _workers: Arc<Workers>,
}

impl Read for Reading {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() && self.left > 0 && !buffer.is_empty() {
            let broken = |_| unreadable(&self.shown, "reading broke off").into();
            self.piece = self.pieces.recv().map_err(broken).and_then(|(piece, _)| piece).map_err(io::Error::other)?;
        }
        let most = buffer.len().min(self.piece.len());
        self.piece.copy_to_slice(buffer.get_mut(..most).unwrap_or_default());
        self.left = self.left.saturating_sub(most as u64);
        Ok(most)
    }
}
