//! TC06.

codes! {
}
