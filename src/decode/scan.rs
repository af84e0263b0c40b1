//! What a file is, found out in the one pass that lands it.

use super::{facts::FileFacts, text::encoding::EncodingScan};

/// Gathers [`FileFacts`] over pieces of a file of any size.
#[derive(Clone, Debug, Default)]
pub struct FileScan {
    text: EncodingScan,
}

impl FileScan {
    /// Before the first piece.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next piece of the file.
    pub fn update(&mut self, piece: &[u8]) {
        self.text.update(piece);
    }

    /// The facts, once the whole file was seen.
    #[must_use]
    pub fn finish(self) -> FileFacts {
        FileFacts::Text(self.text.finish())
    }
}
