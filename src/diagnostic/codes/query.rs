//! TC11.

codes! {}
