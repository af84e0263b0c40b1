//! TC12.

codes! {
}
