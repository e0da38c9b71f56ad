//! Secrets Manager, as far as functions use it: `GetSecretValue`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use http::StatusCode;
use serde_json::{Value, json};
use template::model::Secret;

use super::call::Call;
use super::interceptor::Answer;
use crate::clock;

/// File of the made-up secrets in the data directory.
const FILE: &str = "secrets.json";
/// Bytes of a made-up secret, written as hexadecimal.
const SECRET_BYTES: usize = 32;

/// Why the secrets could not be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// A file could not be read or written.
    #[error("the secrets file {path} can't be used")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A file is not a JSON object.
    #[error("the secrets file {path} is not a JSON object")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What the parser said.
        #[source]
        source: serde_json::Error,
    },
}

/// Values of the declared secrets.
#[derive(Debug)]
pub struct Secrets {
    by_id: BTreeMap<String, Stored>,
}

#[derive(Debug, Clone)]
struct Stored {
    arn: String,
    name: String,
    value: String,
}

impl Secrets {
    /// Values from the secrets file (by logical id; a name that begins with `//` is a comment), or made up and kept in the data directory.
    pub fn load(
        declared: &BTreeMap<String, Secret>,
        file: Option<&Path>,
        data: Option<&Path>,
    ) -> Result<Self, SecretsError> {
        let given = file.map(read).transpose()?.unwrap_or_default();
        for secret in given
            .keys()
            .filter(|id| !id.starts_with("//") && !declared.contains_key(*id))
        {
            tracing::warn!(secret, "secrets.not_declared");
        }
        let kept = data.map(|directory| directory.join(FILE));
        let mut made = match &kept {
            Some(path) if path.exists() => read(path)?,
            _ => BTreeMap::new(),
        };
        let before = made.len();
        for id in declared.keys().filter(|id| !given.contains_key(*id)) {
            made.entry(id.clone())
                .or_insert_with(|| Value::String(hex::encode(clock::random::<SECRET_BYTES>())));
        }
        if let Some(path) = kept.filter(|_| made.len() > before) {
            write(&path, &made)?;
        }
        let mut by_id = BTreeMap::new();
        for (id, secret) in declared {
            let value = match given.get(id).or_else(|| made.get(id)) {
                Some(Value::String(text)) => text.clone(),
                Some(other) => other.to_string(),
                None => continue,
            };
            let stored = Stored {
                arn: secret.arn.clone(),
                name: secret.name.clone(),
                value,
            };
            by_id.insert(stored.arn.clone(), stored.clone());
            by_id.insert(stored.name.clone(), stored);
        }
        Ok(Self { by_id })
    }

    /// Values by logical id, for the seed script's `${secret.Id}`.
    pub fn by_logical_id<'a>(
        &'a self,
        declared: &'a BTreeMap<String, Secret>,
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        declared
            .iter()
            .filter_map(|(id, secret)| Some((id.as_str(), self.by_id.get(&secret.arn)?.value.as_str())))
    }

    /// Answers a call.
    pub(super) fn answer(&self, call: &Call) -> Answer {
        if call.operation != "GetSecretValue" {
            return Answer::error(
                StatusCode::BAD_REQUEST,
                "InvalidRequestException",
                "The operation is not available here.",
            );
        }
        let id = call.request.get("SecretId").and_then(Value::as_str).unwrap_or_default();
        let Some(stored) = self.by_id.get(id) else {
            let message = "Secrets Manager can't find the specified secret.";
            return Answer::error(StatusCode::BAD_REQUEST, "ResourceNotFoundException", message);
        };
        let body = json!({
            "ARN": stored.arn,
            "Name": stored.name,
            "SecretString": stored.value,
            "VersionId": "00000000-0000-4000-8000-000000000000",
            "VersionStages": ["AWSCURRENT"],
        });
        Answer::success(body.to_string())
    }
}

fn read(path: &Path) -> Result<BTreeMap<String, Value>, SecretsError> {
    let text = fs::read(path).map_err(|source| SecretsError::File {
        path: path.to_owned(),
        source,
    })?;
    serde_json::from_slice(&text).map_err(|source| SecretsError::Malformed {
        path: path.to_owned(),
        source,
    })
}

/// Replaces the file as a whole, so that a crash leaves the old or the new one.
fn write(path: &Path, secrets: &BTreeMap<String, Value>) -> Result<(), SecretsError> {
    let fault = |source| SecretsError::File {
        path: path.to_owned(),
        source,
    };
    let text = serde_json::to_vec_pretty(secrets).map_err(|error| fault(error.into()))?;
    let fresh = path.with_extension("json.new");
    fs::write(&fresh, text)
        .and_then(|()| fs::rename(&fresh, path))
        .map_err(fault)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value, json};
    use template::model::{Place, Secret};

    use super::{SECRET_BYTES, Secrets};
    use crate::front::call::{Call, Service};

    fn declared() -> BTreeMap<String, Secret> {
        let secret = |id: &str| Secret {
            logical_id: id.to_owned(),
            place: Place::default(),
            name: format!("stack-{id}"),
            arn: format!("arn:{id}"),
        };
        ["Given", "Made"].map(|id| (id.to_owned(), secret(id))).into()
    }

    fn value(secrets: &Secrets, id: &str) -> Value {
        let (caller, operation) = (String::new(), "GetSecretValue".to_owned());
        let request = json!({ "SecretId": id });
        let answer = secrets.answer(&Call {
            caller,
            service: Service::SecretsManager,
            operation,
            request,
        });
        serde_json::from_slice(&answer.body).unwrap()
    }

    #[test]
    fn given_values_are_used_and_the_others_made_up_once() {
        let folder = std::env::temp_dir().join(crate::clock::request_id());
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("given.json");
        std::fs::write(&file, json!({"//": "a comment", "Given": {"a": 1}}).to_string()).unwrap();
        let secrets = Secrets::load(&declared(), Some(&file), Some(&folder)).unwrap();
        assert_eq!(value(&secrets, "arn:Given")["SecretString"], json!(r#"{"a":1}"#));
        let made = value(&secrets, "stack-Made")["SecretString"].clone();
        assert_eq!(made.as_str().map(str::len), Some(2 * SECRET_BYTES));
        assert_eq!(
            value(&secrets, "arn:Other")["__type"],
            json!("ResourceNotFoundException")
        );
        let again = Secrets::load(&declared(), Some(&file), Some(&folder)).unwrap();
        assert_eq!(value(&again, "arn:Made")["SecretString"], made, "a restart keeps it");
        std::fs::remove_dir_all(folder).unwrap();
    }
}
