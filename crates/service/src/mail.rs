//! Mails: queued in the commit that causes them, sealed, sent by a reconciler, and erased with the person.

use crate::{
    Directory,
    authn::{directory_scope, scope},
    outside::{Mailing, PostFault},
    record::Draft,
};
use model::{
    Cx, Error, ErrorKind, ObjectId, Result, Span, TenantScope, Timestamp, audit::Activity, mint_uuid,
};
use serde::{Deserialize, Serialize};
use std::{collections::VecDeque, sync::PoisonError};
use store::{ChangeSet, Decision, QueuedMail, Reader};

/// How long an invitation is worth sending.
pub(crate) const INVITATION_LIFE: Span = Span::days(3);
/// The name of the lease.
const LEASE: &str = "mail";
/// How many mails are taken in one go.
const BATCH: u16 = 20;
/// How many mails the page of a demonstration keeps.
const KEPT: usize = 200;

/// What a mail says, not yet in words.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "template", content = "values", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Message {
    /// Somebody is invited.
    Invitation {
        /// The inviting organisation.
        organization: String,
        /// Who invited, if that is a person.
        invited_by: Option<String>,
        /// What the inviter adds, as plain text.
        message: Option<String>,
        /// Where to accept.
        link: String,
    },
    /// Somebody else was invited.
    InvitationCopy {
        /// The inviting organisation.
        organization: String,
        /// Who was invited.
        address: String,
        /// What the inviter adds, as plain text.
        message: Option<String>,
    },
    /// Somebody signs in with a mailbox.
    Passcode {
        /// The passcode.
        code: String,
        /// How long it is good for.
        minutes: i64,
    },
}

/// One mail, not yet in words: `{"to", "language", "template", "values"}`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Mail {
    /// One plain address.
    pub to: String,
    /// A language tag; a language that there is no file for is written in English.
    pub language: String,
    /// What it says.
    #[serde(flatten)]
    pub message: Message,
}

/// A mail on the page of a demonstration.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LocalMail {
    /// Whose data it is.
    subject: String,
    /// The mail.
    pub letter: crate::Letter,
    /// When it would have been sent.
    pub at: Timestamp,
}

/// What one pass did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct MailPass {
    /// Mails that were taken.
    pub sent: u64,
    /// Mails that are tried again later.
    pub delayed: u64,
    /// Mails that will never be taken.
    pub given_up: u64,
}

/// How long to wait after so many tries: 5 seconds, then four times as long each time, at most an hour.
fn wait_after(attempts: i64) -> Span {
    match attempts {
        ..1 => Span::seconds(5),
        n @ 1..5 => Span::seconds(5 << (2 * n)),
        _ => Span::hours(1),
    }
}

fn label(mail: &QueuedMail) -> String {
    format!("mail/{}/{}", mail.tenant, mail.id)
}

impl Directory {
    /// Can mails be sent at all?
    pub fn sends_mail(&self) -> bool {
        !matches!(self.inner.outside.mailing, Mailing::Off)
    }

    /// Queues a mail in the commit that causes it. `subject` is the id of the user object whose data it is (or the keyed hash
    /// of a mailbox): the mail is erased with them. Does nothing where mail is off.
    pub(crate) fn queue_mail(
        &self,
        changes: &mut ChangeSet,
        cx: &Cx,
        scope: TenantScope,
        (subject, life): (impl ToString, Span),
        mail: &Mail,
    ) -> Result<()> {
        if !self.sends_mail() {
            return Ok(());
        }
        let mut queued = QueuedMail {
            tenant: scope.tenant(),
            id: mint_uuid(cx.random.as_ref()),
            subject: subject.to_string(),
            sealed: String::new(),
            attempts: 0,
            next: cx.now,
            expires: cx.now + life,
            created: cx.now,
        };
        let text = serde_json::to_vec(mail)
            .map_err(|error| Error::internal(format!("a mail is no JSON: {error}")))?;
        queued.sealed = self.seal(cx, &label(&queued), &text)?;
        changes.queue_mail(scope, &queued);
        Ok(())
    }

    /// Sends what is due. Safe to run at any time and on two servers: a mail is claimed before it is handed over, so that it
    /// goes out twice only if a server dies between the handing over and the commit behind it.
    pub async fn mail_pass(&self) -> Result<MailPass> {
        let now = self.reading().now;
        let due = self.store().read_across(move |across| across.due_mails(now, 1)).await?;
        let holder = mint_uuid(self.own_cx().random.as_ref());
        if due.is_empty() || !self.take_lease(LEASE, holder).await? {
            return Ok(MailPass::default());
        }
        let pass = self.send_due(holder).await;
        self.release_lease(LEASE, holder).await?;
        pass
    }

    async fn send_due(&self, holder: uuid::Uuid) -> Result<MailPass> {
        let mut pass = MailPass::default();
        loop {
            let now = self.reading().now;
            let due = self.store().read_across(move |across| across.due_mails(now, BATCH)).await?;
            if due.is_empty() {
                return Ok(pass);
            }
            for mail in due {
                // For each, because a slow mail server may take as long as a lease for a few of them.
                if !self.take_lease(LEASE, holder).await? {
                    return Ok(pass);
                }
                self.send_one(&mut pass, mail).await?;
            }
        }
    }

    async fn send_one(&self, pass: &mut MailPass, mail: QueuedMail) -> Result<()> {
        let cx = self.own_cx();
        if mail.expires <= cx.now {
            pass.given_up += 1;
            return self.give_up(&cx, mail, "expired").await;
        }
        let (claimed, next) = (mail.clone(), cx.now + wait_after(mail.attempts));
        let claim = self
            .store()
            .commit(scope(mail.tenant), move |_| {
                let mut changes = ChangeSet::new();
                changes.claim_mail(&claimed, next);
                Decision::done(changes, ())
            })
            .await;
        match claim {
            Ok(()) => {}
            // Somebody else took it, or it was erased with its person.
            Err(error) if error.kind() == ErrorKind::Conflict => return Ok(()),
            Err(error) => return Err(error),
        }
        let plain = match self.open_mail(&mail) {
            Ok(plain) => plain,
            Err(error) => {
                tracing::error!(?error, "a mail cannot be opened and is given up");
                pass.given_up += 1;
                return self.give_up(&cx, mail, "unreadable").await;
            }
        };
        match self.deliver(&cx, &mail, &plain).await {
            Ok(()) => {
                pass.sent += 1;
                self.finish_mail(mail).await
            }
            Err(PostFault::Later(why)) => {
                tracing::warn!(mail = %mail.id, attempt = mail.attempts + 1, why, "a mail was not taken; it is tried again");
                pass.delayed += 1;
                Ok(())
            }
            Err(PostFault::Never(why)) => {
                tracing::warn!(mail = %mail.id, why, "a mail was refused and is given up");
                pass.given_up += 1;
                self.give_up(&cx, mail, "refused").await
            }
        }
    }

    fn open_mail(&self, mail: &QueuedMail) -> Result<Mail> {
        let plain = self.open_sealed(&label(mail), &mail.sealed)?;
        serde_json::from_slice(&plain)
            .map_err(|error| Error::internal(format!("a mail does not parse: {error}")))
    }

    async fn deliver(&self, cx: &Cx, mail: &QueuedMail, plain: &Mail) -> std::result::Result<(), PostFault> {
        match &self.inner.outside.mailing {
            Mailing::Off => Err(PostFault::Later("mail is switched off".to_owned())),
            Mailing::Post(word, post) => post.deliver(&word(plain)).await,
            Mailing::Local(word) => {
                let letter = word(plain);
                let mut kept = self.inner.local_mails.lock().unwrap_or_else(PoisonError::into_inner);
                kept.push_front(LocalMail { subject: mail.subject.clone(), letter, at: cx.now });
                kept.truncate(KEPT);
                Ok(())
            }
        }
    }

    async fn finish_mail(&self, mail: QueuedMail) -> Result<()> {
        self.store()
            .commit(scope(mail.tenant), move |_| {
                let mut changes = ChangeSet::new();
                changes.finish_mail(&mail);
                Decision::done(changes, ())
            })
            .await
    }

    /// Takes a mail out of the queue that will not be sent, and says so in the organisation's audit log.
    async fn give_up(&self, cx: &Cx, mail: QueuedMail, why: &'static str) -> Result<()> {
        let cx = cx.clone();
        self.store()
            .commit(scope(mail.tenant), move |reader| {
                let mut changes = ChangeSet::new();
                changes.finish_mail(&mail);
                // People with a mailbox and no home have no organisation of their own whose log could hold it.
                if mail.tenant != directory_scope().tenant() {
                    let draft = Draft::by_system(&cx, Activity::SendMail, "mail");
                    let draft = match about(reader, &mail)? {
                        Some(user) => draft.on_user(&cx, &user),
                        None => draft,
                    };
                    changes.record(draft.refused(why).detail("attempts", mail.attempts).done());
                }
                Decision::done(changes, ())
            })
            .await
    }

    /// Mails of a demonstration, the newest first; nothing where they really go out.
    pub fn local_mails(&self) -> Option<Vec<LocalMail>> {
        matches!(self.inner.outside.mailing, Mailing::Local(_)).then(|| {
            let kept = self.inner.local_mails.lock().unwrap_or_else(PoisonError::into_inner);
            kept.iter().cloned().collect()
        })
    }

    /// Forgets the mails that a demonstration shows of somebody who is erased.
    pub(crate) fn forget_local_mails(&self, subject: &str) {
        let mut kept = self.inner.local_mails.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|mail| mail.subject != subject);
    }
}

/// The mails that a demonstration shows.
pub(crate) type LocalMails = std::sync::Mutex<VecDeque<LocalMail>>;

fn about(reader: &Reader<'_>, mail: &QueuedMail) -> Result<Option<model::User>> {
    match mail.subject.parse::<ObjectId>() {
        Ok(id) => reader.user(id),
        Err(_) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_grows_fourfold_up_to_an_hour() {
        for (attempts, seconds) in
            [(0, 5), (1, 20), (2, 80), (3, 320), (4, 1280), (5, 3600), (i64::MAX, 3600)]
        {
            assert_eq!(wait_after(attempts), Span::seconds(seconds), "{attempts}");
        }
    }

    #[test]
    fn a_mail_has_one_form_in_the_store() {
        let mail = Mail {
            to: "ana@fabrikam.example".to_owned(),
            language: "en".to_owned(),
            message: Message::Passcode { code: "12345678".to_owned(), minutes: 10 },
        };
        let text = r#"{"to":"ana@fabrikam.example","language":"en","template":"passcode","values":{"code":"12345678","minutes":10}}"#;
        assert_eq!(serde_json::to_string(&mail).unwrap(), text);
        assert_eq!(serde_json::from_str::<Mail>(text).unwrap(), mail);
    }
}
