//! TC04.

codes! {}
