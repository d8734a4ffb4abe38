//! The reference implementation as a process of its own.

fn main() -> std::process::ExitCode {
    counterproof_middleware::cli_main(std::env::args_os())
}
