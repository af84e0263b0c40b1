//! TC04.

codes! {
}
