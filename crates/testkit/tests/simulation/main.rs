//! The life cycle over simulated years: seeded actors work on a real directory, and after each act the touched objects are
//! compared with an independent reference; every fifty acts, everything is.

#[cfg(test)]
mod acts;
#[cfg(test)]
mod bugs;
#[cfg(test)]
mod cases;
#[cfg(test)]
mod engines;
#[cfg(test)]
mod passes;
#[cfg(test)]
mod rig;
#[cfg(test)]
mod runs;
#[cfg(test)]
mod scan;
#[cfg(test)]
mod state;
