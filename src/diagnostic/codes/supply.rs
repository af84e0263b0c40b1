//! TC13: the supply calendar, the schedule, and what runs by itself.

codes! {
    /// Deliveries that were due and have not come, or do not count.
    NOT_SUPPLIED = "TC1300", Supplier, 4, retry true, "a delivery is late or missing", Warning;
    /// A feed, a period or a waiver that is none of the supply calendar.
    NOT_AWAITED = "TC1301", Configurator, 2, "nothing to wait for";
    /// Bank holidays are not known for a year in which deliveries are due.
    BEYOND_HOLIDAYS = "TC1302", Configurator, 2, "bank holidays are not known so far ahead", Warning;
    /// The words of `--slot` name no time at which something is due.
    NOT_A_SLOT = "TC1310", Configurator, 2, "not a slot";
    /// `serve` would answer other machines, and nobody said that it may.
    OPEN_ADDRESS = "TC1311", Configurator, 2, "an address that other machines reach";
    /// The file that stands in for the clock holds no instant.
    CLOCK_FILE = "TC1312", Configurator, 2, "the stepped clock cannot be read";
    /// Slots were taken further ahead of the clock than a clock is ever wrong.
    SLOTS_AHEAD = "TC1313", Operator, 1, "slots were taken in the future", Warning;
    /// The record of slots is not what was written.
    SLOTS_UNREADABLE = "TC1314", Operator, 1, "the record of slots cannot be read", Warning;
    /// A run took longer than `at_most`.
    OVER_TIME = "TC1316", Operator, 3, "a run took too long";
    /// The address of `serve` is not to be had.
    NOT_LISTENING = "TC1317", Operator, 3, retry true, "serve cannot listen";
    /// A run refused what it was asked for, and did not say why.
    NOT_UNDERSTOOD = "TC1318", Us, 2, "a run ended with 2, and what it said cannot be understood";
}
