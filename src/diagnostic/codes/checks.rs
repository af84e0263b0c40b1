//! TC12.

codes! {}
