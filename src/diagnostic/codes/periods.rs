//! TC14: periods that are closed and reopened, and releases.

codes! {
    /// A delivery came for a period that is closed.
    AFTER_CLOSE = "TC1401", Supplier, 1, "something came after its period was closed", Warning;
    /// Something speaks against closing a period.
    CANNOT_CLOSE = "TC1402", Operator, 1, "a period cannot be closed";
    /// A period that has not begun, or that is not closed and cannot be reopened.
    NO_SUCH_CLOSING = "TC1403", Configurator, 2, "there is nothing to close or reopen";
    /// A restatement's lines are not its difference.
    DOES_NOT_FOOT = "TC1404", Us, 1, "a restatement does not foot";
    /// A contract says of a part of a closed period something else than a column more.
    NOT_RECAST = "TC1405", Configurator, 1, "a closed period does not fit a contract any more";
    /// Check 7.
    CLOSED_CHANGED = "TC1407", Operator, 1, "check 7: a part of a closed period is another one";
    /// No release has this name, or none was published by that day.
    NO_SUCH_RELEASE = "TC1420", Operator, 2, "no such release";
    /// Cells of two releases differ by something else than the lines behind them.
    NOT_FOOTING = "TC1421", Us, 3, "cells and lines do not foot";
    /// The release that was asked for was there, and retention removed it.
    RELEASE_REMOVED = "TC1422", Operator, 2, "the release was removed by retention";
    /// After a clean-up something is not there that was to stay.
    KEPT_IS_GONE = "TC1423", Operator, 3, "something that was to be kept is gone";
    /// The clock shows a day to which nothing leads that the lake has seen.
    CLOCK_IN_DOUBT = "TC1424", Operator, 1, "the clock may be wrong, and nothing was removed";
    /// A period, or a row, would have to be made again of pay that `retention.personal` took.
    PAY_IS_GONE = "TC1436", Operator, 1, "the pay behind it was removed by retention", Error or Warning;
}
