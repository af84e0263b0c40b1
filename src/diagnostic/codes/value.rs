//! TC03: the values of a row. Each quarantines the row.

codes! {
    REQUIRED = "TC0301", Supplier, 1, "a required value is missing";
    AMOUNT = "TC0302", Supplier, 1, "not an amount";
    PRECISION = "TC0303", Supplier, 1, "more precision than pence";
    TOO_LARGE = "TC0304", Supplier, 1, "an amount of more than 18 digits";
    DATE = "TC0305", Supplier, 1, "not a date";
    WINDOW = "TC0306", Supplier, 1, "a date outside the window";
    WHOLE = "TC0307", Supplier, 1, "not a whole number of the column's size";
    PERIOD = "TC0308", Supplier, 1, "not a period";
    TRUTH = "TC0309", Supplier, 1, "neither true nor false";
    INSTANT = "TC0310", Supplier, 1, "not an instant";
    BLANK = "TC0311", Supplier, 1, "a blank row";
    SIDE = "TC0312", Supplier, 1, "neither a debit nor a credit";
    NO_TIME = "TC0313", Supplier, 1, "a row without a period or a date";
    HALF_A_PERIOD = "TC0314", Supplier, 1, "a row with a year and no period, or the other way";
}
