//! What a function is wired from.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
    time::Duration,
};

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region, SharedHttpClient, retry::RetryConfig, timeout::TimeoutConfig};
use aws_smithy_http_client::tls;
use dynamo::{Dynamo, Idempotency, Outbox, Timers};
use kernel::Ambient;
use queue::Publisher;
use secrecy::SecretString;

use crate::{
    ConfigError, Environment, WebClient,
    system::{SystemChance, SystemClock},
};

/// How often the SDK tries one call.
const SDK_TRIES_MAX: u32 = 4;
/// How long one try may take.
const TRY_TIMEOUT: Duration = Duration::from_secs(3);
/// How long one call may take with all its tries.
const CALL_TIMEOUT: Duration = Duration::from_secs(8);

/// Environment, secrets, clients, clock and chance of one function.
#[derive(Debug, Clone)]
pub struct Host {
    environment: Environment,
    ambient: Ambient,
}

impl Host {
    /// Of this process: a Lambda sandbox.
    pub fn of_process() -> Self {
        Self {
            environment: Environment::of_process(),
            ambient: system(),
        }
    }

    /// With given variables: the local platform hosts a function in its own process.
    pub fn hosted(variables: BTreeMap<String, String>) -> Self {
        Self {
            environment: Environment::of(variables),
            ambient: system(),
        }
    }

    /// With given variables and a clock and chance of the caller's: tests.
    pub const fn simulated(variables: BTreeMap<String, String>, ambient: Ambient) -> Self {
        Self {
            environment: Environment::of(variables),
            ambient,
        }
    }

    /// The variables, to read a `Config` from.
    pub fn environment(&self) -> Environment {
        self.environment.clone()
    }

    /// Clock and chance.
    pub fn ambient(&self) -> Ambient {
        self.ambient.clone()
    }

    /// DynamoDB, at `AWS_ENDPOINT_URL_DYNAMODB` where that is set.
    pub fn dynamo(&self) -> Dynamo {
        let mut config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(sdk_http_client())
            .region(self.region())
            .credentials_provider(self.credentials())
            .retry_config(RetryConfig::standard().with_max_attempts(SDK_TRIES_MAX))
            .timeout_config(timeouts());
        config.set_endpoint_url(self.environment.optional("AWS_ENDPOINT_URL_DYNAMODB"));
        Dynamo::new(aws_sdk_dynamodb::Client::from_conf(config.build()), self.ambient())
    }

    /// The idempotency records, in the table of `IDEMPOTENCY_TABLE`.
    ///
    /// # Errors
    ///
    /// When the variable is missing.
    pub fn idempotency(&self) -> Result<Idempotency, ConfigError> {
        Ok(Idempotency::new(self.dynamo(), &self.variable("IDEMPOTENCY_TABLE")?))
    }

    /// The outbox, in the table of `OUTBOX_TABLE`.
    ///
    /// # Errors
    ///
    /// When the variable is missing.
    pub fn outbox(&self) -> Result<Outbox, ConfigError> {
        Ok(Outbox::new(&self.variable("OUTBOX_TABLE")?))
    }

    /// The timers, in the table of `TIMERS_TABLE`.
    ///
    /// # Errors
    ///
    /// When the variable is missing.
    pub fn timers(&self) -> Result<Timers, ConfigError> {
        Ok(Timers::new(self.dynamo(), &self.variable("TIMERS_TABLE")?))
    }

    /// SQS, at `AWS_ENDPOINT_URL_SQS` where that is set.
    pub fn publisher(&self) -> Publisher {
        let mut config = aws_sdk_sqs::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(sdk_http_client())
            .region(self.region())
            .credentials_provider(self.credentials())
            .retry_config(RetryConfig::standard().with_max_attempts(SDK_TRIES_MAX))
            .timeout_config(timeouts());
        config.set_endpoint_url(self.environment.optional("AWS_ENDPOINT_URL_SQS"));
        Publisher::new(aws_sdk_sqs::Client::from_conf(config.build()))
    }

    /// The client for calls to others. `EGRESS_LOOPBACK=true` lets strangers' URLs name this machine: a switch for
    /// development that no deployed template sets.
    pub fn web_client(&self) -> WebClient {
        WebClient::new(self.environment.optional("EGRESS_LOOPBACK").as_deref() == Some("true"))
    }

    /// The value of the secret whose ARN is in the variable `name`, from Secrets Manager.
    ///
    /// # Errors
    ///
    /// When the variable is missing or the secret cannot be read.
    pub async fn secret(&self, name: &str) -> Result<SecretString, ConfigError> {
        let arn = self.variable(name)?;
        let mut config = aws_sdk_secretsmanager::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(sdk_http_client())
            .region(self.region())
            .credentials_provider(self.credentials())
            .retry_config(RetryConfig::standard().with_max_attempts(SDK_TRIES_MAX))
            .timeout_config(timeouts());
        config.set_endpoint_url(self.environment.optional("AWS_ENDPOINT_URL_SECRETS_MANAGER"));
        let client = aws_sdk_secretsmanager::Client::from_conf(config.build());
        let output = client.get_secret_value().secret_id(&arn).send().await;
        // Neither the answer nor the SDK's error is shown: they could hold the value.
        let output = output.map_err(|_| ConfigError::from(format!("the secret of {name} cannot be read")))?;
        let value = output
            .secret_string
            .ok_or_else(|| ConfigError::from(format!("the secret of {name} is no text")))?;
        Ok(SecretString::from(value))
    }

    /// One variable that must be set.
    ///
    /// # Errors
    ///
    /// When it is not.
    pub fn variable(&self, name: &str) -> Result<String, ConfigError> {
        self.environment
            .optional(name)
            .ok_or_else(|| ConfigError::from(format!("{name} is not set")))
    }

    fn region(&self) -> Region {
        Region::new(
            self.environment
                .optional("AWS_REGION")
                .unwrap_or_else(|| "us-east-1".to_owned()),
        )
    }

    /// Lambda puts the role's credentials into the environment once per sandbox; the sandbox ends before they do.
    fn credentials(&self) -> Credentials {
        let text = |name: &str| self.environment.optional(name).unwrap_or_default();
        let token = self.environment.optional("AWS_SESSION_TOKEN");
        Credentials::new(
            text("AWS_ACCESS_KEY_ID"),
            text("AWS_SECRET_ACCESS_KEY"),
            token,
            None,
            "environment",
        )
    }
}

fn system() -> Ambient {
    Ambient::new(Arc::new(SystemClock), Arc::new(SystemChance::new()))
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(TRY_TIMEOUT)
        .operation_timeout(CALL_TIMEOUT)
        .build()
}

/// One connection pool for all clients of the process.
fn sdk_http_client() -> SharedHttpClient {
    static CLIENT: OnceLock<SharedHttpClient> = OnceLock::new();
    CLIENT
        .get_or_init(|| {
            let provider = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
            aws_smithy_http_client::Builder::new()
                .tls_provider(provider)
                .build_https()
        })
        .clone()
}
