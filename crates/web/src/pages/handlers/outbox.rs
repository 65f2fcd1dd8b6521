//! The mails of a demonstration, which go nowhere else.

use crate::pages::{
    answer::{Answer, html},
    session::Binding,
    view::Outbox,
    visit::Visit,
};
use http::StatusCode;
use model::{Error, ErrorKind};

pub(crate) async fn show(visit: Visit) -> Answer {
    let mails = visit.app.directory.local_mails().filter(|_| visit.app.options.demo);
    let mails = mails.ok_or_else(|| Error::new(ErrorKind::NotFound, "There is nothing at this address."))?;
    html(StatusCode::OK, &Outbox { page: visit.page(&Binding::None), mails })
}
