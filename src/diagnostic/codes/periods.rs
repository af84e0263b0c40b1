//! TC14: periods and releases.

codes! {
    /// No release has this name, or none was published by that day.
    NO_SUCH_RELEASE = "TC1420", Operator, 2, "no such release";
}
