//! What a reader sees.

/// A page that came back.
pub struct Page {
    pub status: u16,
    pub location: Option<String>,
    pub body: String,
}

impl Page {
    /// The value of a hidden field.
    #[track_caller]
    pub fn field(&self, name: &str) -> String {
        let marker = format!("name=\"{name}\" value=\"");
        let (_, rest) =
            self.body.split_once(&marker).unwrap_or_else(|| panic!("no field {name} in {}", self.text()));
        rest.split('"').next().unwrap().to_owned()
    }

    /// The text of the main part, with single blanks.
    pub fn text(&self) -> String {
        let main = self.body.split_once("<main").map_or(self.body.as_str(), |(_, main)| main);
        let text: String = main
            .split('<')
            .flat_map(|piece| [" ", piece.split_once('>').map_or(piece, |(_, text)| text)])
            .collect();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let entities = [("&#39;", "'"), ("&#34;", "\""), ("&#60;", "<"), ("&#62;", ">"), ("&#38;", "&")];
        entities.iter().fold(text, |text, (entity, plain)| text.replace(entity, plain))
    }

    #[track_caller]
    pub fn is(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    #[track_caller]
    pub fn says(&self, text: &str) -> &Self {
        assert!(self.text().contains(text), "{text:?} is not in {}", self.text());
        self
    }

    #[track_caller]
    pub fn lacks(&self, text: &str) -> &Self {
        assert!(!self.body.contains(text), "{text:?} is in {}", self.text());
        self
    }

    #[track_caller]
    pub fn leads_to(&self, location: &str) -> &Self {
        assert_eq!((self.status, self.location.as_deref()), (303, Some(location)), "{}", self.text());
        self
    }
}
