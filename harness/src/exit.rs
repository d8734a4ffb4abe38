//! How the command ends: the codes that pipelines act on.

/// Exit codes. Stable; documented in `--help`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// The gate passed.
    Passed = 0,
    /// The implementation is wrong: a scenario, law or contract was broken.
    Failed = 1,
    /// The command line is wrong.
    Usage = 2,
    /// A feature file, plan or other input is invalid; nothing was run.
    Invalid = 3,
    /// Nothing was selected.
    Nothing = 4,
    /// The rig could not tell: the target does not answer, a port is taken, no rest was reached.
    Inconclusive = 5,
    /// Correct, but a declared threshold was missed.
    Threshold = 6,
    /// A bug in Counterproof.
    Bug = 70,
    /// Interrupted; what was recorded is kept and marked incomplete.
    Interrupted = 130,
}

impl Exit {
    /// The codes as `--help` prints them.
    pub const HELP: &'static str = "\
Exit codes:
  0    the gate passed
  1    FAIL: the implementation broke a scenario, a law or a contract
  2    the command line is wrong
  3    a feature file or other input is invalid; nothing was run
  4    nothing was selected
  5    INCONCLUSIVE: the rig could not tell (target does not answer, port taken, no rest reached)
  6    correct, but a declared threshold was missed
  70   a bug in Counterproof
  130  interrupted; what was recorded is kept";
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// An error that ends the command, with what to do about it.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Fatal {
    /// How the command ends.
    pub exit: Exit,
    /// What is wrong, where, and what to do about it.
    pub message: String,
}

impl Fatal {
    /// An error that ends the command.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into() }
    }
}
