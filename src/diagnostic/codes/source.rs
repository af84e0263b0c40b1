//! TC05: sources and transport.

codes! {
    /// Refused by its name alone; the file is never opened.
    UNSAFE_NAME = "TC0501", Supplier, 1, "a file name that is not safe";
    /// A link, pipe, socket or device; never opened.
    NOT_A_FILE = "TC0502", Supplier, 1, "not an ordinary file";
    /// The folder or store does not answer, or says no.
    UNREADABLE = "TC0503", Operator, 3, retry true, "the source cannot be read";
    /// Not the file that was listed, or no longer.
    CHANGED = "TC0504", Supplier, 3, retry true, "the file changed while it was being read";
    /// Still growing, or its marker or sidecar is not there yet. A warning that ends a run with 4.
    NOT_SETTLED = "TC0505", Supplier, 4, retry true, "the file has not settled yet", Warning;
    /// An endpoint on this machine or its link that nobody listed.
    FORBIDDEN_HOST = "TC0506", Configurator, 2, "a host that is not allowed";
    /// No store of that kind, or settings that it refuses.
    BAD_LOCATION = "TC0507", Configurator, 2, "the location cannot be used";
    /// Names that differ in case only. Always a warning.
    CASE_TWINS = "TC0508", Supplier, 1, "file names that differ in case only", Warning;
    /// A folder within the folder. Always a warning.
    SUB_FOLDER = "TC0509", Supplier, 1, "a folder within the drop folder", Warning;
    /// Nothing there to list. A warning where the feed is not active on the day of the run.
    NO_FOLDER = "TC0510", Operator, 3, retry true, "the drop folder does not exist", Error or Note;
    /// `init` and `demo` write new files only.
    ALREADY_THERE = "TC0511", Operator, 2, "a file is already there";
    /// `init` or `demo` met a full disk or a missing right.
    NOT_WRITTEN = "TC0512", Operator, 3, retry true, "a file could not be written";
}
