//! TC07.

codes! {}
