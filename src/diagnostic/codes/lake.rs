//! TC10.

codes! {
}
