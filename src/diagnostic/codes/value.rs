//! TC03.

codes! {
}
