//! TC13: the supply calendar, and the schedule.

codes! {
    /// Deliveries that were due and have not come, or do not count.
    NOT_SUPPLIED = "TC1300", Supplier, 4, retry true, "a delivery is late or missing", Warning;
    /// A feed, a period or a waiver that is none of the supply calendar.
    NOT_AWAITED = "TC1301", Configurator, 2, "nothing to wait for";
    /// Bank holidays are not known for a year in which deliveries are due.
    BEYOND_HOLIDAYS = "TC1302", Configurator, 2, "bank holidays are not known so far ahead", Warning;
}
