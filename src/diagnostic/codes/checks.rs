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
    /// Check 6.
    CHECK_COMPLETE = "TC1206", Supplier, 1, "check 6: pay or volumes are lacking, or a register is too old", Warning;
    /// Codes were compared without characters that nobody sees.
    FOLDED = "TC1207", Supplier, 1, "codes hold characters that nobody sees", Note;
    /// Pay and posts of a council under two keys, in one period.
    TWO_KEYS = "TC1208", Configurator, 1, "pay of one council stands under two keys";
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
    /// Check 26.
    CHECK_MOVED = "TC1226", Configurator, 1, "check 26: a part of a driver moved far", Warning;
    /// Check 27.
    CHECK_UNALLOCATED = "TC1227", Configurator, 1, "check 27: shared cost is unallocated", Warning;
    /// Check 28.
    CHECK_PAIRS = "TC1228", Configurator, 1, "check 28: recharges are unmatched over their limit, or not eliminated as they should be", Error or Warning;
    /// Check 29.
    CHECK_BOTH_SIDES = "TC1229", Us, 1, "check 29: a recharge is eliminated from one side only";
    /// Check 30.
    CHECK_SETTLED = "TC1230", Us, 1, "check 30: the settlement does not sum to nought";
    /// Check 31.
    CHECK_ONCE = "TC1231", Us, 1, "check 31: a cost is charged twice, or not at all";
    /// Check 32.
    CHECK_MISSING = "TC1232", Us, 1, "check 32: a full cost does not say what it lacks";
    /// Check 33.
    CHECK_AGREEMENT = "TC1233", Configurator, 1, "check 33: an outside body has no agreement", Warning;
    /// Check 34.
    CHECK_BLANKET = "TC1234", Us, 1, "check 34: effects of a blanket do not sum", Warning;
    /// Check 35.
    CHECK_FOOTS = "TC1235", Us, 1, "check 35: a table does not foot";
    /// Check 36.
    UNTRACED = "TC1236", Us, 1, "check 36: a figure does not lead to its lines";
    /// Check 37.
    CHECK_PROVEN = "TC1237", Us, 1, "check 37: a figure without a proof";
    /// Check 39.
    CHECK_SMALL = "TC1239", Us, 1, "check 39: a figure may tell of a person", Warning;
    /// A row of a reference table that nobody but its author has looked at.
    CHECK_REVIEW = "TC1240", Configurator, 1, "check 40: a row was approved by its author";
    /// Check 42.
    CHECK_SIGN = "TC1242", Configurator, 1, "check 42: a sign was turned", Error or Warning;
    /// Rows or pounds are lost or made between two stages.
    UNEXPLAINED = "TC1250", Us, 1, "an unexplained difference";
}
