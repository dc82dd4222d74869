//! Hashing passwords with argon2id, off the async threads and few at a time.

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Argon2, Params};
use firsthop_core::limits::PASSWORDS_HASHED_AT_ONCE_MAX;
use firsthop_core::protocol::{Code, Problem};
use tokio::sync::Semaphore;

use crate::host;

/// See the module.
pub struct Hasher {
    places: Semaphore,
}

impl Default for Hasher {
    fn default() -> Self {
        Self {
            places: Semaphore::new(PASSWORDS_HASHED_AT_ONCE_MAX),
        }
    }
}

/// argon2id with the library's parameters (19 MiB, 2 passes), which are OWASP's.
fn argon2() -> Argon2<'static> {
    Argon2::new(
        argon2::Algorithm::Argon2id,
        argon2::Version::V0x13,
        Params::DEFAULT,
    )
}

/// Hashes a password; takes some 20 ms.
///
/// # Errors
/// `internal`.
pub fn hash_now(password: &str) -> Result<String, Problem> {
    let fault = |_| Problem::new(Code::Internal, "the password could not be hashed");
    let salt = SaltString::encode_b64(&host::random::<16>()).map_err(fault)?;
    argon2()
        .hash_password(password.as_bytes(), &salt)
        .map(|hash| hash.to_string())
        .map_err(fault)
}

impl Hasher {
    /// Hashes a password.
    ///
    /// # Errors
    /// `internal`.
    pub async fn hash(&self, password: String) -> Result<String, Problem> {
        let _place = self.places.acquire().await;
        tokio::task::spawn_blocking(move || hash_now(&password))
            .await
            .map_err(|_| Problem::new(Code::Internal, "the password could not be hashed"))?
    }

    /// Whether the password is the one of the hash; without a hash, takes as long and says no.
    pub async fn verify(&self, password: String, hash: Option<String>) -> bool {
        let _place = self.places.acquire().await;
        let verified =
            tokio::task::spawn_blocking(move || match hash.as_deref().map(PasswordHash::new) {
                Some(Ok(hash)) => argon2().verify_password(password.as_bytes(), &hash).is_ok(),
                _ => {
                    let _same_time = hash_now(&password);
                    false
                }
            });
        verified.await.unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_verifies() {
        let hasher = Hasher::default();
        let hash = hasher.hash("correct horse".to_owned()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(
            hasher
                .verify("correct horse".to_owned(), Some(hash.clone()))
                .await
        );
        assert!(!hasher.verify("correct h0rse".to_owned(), Some(hash)).await);
        assert!(!hasher.verify("correct horse".to_owned(), None).await);
        assert!(
            !hasher
                .verify("correct horse".to_owned(), Some("damaged".to_owned()))
                .await
        );
    }
}
