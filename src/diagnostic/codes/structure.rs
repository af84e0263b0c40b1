//! TC02.

codes! {
}
