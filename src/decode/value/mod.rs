//! The text of one value → what it says: amounts, dates, numbers. The same for every format.

pub(super) mod date;
pub(super) mod fit;
pub(super) mod money;
pub(super) mod number;
pub(super) mod part_pennies;
pub(super) mod seen;
pub(super) mod sides;
pub(super) mod words;
