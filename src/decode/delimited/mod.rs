//! Delimited text: where its records and fields stand. One format; what a field says is read by [`super::columns`].

mod cut;
pub(super) mod faults;
mod header;
mod masks;
pub(super) mod plain;
pub(super) mod record;
pub(super) mod split;

pub(super) use cut::CUT;
