//! TC07.

codes! {
}
