//! The kernels of allocation: textbook cases as exact rationals, and the properties that an auditor asks for.

mod golden;
mod properties;
mod vectors;
