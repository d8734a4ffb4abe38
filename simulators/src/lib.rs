//! Who takes part: executable specifications of the systems around an implementation.
//!
//! Each system is a pure core (operation in; answer, effects and messages out; no I/O, no clock of its own)
//! that the shared [`kernel`] serves over HTTP. Simulators record and answer; they never judge.

pub mod kernel;
