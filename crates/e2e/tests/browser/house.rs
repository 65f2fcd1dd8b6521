//! What all tests share: the driver, browsers that wait for the next test, the world that others are copies of, the album.

use crate::{
    chrome::{Chrome, Driver, Mode},
    look::Album,
    security::LEAST,
    stage::Template,
    stories::Story,
    tour::Tour,
};
use std::sync::Mutex;

/// Declared in the order in which they have to go.
pub struct House {
    idle: Mutex<Vec<Chrome>>,
    driver: Driver,
    template: Template,
    album: Album,
}

impl House {
    /// None, said loudly, if something that it needs is not here.
    pub fn open() -> Option<Self> {
        // Somebody else may have installed it already, which is as good.
        drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
        let driver = Driver::start()?;
        let template = Template::build()?;
        Some(Self { idle: Mutex::default(), driver, template, album: Album::open() })
    }

    /// Tells a story in a world of its own, with a browser of this kind that knows nothing.
    pub fn tell(&self, mode: Mode, host: Option<&str>, story: Story) {
        let waiting = {
            let mut idle = self.idle.lock().unwrap();
            idle.iter().position(|chrome| chrome.mode == mode).map(|at| idle.swap_remove(at))
        };
        let chrome = waiting.unwrap_or_else(|| Chrome::start(&self.driver, mode));
        let tour = Tour::new(&chrome, self.template.world(host), &self.album);
        story(&tour);
        tour.was_quiet();
        drop(tour);
        // After a failure the browser is not used again: it goes with the panic.
        chrome.forget();
        self.idle.lock().unwrap().push(chrome);
    }

    /// Says what was seen, and whether that is every page in every language.
    pub fn is_complete(&self) -> bool {
        let states = self.album.looked_at();
        println!(
            "axe-core finds nothing in {states} states of pages, each light on a desk and dark on a phone"
        );
        let (weight, page) = self.album.heaviest();
        println!("the heaviest page is {page}: {weight} bytes with everything");
        let missing = self.album.missing(&crate::stories::LANGUAGES);
        if !missing.is_empty() {
            println!("FAILED: no story shows {}", missing.join(", "));
        }
        let held = crate::security::held();
        println!("{} claims about safety hold", held.len());
        self.album.keep("claims.txt", held.join("\n").as_bytes());
        if held.len() < LEAST {
            println!("FAILED: there are to be {LEAST}");
        }
        missing.is_empty() && held.len() >= LEAST
    }
}
