//! TC11.

codes! {
}
