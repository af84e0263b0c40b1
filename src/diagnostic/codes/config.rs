//! TC06.

codes! {}
