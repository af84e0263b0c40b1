//! What every format of text shares: its encoding, its line ends, and how a file is read piece by piece.

pub(super) mod chunks;
pub(super) mod encoding;
pub(super) mod lines;
pub(super) mod marks;
pub(super) mod transcode;
