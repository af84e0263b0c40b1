//! What landed bytes are called.

use sha2::{Digest as _, Sha256};

use crate::domain::{Digest, Key, Mac};

/// What the name of a sealed object is made of: HMAC-SHA-256(sealing key, `landing` ‖ 0x1F ‖ plain bytes).
const LABEL: &str = "landing";

/// The name in the making: the SHA-256 of the bytes; where a key is given, their HMAC under it.
#[derive(Clone, Debug)]
pub enum Naming {
    Plain(Box<Sha256>),
    Sealed(Box<Mac>),
}

impl Naming {
    #[must_use]
    pub fn new(key: Option<&Key>) -> Self {
        key.map_or_else(|| Self::Plain(Box::default()), |key| Self::Sealed(Box::new(key.mac(LABEL))))
    }

    pub fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Plain(hash) => hash.update(bytes),
            Self::Sealed(mac) => mac.update(bytes),
        }
    }

    #[must_use]
    pub fn finish(self) -> Digest {
        match self {
            Self::Plain(hash) => Digest(hash.finalize().into()),
            Self::Sealed(mac) => mac.finish(),
        }
    }
}
