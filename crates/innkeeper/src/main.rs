//! innkeeper
fn main() {}
