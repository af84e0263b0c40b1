//! TC10.

codes! {}
