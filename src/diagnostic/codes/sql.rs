//! TC08: SQL of a partnership.

codes! {
    /// The text is not SQL, holds more than one query, or is too long or too deep.
    SYNTAX = "TC0801", Configurator, 2, "SQL that cannot be read";
    /// A table, column, function or parameter that is not there.
    NAME = "TC0802", Configurator, 2, "a name that SQL does not know";
    /// Feed SQL that does more than project.
    SHAPE = "TC0803", Configurator, 2, "feed SQL is not a projection";
    /// Output columns that differ from the contract.
    COLUMNS = "TC0804", Configurator, 2, "columns differ from the contract";
    /// A type that does not become another without loss.
    TYPES = "TC0805", Configurator, 2, "types do not fit";
    /// Money that would pass through a float, a division or a rounding.
    MONEY = "TC0806", Configurator, 2, "money would not stay exact";
    /// A required column without a value, found in the data.
    NO_VALUE = "TC0807", Configurator, 1, "a required column has no value";
    /// A value that its column cannot hold, found in the data.
    TOO_LARGE = "TC0808", Configurator, 1, "a value does not fit its column";
    /// Queries that read each other.
    CIRCLE = "TC0809", Configurator, 2, "queries read each other in a circle";
    /// A query that stopped while it ran, or a file of its tables that cannot be read.
    FAILED = "TC0810", Operator, 3, retry true, "a query stopped while it ran";
    /// A promise of truecost itself was broken.
    BROKEN = "TC0811", Us, 3, "truecost broke its own promise";
    /// A query that its data makes impossible: a division by zero, a subquery of one value that gives two.
    UNCOMPUTED = "TC0812", Configurator, 2, "a query cannot be computed";
    /// Feed SQL that makes no row of an accepted record, found in the data.
    NO_ROW = "TC0813", Configurator, 1, "feed SQL loses a record";
    /// A money column of the extract that feed SQL does not add up as its contract says.
    AMOUNT = "TC0814", Configurator, 2, "the sender's amount is not added up as declared";
    /// Feed SQL that gives an amount of which nobody can say what it comes from.
    AMOUNT_UNKNOWN = "TC0815", Configurator, 2, "where an amount comes from cannot be told";
}
