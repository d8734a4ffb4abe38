//! The legal transitions of every status, as one table.
