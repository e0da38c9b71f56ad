//! How letters leave.

use kernel::NotificationId;
use messaging::notification::{Language, Letter, post};
use web::HttpClient;

/// The port behind which the ways of sending are.
#[derive(Debug)]
pub struct Sender<C> {
    client: C,
    gateway: Option<String>,
}

/// The gateway, or the recipient's own URL, did not take a letter: a later try may succeed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the letter was not taken: {0}")]
pub struct NotTaken(String);

impl<C: HttpClient> Sender<C> {
    /// With the URL of the gateway for e-mail and SMS; without one, such letters are recorded instead of sent.
    pub const fn new(client: C, gateway: Option<String>) -> Self {
        Self { client, gateway }
    }

    /// Where a letter is handed to; `None` when it is only recorded.
    pub(crate) fn hands_to<'a>(&'a self, letter: &'a Letter) -> Option<&'a str> {
        letter.own_url().or(self.gateway.as_deref())
    }

    /// Sends a letter, or leaves it at its record. Any 2xx is taken; the id is the same over every try.
    ///
    /// # Errors
    ///
    /// When it was not taken.
    pub(crate) async fn send(
        &self,
        id: NotificationId,
        template: (&str, Language),
        letter: &Letter,
    ) -> Result<(), NotTaken> {
        let Some(url) = self.hands_to(letter) else {
            return Ok(());
        };
        match self.client.send(post(url, id, template, letter)).await {
            Ok(answer) if (200..300).contains(&answer.status) => Ok(()),
            Ok(answer) => Err(NotTaken(format!("status {}", answer.status))),
            // The error's own text may name the URL.
            Err(_) => Err(NotTaken("no answer".to_owned())),
        }
    }
}
