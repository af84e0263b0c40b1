//! TC05.

codes! {
}
