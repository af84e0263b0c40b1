//! TC03.

codes! {}
