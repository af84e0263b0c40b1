//! TC09: reference tables.

codes! {
    /// The file is no table of its contract.
    STRUCTURE = "TC0901", Configurator, 2, "a reference table's structure";
    /// A value that its column cannot hold.
    VALUE = "TC0902", Configurator, 2, "a value of a reference table";
    /// Rows out of order.
    ORDER = "TC0903", Configurator, 2, "a reference table is not sorted";
    /// Two rows of one code that hold on the same day.
    OVERLAP = "TC0904", Configurator, 2, "validity dates overlap";
    /// A code that is mapped twice.
    TWICE = "TC0905", Configurator, 2, "a code is mapped twice";
    /// Days between two rows of one code on which none holds.
    HOLE = "TC0906", Configurator, 2, "a hole in the validity of a code", Warning;
    /// A row that nobody but its author has looked at.
    REVIEW = "TC0907", Configurator, 2, "a row without review";
    /// Two ownership rules of equal specificity that cover the same lines.
    RULE_TIE = "TC0908", Configurator, 2, "two ownership rules tie";
    /// A council, service or word that the partnership does not have.
    UNKNOWN = "TC0909", Configurator, 2, "a reference table names something unknown";
    /// A rule of a customer or company without the one that bears it.
    BEARER = "TC0910", Configurator, 2, "a rule names no customer or company as bearer";
    /// Shares that are all nought, of somebody else, or not of all.
    SHARE = "TC0911", Configurator, 2, "shares that cannot be those of a service";
    /// Pools, steps or blankets that contradict each other.
    SCHEME = "TC0912", Configurator, 2, "reference rows of true cost contradict each other";
    /// A code is written with characters that nobody sees.
    FOLDED = "TC0913", Configurator, 2, "a code of a reference table holds characters that nobody sees", Note;
    /// A range whose ends differ in length.
    RANGE_ENDS = "TC0914", Configurator, 2, "the ends of a range differ in length";
    /// Rows of services that the partnership does not have: they are not used.
    STRANGER = "TC0915", Configurator, 2, "rows of services that the partnership does not have", Warning;
    /// Rules of a company that do not say which, where there is one.
    ONLY_COMPANY = "TC0916", Configurator, 2, "rules of a company mean the only one", Note;
    /// A service whose shares leave a partner out for a time.
    LEFT_OUT = "TC0917", Configurator, 2, "shares leave a partner out", Warning;
}
