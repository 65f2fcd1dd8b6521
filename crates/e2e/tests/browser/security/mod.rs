//! What other sites and hostile people may try, tried. Every claim is counted: there are at least [`LEAST`].

mod canaries;
mod csp;
mod doors;
mod forged;
mod site;

pub use site::Site;

use crate::{
    stories::{Matrix, Row},
    tour::Tour,
};
use std::{cell::RefCell, sync::Mutex};

/// How many claims there must be in a whole run.
pub const LEAST: usize = 80;

pub const STORIES: &[&[Row]] = &[forged::STORIES, csp::STORIES, doors::STORIES, canaries::STORIES];

/// What held, in all stories together.
static HELD: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// The claims that held so far.
pub fn held() -> Vec<String> {
    HELD.lock().unwrap().clone()
}

/// The claims of one story. All are judged before it fails.
#[derive(Default)]
pub struct Claims(RefCell<Vec<String>>);

impl Claims {
    pub fn check(&self, what: impl Into<String>, holds: bool) {
        let what = what.into();
        if holds {
            HELD.lock().unwrap().push(what);
        } else {
            self.0.borrow_mut().push(what);
        }
    }

    #[track_caller]
    pub fn hold(self) {
        let broken = self.0.into_inner();
        assert!(broken.is_empty(), "does not hold: {broken:#?}");
    }
}

/// Told once: attacks are not about words.
const fn once(name: &'static str, story: fn(&Tour<'_>)) -> Row {
    (name, Matrix::Named, story)
}
