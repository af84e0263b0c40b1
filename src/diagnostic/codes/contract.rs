//! TC07: contracts.

codes! {
    /// A type that the profile does not have, or types that contradict each other.
    TYPE = "TC0701", Configurator, 2, "a column's type";
    /// A rule that does not fit its column.
    RULE = "TC0702", Configurator, 2, "a column's rule";
    /// A layout that contradicts itself.
    LAYOUT = "TC0703", Configurator, 2, "an extract's layout";
    /// A table, column or header whose name is wrong or stands twice.
    NAME = "TC0704", Configurator, 2, "a name in a contract";
    /// A primary key that is not one.
    KEY = "TC0705", Configurator, 2, "a table's key";
    /// A total that is declared and compared with nothing.
    UNUSED_TOTAL = "TC0712", Configurator, 2, "a declared total that no control uses";
    /// Personal data that a feed would keep, or may not keep in this way.
    PERSONAL_KEPT = "TC0713", Configurator, 2, "personal data would be kept";
    /// A treatment of personal data that does not fit its column, or lacks what it needs.
    TREATMENT = "TC0714", Configurator, 2, "a treatment of personal data that does not fit";
    /// A personal column that a published one would show.
    PERSONAL = "TC0715", Configurator, 2, "a personal column reaches a published one";
    /// A column that is left out where the file is read, and is asked for.
    DROPPED = "TC0716", Configurator, 2, "a column that the contract drops is used";
    /// A key of `partnership.yaml: keys` that is none, or whose file lies where others find it.
    KEY_UNUSABLE = "TC0718", Configurator, 2, "a key that cannot be used";
    /// Two date formats of one column by which a text is two days.
    DATES_OVERLAP = "TC0719", Configurator, 2, "date formats that overlap", Warning;
}
