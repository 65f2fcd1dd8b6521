//! Signing in: mails, wrong tries, sessions, second factors, external providers. Through the pages, like a browser, over a real
//! store; what leaves the server is answered here.

#[cfg(test)]
#[path = "../pages/browser.rs"]
#[expect(dead_code, reason = "the browser is that of the tests of pages, and not all of it is needed here")]
mod browser;
#[cfg(test)]
mod factor;
#[cfg(test)]
mod federation;
#[cfg(test)]
mod innkeeper;
#[cfg(test)]
mod mail;
#[cfg(test)]
mod password;
#[cfg(test)]
mod scene;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod throttle;
