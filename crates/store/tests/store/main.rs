//! The store, tested from outside by what it promises: against the definition of filters, against a second connection that
//! tampers with its files, and against a process that is killed.

#[cfg(test)]
mod audit;
#[cfg(test)]
mod change_sets;
#[cfg(test)]
mod counts;
#[cfg(test)]
mod data_dir;
#[cfg(test)]
mod database;
#[cfg(test)]
mod durability;
#[cfg(test)]
mod engine;
#[cfg(test)]
mod filters;
#[cfg(test)]
mod isolation;
#[cfg(test)]
mod kept;
#[cfg(test)]
mod plans;
#[cfg(test)]
mod postgres;
#[cfg(test)]
mod purge;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod statements;
#[cfg(test)]
mod support;
#[cfg(test)]
mod transfer;
