//! TC12: proofs and the auditor's checks. The last two digits are the number of the check.

codes! {
    /// Check 1.
    CHECK_CONTROLS = "TC1201", Supplier, 1, "check 1: a delivery does not agree with the sender's control", Error or Warning;
    /// Check 2.
    CHECK_BALANCE = "TC1202", Supplier, 1, "check 2: a journal does not balance";
    /// A period's shared cost finds nobody who bears it.
    NOT_ALLOCATED = "TC1203", Configurator, 1, "a period's shared cost cannot be allocated";
    /// Checks 14, 16, 17, 18 and 19, in the kernel.
    ALLOCATION_UNPROVED = "TC1204", Us, 1, "checks 14 to 19: a part of a shared cost is not proved";
    /// Check 5.
    CHECK_PAYROLL = "TC1205", Configurator, 1, "check 5: payroll and ledger differ by more than the limit", Error or Warning;
    /// Codes were compared without characters that nobody sees.
    FOLDED = "TC1207", Supplier, 1, "codes hold characters that nobody sees", Note;
    /// Check 9.
    CHECK_ONE_CLASS = "TC1209", Us, 1, "check 9: a line has not exactly one class";
    /// Check 10.
    CHECK_ONE_RULE = "TC1210", Configurator, 1, "check 10: more than one rule wins";
    /// Check 11.
    CHECK_RULE_DATES = "TC1211", Configurator, 1, "check 11: a rule where it may not be";
    /// Check 12.
    CHECK_SUSPENSE = "TC1212", Configurator, 1, "check 12: suspense is over its limit", Error or Warning;
    /// Check 13.
    CHECK_FUNDS = "TC1213", Configurator, 1, "check 13: funds or revenue and capital are mixed";
    /// Check 15.
    CHECK_CONSERVED = "TC1215", Us, 1, "check 15: what was separated is not what came in";
    /// Check 35.
    CHECK_FOOTS = "TC1235", Us, 1, "check 35: a table does not foot";
    /// Check 37.
    CHECK_PROVEN = "TC1237", Us, 1, "check 37: a figure without a proof";
    /// Check 42.
    CHECK_SIGN = "TC1242", Configurator, 1, "check 42: a sign was turned", Error or Warning;
    /// Rows or pounds are lost or made between two stages.
    UNEXPLAINED = "TC1250", Us, 1, "an unexplained difference";
}
