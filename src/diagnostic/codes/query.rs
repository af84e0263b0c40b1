//! TC11: `query`.

codes! {
    /// The text is not SQL, or SQL that makes no sense.
    SYNTAX = "TC1101", Configurator, 2, "a question that cannot be read";
    /// Anything that is not a question: changes, settings, files, several statements.
    NOT_A_QUESTION = "TC1102", Configurator, 2, "`query` only answers questions";
    /// A table, column or function that is not there or not offered.
    NAME = "TC1103", Configurator, 2, "a name that `query` does not know";
    /// A text that is too long, has too many terms, or is too deep.
    TOO_BIG = "TC1104", Configurator, 2, "a question that is too big";
    /// Stopped at the limit of time or memory.
    STOPPED = "TC1105", Configurator, 1, "a question stopped at its limit";
    /// Stopped by what it found: a division by zero, a number that became too large.
    FAILED = "TC1106", Configurator, 2, "a question failed while it ran";
    /// The process that was to answer could not be started or watched.
    NOT_STARTED = "TC1107", Operator, 3, retry true, "a question could not be started";
    /// A column of `summable: false` is added up.
    OVERLAPS = "TC1108", Configurator, 2, "a sum that counts something twice", Warning;
}
