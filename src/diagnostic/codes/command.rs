//! TC01.

codes! {
}
