//! The HTTP interface: what is refused, and with which problem.
