//! Durable execution: what is committed is carried through, once.
