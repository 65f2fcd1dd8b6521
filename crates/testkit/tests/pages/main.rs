//! The pages, our own API and the token endpoint, called in process like a browser calls them, over a real store.

#[cfg(test)]
mod administration;
#[cfg(test)]
mod apps;
#[cfg(test)]
mod audit_log;
#[cfg(test)]
mod browser;
#[cfg(test)]
mod defence;
#[cfg(test)]
mod explorer;
#[cfg(test)]
mod guarded;
#[cfg(test)]
mod oauth;
#[cfg(test)]
mod own;
#[cfg(test)]
mod roles;
#[cfg(test)]
mod scene;
#[cfg(test)]
mod settings;
#[cfg(test)]
mod setup;
#[cfg(test)]
mod story;
#[cfg(test)]
mod users;
