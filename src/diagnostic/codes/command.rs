//! TC01.

codes! {}
