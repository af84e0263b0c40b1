//! TC09.

codes! {
}
