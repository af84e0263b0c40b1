//! TC09.

codes! {}
