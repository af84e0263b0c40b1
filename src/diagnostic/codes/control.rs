//! TC04: what a delivery says of itself, and what it was expected to be. The delivery is refused; the last accepted one stays.

codes! {
    /// A control total of the sender is not what arrived.
    CONTROL_DIFFERS = "TC0401", Supplier, 1, "a control total does not agree";
    /// A control names a truth that the delivery does not carry.
    CONTROL_MISSING = "TC0402", Supplier, 1, "a control total is missing";
    /// More faulty rows than the feed tolerates.
    TOO_MANY_FAULTY_ROWS = "TC0403", Supplier, 1, "more faulty rows than the feed tolerates";
    /// Rows whose own date lies outside what the delivery covers.
    ROWS_OUTSIDE = "TC0404", Supplier, 1, "rows outside the period that the delivery covers", Error or Warning;
    /// Documents that do not balance.
    DOCUMENTS_OUT_OF_BALANCE = "TC0405", Supplier, 1, "documents do not balance";
    /// Neither the name nor the content says which period a file covers.
    COVERAGE_UNKNOWN = "TC0406", Supplier, 1, "cannot tell which period a file covers";
    /// Two files claim to be the newest for the same period.
    NEWEST_UNCLEAR = "TC0407", Supplier, 1, "two files claim to be the newest";
    /// A file in the drop folder whose name the feed does not know.
    NAME_UNKNOWN = "TC0408", Supplier, 1, "a file name that the feed does not know", Error or Note;
    /// A file for a period in which the feed is not active.
    NOT_ACTIVE = "TC0409", Configurator, 1, "a file outside the dates of its feed", Warning;
    /// The sidecar is not readable.
    SIDECAR_UNREADABLE = "TC0410", Supplier, 1, "the sidecar cannot be read";
    /// A required feed lacks a period, which is therefore not published.
    PERIOD_BLOCKED = "TC0411", Supplier, 4, "a period lacks a required feed", Warning;
    /// Something was spelt differently from before, and understood.
    DRIFT = "TC0412", Supplier, 1, "the layout drifted", Warning or Note;
    /// A delivery that its file, by the feed as it is now, does not cover.
    WITHDRAWN = "TC0413", Configurator, 1, "a delivery was withdrawn", Warning;
    /// Amounts of a delivery that add up to more than an amount can be.
    SUM_TOO_LARGE = "TC0414", Supplier, 1, "a delivery adds up to more than an amount can be";
    /// Accepted rows of a feed or a council that the partnership does not declare.
    NOT_DECLARED = "TC0415", Configurator, 1, "accepted rows of what is not declared";
    /// A period of a council that the latest release holds and the next one would not.
    WOULD_VANISH = "TC0416", Configurator, 1, "a published period would vanish";
    /// A period that another feed takes over with much less than the latest release holds.
    WOULD_SHRINK = "TC0417", Configurator, 1, "another feed takes a period over with much less";
    /// A row that counts less than nothing.
    BELOW_NOUGHT = "TC0418", Supplier, 1, "a volume below nought", Error or Warning;
    /// A snapshot whose file name does not tell its day.
    NO_DAY = "TC0419", Supplier, 1, "a snapshot whose name has no date";
    /// A delivery about which only a person can know.
    WAITS = "TC0420", Supplier, 1, "a delivery waits for a person's word";
    /// What waits is accepted, and its bytes are no longer the ones that were judged.
    OTHER_BYTES = "TC0421", Operator, 1, "the bytes that were judged have changed";
    /// What waits is accepted, and other rules than those that judged it hold now.
    JUDGED_OTHERWISE = "TC0422", Operator, 1, "the rules that judged it have changed";
    /// The newest file of a coverage is refused or withdrawn, and an older one is taken.
    NEXT_NEWEST = "TC0423", Supplier, 1, "an older file is taken", Warning;
    /// The same bytes for other periods.
    COPY = "TC0424", Supplier, 1, "the same file for another period";
    /// A file that is a delivery over which another has gone.
    CAME_AGAIN = "TC0425", Supplier, 1, "an older delivery has come again", Note;
    /// The SQL made other pounds of a delivery than its columns hold.
    SENDER_AMOUNT = "TC0428", Configurator, 1, "the common rows are not the sender's pounds";
    /// A record that is left out of the rows holds an amount, and no declaration says what it is.
    LEFT_OUT_AMOUNT = "TC0431", Configurator, 1, "a record that is left out holds an amount";
    /// The last row is the sum of all before it: a total that nobody declared, or a row.
    LAST_ROW_TOTAL = "TC0432", Supplier, 1, "a row may be a total";
    /// The last record has no line end: it may have been cut.
    LAST_LINE_OPEN = "TC0433", Supplier, 1, "the last record may be cut";
    /// A register that tells of a later day stands in for one that was never delivered.
    LATER_REGISTER = "TC0434", Supplier, 1, "figures read a later register", Note;
    /// Most rows lie outside what the delivery covers, and none would with day and month of its date exchanged; or each of a few would not.
    DAY_AND_MONTH = "TC0435", Supplier, 1, "day and month are exchanged through a whole file", Error or Warning;
    /// Every row lies outside what the delivery covers.
    ALL_OUTSIDE = "TC0436", Supplier, 1, "every row lies outside the period that the delivery covers", Warning;
    /// Rows whose own period is covered and whose date is not.
    DATES_OUTSIDE = "TC0437", Supplier, 1, "dates outside the period, of rows whose own period is inside", Note;
    /// Rows of a delivery of the closing period alone that are dated inside the year.
    IN_CLOSED_YEAR = "TC0438", Supplier, 1, "rows of a closing period dated inside the year", Note;
    /// A contract says which record types are rows, and a record is of no type that it knows: the file is refused.
    UNKNOWN_RECORD = "TC0440", Supplier, 1, "a record is of an unknown type";
    /// Places of a file of fixed width count bytes, and one stands inside a character of several bytes: the file is refused.
    INSIDE_CHARACTER = "TC0441", Supplier, 1, "a field begins inside a character";
    /// A row whose amount is in another currency.
    OTHER_CURRENCY = "TC0457", Supplier, 1, "an amount that is no pounds", Error or Warning;
    /// Cells of a workbook that show an amount with another sign than it has.
    SHOWN_OTHERWISE = "TC0458", Supplier, 1, "an amount that is shown with another sign", Warning;
    /// A file holds what the contract takes for a return of nothing, and rows.
    NIL_BESIDE_ROWS = "TC0460", Supplier, 1, "a return of nothing stands beside rows";
    /// The delimiter is no ASCII character, and the byte that stands for it while records are split is in the file.
    STAND_IN = "TC0461", Supplier, 1, "a control character stands beside the delimiter";
    /// Amounts that the contract promises to add up on each row do not on some.
    ADDS_UP = "TC0462", Supplier, 1, "amounts of a row do not add up", Note;
    /// A sheet of a workbook that is not read holds rows under the contract's headings, or begins with such rows without any.
    OTHER_SHEET = "TC0463", Supplier, 1, "rows stand on a sheet that is not read", Warning;
    /// A file that was never judged is left for a newer one of the same periods.
    OLDER_LEFT = "TC0464", Supplier, 1, "a file is left for a newer one", Warning;
    /// A quarantined row that a person wants to correct, or to leave out, cannot be.
    NOT_CORRECTED = "TC0470", Operator, 2, "a quarantined row cannot be corrected";
    /// A corrected row does not fit the file any more as the contract has it now.
    NOT_LAID = "TC0471", Configurator, 1, "a correction does not fit its row";
    /// A workbook of quarantined rows is not what was exported.
    NOT_THE_EXPORT = "TC0472", Operator, 2, "the workbook is not one that was exported";
    /// A row that a person leaves out for good.
    SET_ASIDE = "TC0473", Supplier, 1, "a row is left out by a person", Warning;
    /// A newer delivery has replaced one in which a person corrected rows, or left some out.
    CORRECTIONS_ENDED = "TC0474", Operator, 1, "a newer delivery ends corrections", Note;
}
