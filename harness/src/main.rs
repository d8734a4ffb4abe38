//! The `counterproof` command.

fn main() -> std::process::ExitCode {
    counterproof::cli::main()
}
