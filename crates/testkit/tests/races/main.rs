//! Two people at the same moment: whatever the interleaving, one outcome of a legal order.

#[cfg(test)]
mod races;
