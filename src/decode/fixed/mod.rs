//! Fixed width: where the fields of a line stand. One format; what a field says is read by [`super::columns`].

mod cut;
pub(super) mod faults;
pub(super) mod line;
pub(super) mod split;

pub(super) use cut::CUT;
