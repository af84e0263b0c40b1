//! TC02.

codes! {}
