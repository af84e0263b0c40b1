//! TC03: the values of a row. Each quarantines the row.

codes! {
    REQUIRED = "TC0301", Supplier, 1, "a required value is missing", Error or Warning;
    AMOUNT = "TC0302", Supplier, 1, "not an amount", Error or Warning;
    PRECISION = "TC0303", Supplier, 1, "more precision than pence", Error or Warning;
    TOO_LARGE = "TC0304", Supplier, 1, "an amount of more than 18 digits", Error or Warning;
    DATE = "TC0305", Supplier, 1, "not a date", Error or Warning;
    WINDOW = "TC0306", Supplier, 1, "a date outside the window", Error or Warning;
    WHOLE = "TC0307", Supplier, 1, "not a whole number of the column's size", Error or Warning;
    PERIOD = "TC0308", Supplier, 1, "not a period", Error or Warning;
    TRUTH = "TC0309", Supplier, 1, "neither true nor false", Error or Warning;
    INSTANT = "TC0310", Supplier, 1, "not an instant", Error or Warning;
    BLANK = "TC0311", Supplier, 1, "a blank row", Error or Warning;
    SIDE = "TC0312", Supplier, 1, "neither a debit nor a credit", Error or Warning;
    NO_TIME = "TC0313", Supplier, 1, "a row without a period or a date", Error or Warning;
    HALF_A_PERIOD = "TC0314", Supplier, 1, "a row with a year and no period, or the other way", Error or Warning;
    WORD = "TC0315", Supplier, 1, "a word that the contract does not list", Error or Warning;
}
