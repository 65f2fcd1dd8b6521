//! The pure rules, checked against tables and properties that are written down here a second time, independently.

#[cfg(test)]
mod authz;
#[cfg(test)]
mod clock;
#[cfg(test)]
mod collaboration;
#[cfg(test)]
mod leave;
#[cfg(test)]
mod lifecycle;
#[cfg(test)]
mod policy;
#[cfg(test)]
mod support;
#[cfg(test)]
mod text;
