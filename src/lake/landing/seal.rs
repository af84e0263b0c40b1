//! Sealed bytes: compressed, cut into chunks, each encrypted and authenticated in its order, under a key of their own that the council's
//! sealing key wraps.
//!
//! ```text
//! magic 16 | key id 8 | nonce 12 | data key 32, SHA-256 32, length 8: wrapped, + 16 | chunk of 1 MiB + 16 | … | last chunk, shorter, + 16
//! ```
//!
//! The number of a chunk and whether it is the last are its nonce (STREAM): one that is cut off, swapped, repeated or put in does not
//! open. The wrapped head is bound to the object's name, so that no object can stand for another. The SHA-256 of the plain bytes is
//! inside alone.

use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};

use crate::domain::{Digest, Key};

const MAGIC: &[u8; 16] = b"truecost sealed\x01";
const KEY_ID: usize = 8;
const NONCE: usize = 12;
const TAG: usize = 16;
/// Data key, SHA-256 and length of the plain bytes.
const HEAD: usize = 32 + 32 + 8;
const HEADER: usize = MAGIC.len() + KEY_ID + NONCE + HEAD + TAG;

/// Compressed bytes of a chunk.
const CHUNK: usize = 1 << 20;

/// What the head says of the plain bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inside {
    pub sha256: Digest,
    pub bytes: u64,
}

/// Why sealed bytes do not open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unopened {
    /// Another key sealed them: its id.
    OtherKey(String),
    /// They are not what was sealed, or not under this name.
    Changed,
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "sealed bytes do not open")
}

fn cipher(key: &[u8; 32]) -> io::Result<LessSafeKey> {
    UnboundKey::new(&CHACHA20_POLY1305, key).map(LessSafeKey::new).map_err(|_| broken())
}

/// Wraps data keys; the sealing key itself encrypts nothing.
fn wrapper(key: &Key) -> io::Result<LessSafeKey> {
    cipher(&key.mac("wrap").finish().0)
}

fn head_aad(key_id: &[u8], name: &Digest) -> Vec<u8> {
    [MAGIC, key_id, &name.0].concat()
}

/// The number of a chunk and whether it is the last: no other chunk of the object has this nonce.
fn chunk_nonce(number: u32, last: bool) -> Nonce {
    let mut nonce = [0; NONCE];
    if let Some((number_at, rest)) = nonce.split_first_chunk_mut::<4>() {
        *number_at = number.to_be_bytes();
        rest.iter_mut().take(1).for_each(|flag| *flag = u8::from(last));
    }
    Nonce::assume_unique_for_key(nonce)
}

fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::getrandom(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes)
}

/// Seals what is written to it.
pub struct Sealer<W> {
    to: W,
    data_key: [u8; 32],
    cipher: LessSafeKey,
    chunk: Vec<u8>,
    number: u32,
}

impl<W: Write + Seek> Sealer<W> {
    /// Leaves room for the head, which is known at the end.
    pub fn create(mut to: W) -> io::Result<Self> {
        let data_key = random::<32>()?;
        to.write_all(&[0; HEADER])?;
        Ok(Self { to, cipher: cipher(&data_key)?, data_key, chunk: Vec::with_capacity(CHUNK + TAG), number: 0 })
    }

    fn seal(&mut self, last: bool) -> io::Result<()> {
        let tag = self.cipher.seal_in_place_separate_tag(chunk_nonce(self.number, last), Aad::empty(), &mut self.chunk);
        let tag = tag.map_err(|_| broken())?;
        self.chunk.extend_from_slice(tag.as_ref());
        self.to.write_all(&self.chunk)?;
        self.chunk.clear();
        self.number = self.number.checked_add(1).ok_or_else(|| io::Error::other("too many bytes for one sealed object"))?;
        Ok(())
    }

    /// Writes the last chunk, and the head under the name that the object will have.
    pub fn finish(mut self, key: &Key, name: &Digest, inside: Inside) -> io::Result<W> {
        self.seal(true)?;
        let key_id = key.id().into_bytes();
        let nonce = random::<NONCE>()?;
        let mut head = [&self.data_key[..], &inside.sha256.0, &inside.bytes.to_be_bytes()].concat();
        let aad = Aad::from(head_aad(&key_id, name));
        let tag = wrapper(key)?.seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), aad, &mut head).map_err(|_| broken())?;
        self.to.seek(SeekFrom::Start(0))?;
        self.to.write_all(&[MAGIC, &key_id[..], &nonce, &head, tag.as_ref()].concat())?;
        self.to.flush()?;
        Ok(self.to)
    }
}

impl<W: Write + Seek> Write for Sealer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A full chunk waits until more comes: only the end says which is the last.
        if self.chunk.len() == CHUNK && !bytes.is_empty() {
            self.seal(false)?;
        }
        let part = bytes.get(..bytes.len().min(CHUNK - self.chunk.len())).unwrap_or_default();
        self.chunk.extend_from_slice(part);
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(()) // a chunk is written when it is whole
    }
}

/// Opens sealed bytes as they are read. Bytes that were changed are never given out: a chunk is given out once it has been authenticated.
pub struct Unsealer<R> {
    from: BufReader<R>,
    cipher: LessSafeKey,
    /// The chunk at hand, opened, and how much of it has been given out.
    chunk: Vec<u8>,
    given: usize,
    number: u32,
    ended: bool,
}

impl<R: Read> Unsealer<R> {
    /// Opens the head of an object of this name.
    ///
    /// # Errors
    /// Where it cannot be read; [`Unopened`] inside where it does not open.
    pub fn open(from: R, key: &Key, name: &Digest) -> io::Result<Result<(Self, Inside), Unopened>> {
        let mut from = BufReader::with_capacity(CHUNK, from);
        let mut header = [0; HEADER];
        match from.read_exact(&mut header) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(Err(Unopened::Changed)),
            Err(error) => return Err(error),
        }
        Ok(unwrap(&header, key, name).and_then(|(data_key, inside)| {
            let cipher = cipher(&data_key).map_err(|_| Unopened::Changed)?;
            let chunk = Vec::with_capacity(CHUNK + TAG);
            Ok((Self { from, cipher, chunk, given: 0, number: 0, ended: false }, inside))
        }))
    }

    /// Opens the next chunk.
    fn next(&mut self) -> io::Result<()> {
        self.chunk.clear();
        self.given = 0;
        (&mut self.from).take((CHUNK + TAG) as u64).read_to_end(&mut self.chunk)?;
        let last = self.from.fill_buf()?.is_empty();
        let opened = self.cipher.open_in_place(chunk_nonce(self.number, last), Aad::empty(), &mut self.chunk).map(|plain| plain.len());
        // Nothing of a chunk that does not open is given out.
        self.chunk.truncate(*opened.as_ref().unwrap_or(&0));
        opened.map_err(|_| broken())?;
        self.ended = last;
        self.number = self.number.checked_add(1).ok_or_else(broken)?;
        Ok(())
    }
}

/// Data key, and what the head says of the plain bytes.
fn unwrap(header: &[u8; HEADER], key: &Key, name: &Digest) -> Result<([u8; 32], Inside), Unopened> {
    let changed = || Unopened::Changed;
    let rest = header.strip_prefix(MAGIC).ok_or_else(changed)?;
    let (key_id, rest) = rest.split_at_checked(KEY_ID).ok_or_else(changed)?;
    if key_id != key.id().as_bytes() {
        return Err(Unopened::OtherKey(String::from_utf8_lossy(key_id).escape_debug().to_string()));
    }
    let (nonce, wrapped) = rest.split_first_chunk::<NONCE>().ok_or_else(changed)?;
    let mut head = wrapped.to_vec();
    let wrapper = wrapper(key).map_err(|_| changed())?;
    let aad = Aad::from(head_aad(key_id, name));
    let opened = wrapper.open_in_place(Nonce::assume_unique_for_key(*nonce), aad, &mut head).map_err(|_| changed())?;
    let (data_key, rest) = opened.split_first_chunk::<32>().ok_or_else(changed)?;
    let (sha256, length) = rest.split_first_chunk::<32>().ok_or_else(changed)?;
    let length = length.first_chunk::<8>().ok_or_else(changed)?;
    Ok((*data_key, Inside { sha256: Digest(*sha256), bytes: u64::from_be_bytes(*length) }))
}

impl<R: Read> Read for Unsealer<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.given == self.chunk.len() && !self.ended {
            self.next()?;
        }
        let rest = self.chunk.get(self.given..).unwrap_or_default();
        let length = rest.len().min(into.len());
        into.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        self.given += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use proptest::prelude::*;

    const INSIDE: Inside = Inside { sha256: Digest([3; 32]), bytes: 7 };

    fn key() -> Key {
        Key::new([9; 32])
    }

    fn name() -> Digest {
        Digest([5; 32])
    }

    fn seal(plain: &[u8]) -> Vec<u8> {
        let mut sealer = Sealer::create(Cursor::new(Vec::new())).unwrap();
        sealer.write_all(plain).unwrap();
        sealer.finish(&key(), &name(), INSIDE).unwrap().into_inner()
    }

    /// `None` where it does not open to its end.
    fn open(sealed: &[u8]) -> Option<Vec<u8>> {
        let (mut reader, inside) = Unsealer::open(sealed, &key(), &name()).unwrap().ok()?;
        assert_eq!(inside, INSIDE);
        let mut out = Vec::new();
        reader.read_to_end(&mut out).ok().map(|_| out)
    }

    fn text(length: usize) -> Vec<u8> {
        (0..length).map(|i| (i * 31 % 251) as u8).collect()
    }

    #[test]
    fn what_is_sealed_opens_at_every_length_around_a_chunk() {
        for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 17] {
            let plain = text(length);
            let sealed = seal(&plain);
            let chunks = length.div_ceil(CHUNK).max(1);
            assert_eq!(sealed.len(), HEADER + length + chunks * TAG);
            assert!(open(&sealed).unwrap() == plain, "{length}");
            assert_ne!(seal(&plain), sealed, "two objects never have one data key");
        }
    }

    /// The chunks of a sealed object, whole.
    fn pieces(sealed: &[u8]) -> (Vec<u8>, Vec<Vec<u8>>) {
        (sealed[..HEADER].to_vec(), sealed[HEADER..].chunks(CHUNK + TAG).map(<[u8]>::to_vec).collect())
    }

    #[test]
    fn chunks_that_are_cut_off_swapped_repeated_or_put_in_are_refused() {
        let plain = text(3 * CHUNK + 5);
        let (head, chunks) = pieces(&seal(&plain));
        let other = pieces(&seal(&plain));
        let join = |order: &[usize]| [head.clone(), order.iter().flat_map(|at| chunks[*at].clone()).collect()].concat();
        assert!(open(&join(&[0, 1, 2, 3])).unwrap() == plain);
        for order in [
            &[][..],
            &[0],
            &[0, 1],
            &[0, 1, 2],
            &[1, 0, 2, 3],
            &[0, 2, 1, 3],
            &[0, 0, 1, 2, 3],
            &[0, 1, 1, 2, 3],
            &[0, 1, 2, 3, 3],
            &[3],
            &[1, 2, 3],
            &[0, 1, 2, 3, 0],
        ] {
            assert!(open(&join(order)).is_none(), "{order:?}");
        }
        let mut mixed = chunks.clone();
        mixed[1].clone_from(&other.1[1]);
        assert!(open(&[head.clone(), mixed.concat()].concat()).is_none(), "a chunk of another object");
        assert!(open(&[other.0, chunks.concat()].concat()).is_none(), "the head of another object");
    }

    #[test]
    fn another_key_or_name_does_not_open_it() {
        let sealed = seal(b"abc");
        let opened = |key: &Key, name: &Digest| Unsealer::open(&sealed[..], key, name).unwrap().map(drop);
        assert_eq!(opened(&key(), &name()), Ok(()));
        assert_eq!(opened(&Key::new([8; 32]), &name()), Err(Unopened::OtherKey(key().id())));
        assert_eq!(opened(&key(), &Digest([6; 32])), Err(Unopened::Changed));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn sealing_comes_back(plain in prop::collection::vec(any::<u8>(), 0..5_000)) {
            prop_assert_eq!(open(&seal(&plain)), Some(plain));
        }

        #[test]
        fn a_flipped_bit_or_a_cut_end_is_refused(plain in prop::collection::vec(any::<u8>(), 0..5_000), at: prop::sample::Index, bit in 0..8) {
            let sealed = seal(&plain);
            let at = at.index(sealed.len());
            let mut flipped = sealed.clone();
            flipped[at] ^= 1u8 << bit;
            prop_assert!(open(&flipped).is_none(), "byte {} of {}", at, sealed.len());
            prop_assert!(open(&sealed[..at]).is_none(), "cut at {}", at);
        }
    }
}
