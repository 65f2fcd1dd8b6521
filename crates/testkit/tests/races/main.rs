//! People at the same moment, on one server or on several with one database: whatever the interleaving, one outcome of a legal
//! order.

#[cfg(test)]
mod fleet;
#[cfg(test)]
mod leases;
#[cfg(test)]
mod order;
#[cfg(test)]
mod races;
#[cfg(test)]
mod servers;
#[cfg(test)]
mod stage;
#[cfg(test)]
mod tokens;
