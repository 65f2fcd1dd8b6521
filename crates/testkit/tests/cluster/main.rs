//! The PostgreSQL servers that tests start: private, whole, and gone afterwards. Everything else that tests prove on
//! PostgreSQL rests on this.

#[cfg(test)]
mod clusters;
