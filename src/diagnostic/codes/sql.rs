//! TC08.

codes! {}
