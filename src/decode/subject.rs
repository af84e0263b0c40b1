//! What a report of a file may say of it.

/// The file that reports are of, and what of it they must keep to themselves.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    /// Name of the file, as reports give it.
    pub(super) file: String,
    /// Some column holds personal data: excerpts of records stay out of messages.
    pub(super) personal: bool,
    /// The feed is one of personal data: no value of it stands in a message, and no row in the quarantine.
    pub(super) secret: bool,
}
