//! Tests of the real binary, from outside: a process, its files and signals, HTTPS with its own authority. They are in
//! `tests/e2e`; `cargo xtask test` builds the binary that they drive and names it in `INNKEEPER_BIN`.
