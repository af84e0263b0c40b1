//! TC15: notices.

codes! {
    /// A channel takes no notice.
    NOT_TOLD = "TC1501", Operator, 3, retry true, "a notice was not taken", Warning;
    /// A channel did not take a test.
    TEST_NOT_TAKEN = "TC1502", Operator, 3, retry true, "a channel does not take messages";
}
