//! TC05.

codes! {}
