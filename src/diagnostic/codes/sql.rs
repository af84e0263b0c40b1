//! TC08.

codes! {
}
