//! Hashing off the threads that serve requests.

use std::sync::Arc;

use kernel::Ambient;
use tokio::sync::Semaphore;

use crate::{HashError, Password, PasswordHash, Peppers};

/// How many passwords are hashed at once: each takes a processor and 19 MiB.
const HASHES_AT_ONCE_MAX: usize = 4;

/// Hashes and verifies passwords on threads that may block.
#[derive(Debug, Clone)]
pub struct Hasher {
    peppers: Arc<Peppers>,
    ambient: Ambient,
    permits: Arc<Semaphore>,
}

impl Hasher {
    /// With our peppers; `ambient` gives the salts.
    pub fn new(peppers: Peppers, ambient: Ambient) -> Self {
        Self {
            peppers: Arc::new(peppers),
            ambient,
            permits: Arc::new(Semaphore::new(HASHES_AT_ONCE_MAX)),
        }
    }

    /// The peppers.
    pub fn peppers(&self) -> &Peppers {
        &self.peppers
    }

    /// Hashes a new password.
    ///
    /// # Errors
    ///
    /// See [`PasswordHash::of`].
    pub async fn hash(&self, password: Password) -> Result<PasswordHash, HashError> {
        let ambient = self.ambient.clone();
        self.run(move |peppers| PasswordHash::of(&password, peppers, &ambient))
            .await
    }

    /// Whether this is the password that is kept. Where none is kept it takes just as long, and says no.
    ///
    /// # Errors
    ///
    /// See [`PasswordHash::verify`].
    pub async fn verify(&self, kept: Option<PasswordHash>, offered: Password) -> Result<bool, HashError> {
        self.run(move |peppers| {
            let known = kept.is_some();
            let hash = kept.unwrap_or_else(|| PasswordHash::dummy(peppers));
            hash.verify(&offered, peppers).map(|same| same && known)
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Peppers) -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, HashError> {
        let permit = self.permits.clone().acquire_owned().await;
        let peppers = Arc::clone(&self.peppers);
        let done = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work(&peppers)
        });
        done.await.map_err(|_| HashError("the hashing thread ended"))?
    }
}
