//! Starts a platform part by part, and stops it in the opposite order.

mod error;
mod running;
#[cfg(test)]
mod tests;
mod wiring;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use template::model::Stack;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use error::StartError;
pub use running::Running;

use crate::account;
use crate::data::DataDirectory;
use crate::front::{Admin, DynamoDb, Front, Meter, Secrets};
use crate::gateway::Gateway;
use crate::handles::Handles;
use crate::options::{Options, Storage};
use crate::permissions::Permissions;
use crate::queues::EmbeddedQueues;
use crate::seed::Seeder;
use crate::sources::stream::embedded::EmbeddedStreams;
use crate::sources::{self, Sources, Waker};
use crate::{queues, server, tables};

/// How often expired items are swept.
const SWEEP_EACH: Duration = Duration::from_mins(1);
/// Prefix of every physical name.
const STACK: &str = "tradepost";
/// The environment of `samconfig.toml` whose parameters hold here.
const SAMCONFIG_ENVIRONMENT: &str = "local";

/// The local platform.
pub struct Platform;

/// What all later steps need of the earlier ones.
struct Base {
    options: Options,
    stack: Arc<Stack>,
    data: Option<Arc<DataDirectory>>,
    url: String,
    aws_url: String,
    /// Thrown first: no new work.
    draining: watch::Sender<bool>,
    /// Thrown last: the front and the database close.
    closed: watch::Sender<bool>,
}

/// The front, and what is behind it.
struct Behind {
    handles: Handles,
    permissions: Arc<Permissions>,
    meter: Meter,
    waker: Waker,
    /// Variables of the seed script: `secret.<logical id>`.
    secrets: BTreeMap<String, String>,
    front: JoinHandle<()>,
    admin: Admin,
}

impl Platform {
    /// Starts a platform. When it answers, the gateway serves and demo data is loaded.
    ///
    /// Dropping the [`Running`] stops it at once; [`Running::shutdown`] drains it.
    pub async fn start(options: Options) -> Result<Running, StartError> {
        let gateway = bind(options.port).await?;
        let front = bind(options.aws_port).await?;
        let base = Base::prepare(options, &gateway, &front)?;
        let Behind {
            handles,
            permissions,
            meter,
            waker,
            secrets,
            front,
            admin,
        } = base.serve_front(front).await?;
        let gateway = base.serve_gateway(gateway, &handles)?;
        let sources = Arc::new(base.start_sources(&handles, waker).await?);
        admin.runs(&sources);
        tokio::spawn(sweep(handles.clone()));
        let variables = base.seed(&secrets).await?;
        Ok(Running {
            base_url: base.url,
            aws_url: base.aws_url,
            staff_token: variables.get("staff_token").cloned(),
            variables,
            data: base.data.as_ref().map(|data| data.path().to_owned()),
            meter,
            permissions,
            handles,
            sources,
            gateway,
            draining: base.draining,
            closed: base.closed,
            front,
        })
    }
}

impl Base {
    fn prepare(options: Options, gateway: &TcpListener, front: &TcpListener) -> Result<Self, StartError> {
        let (url, aws_url) = (url_of(gateway)?, url_of(front)?);
        let stack = read_templates(&options, &url, &aws_url)?;
        sources::check(&stack).map_err(StartError::Sources)?;
        for function in stack.functions.values() {
            if !options.functions.names().any(|name| name == function.binary) {
                let (place, binary) = (function.place.0.clone(), function.binary.clone());
                return Err(StartError::NoBinary { place, binary });
            }
        }
        let data = match &options.storage {
            Storage::Ephemeral => None,
            Storage::Directory(path) => Some(Arc::new(DataDirectory::open(path)?)),
        };
        let (draining, closed) = (watch::Sender::new(false), watch::Sender::new(false));
        Ok(Self {
            options,
            stack: Arc::new(stack),
            data,
            url,
            aws_url,
            draining,
            closed,
        })
    }

    fn data(&self) -> Option<PathBuf> {
        self.data.as_ref().map(|data| data.path().to_owned())
    }

    /// State, the front before it, and the functions behind that.
    async fn serve_front(&self, listener: TcpListener) -> Result<Behind, StartError> {
        let data = self.data();
        let dynamodb = DynamoDb::open(data.as_deref(), self.closed.subscribe())?;
        let database = dynamodb.database().clone();
        tables::create(&database, self.stack.tables.values())?;
        let sqs = queues::open(data.as_deref(), &self.aws_url)?;
        queues::declare(&sqs, &self.stack.queues).await?;
        let file = self.options.secrets_file();
        let secrets = Secrets::load(&self.stack.secrets, file.as_deref(), data.as_deref())?;
        let given = secrets.by_logical_id(&self.stack.secrets);
        let given = given
            .map(|(id, value)| (format!("secret.{id}"), value.to_owned()))
            .collect();
        let (admin, meter, waker) = (Admin::default(), Meter::default(), Waker::default());
        let permissions = Arc::new(Permissions::new(&self.stack));
        let mut interceptors = self.options.interceptors.clone();
        if self.options.permissions {
            // First: a fault is met only by a call that AWS would have let through.
            interceptors.insert(0, permissions.clone());
        }
        let front = Front {
            dynamodb,
            sqs: sqs.clone(),
            secrets,
            interceptors,
            meter: meter.clone(),
            waker: waker.clone(),
            admin: admin.clone(),
            _lock: self.data.clone(),
        };
        let front = tokio::spawn(server::serve(listener, Arc::new(front), self.closed.subscribe()));
        let invoker = wiring::wire(&self.options.functions, &self.stack, &self.aws_url).await?;
        let handles = Handles {
            stack: Arc::clone(&self.stack),
            invoker,
            sqs,
            database,
            aws_url: self.aws_url.clone(),
            data,
            shutdown: self.draining.subscribe(),
            lock: self.data.clone(),
        };
        admin.hosts(&handles.invoker, &permissions);
        Ok(Behind {
            handles,
            permissions,
            meter,
            waker,
            secrets: given,
            front,
            admin,
        })
    }

    fn serve_gateway(&self, listener: TcpListener, handles: &Handles) -> Result<Option<JoinHandle<()>>, StartError> {
        let port = listener.local_addr().map_err(StartError::Listener)?.port();
        let Some(api) = &self.stack.api else { return Ok(None) };
        let gateway = Gateway::new(api, handles.invoker.clone(), port)?;
        Ok(Some(tokio::spawn(server::serve(
            listener,
            Arc::new(gateway),
            self.draining.subscribe(),
        ))))
    }

    async fn start_sources(&self, handles: &Handles, waker: Waker) -> Result<Sources, StartError> {
        let ports = sources::Ports {
            invoke: Arc::new(handles.invoker.clone()),
            queues: Arc::new(EmbeddedQueues(handles.sqs.clone(), handles.lock.clone())),
            streams: Arc::new(EmbeddedStreams::new(handles.database.clone())),
            clock: Arc::new(sources::ports::SystemClock),
            waker,
        };
        let options = sources::Options {
            data: self.data(),
            schedules: self.options.schedules,
        };
        Sources::start(&self.stack, ports, options)
            .await
            .map_err(StartError::Sources)
    }

    async fn seed(&self, secrets: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>, StartError> {
        let Some(script) = self.options.seed_file() else {
            return Ok(BTreeMap::new());
        };
        let mut given = secrets.clone();
        given.insert("base_url".to_owned(), self.url.clone());
        given.insert("aws_url".to_owned(), self.aws_url.clone());
        Ok(Seeder::new(&self.url)
            .run(&script, &given, self.data().as_deref())
            .await?)
    }
}

async fn bind(port: u16) -> Result<TcpListener, StartError> {
    server::bind(port).await.map_err(|source| match source.kind() {
        std::io::ErrorKind::AddrInUse => StartError::PortTaken { port },
        _ => StartError::Listener(source),
    })
}

fn url_of(listener: &TcpListener) -> Result<String, StartError> {
    listener
        .local_addr()
        .map(|address| format!("http://{address}"))
        .map_err(StartError::Listener)
}

fn read_templates(options: &Options, base_url: &str, aws_url: &str) -> Result<Stack, StartError> {
    let samconfig = options
        .infra()
        .parent()
        .map(|root| root.join("samconfig.toml"))
        .filter(|path| path.exists());
    let mut parameters = match samconfig {
        Some(path) => template::overrides(&path, SAMCONFIG_ENVIRONMENT)?,
        None => BTreeMap::new(),
    };
    parameters.insert("PublicUrl".to_owned(), base_url.to_owned());
    parameters.extend(options.parameters.clone());
    let read = template::Options {
        parameters,
        region: account::REGION.to_owned(),
        account: account::ACCOUNT.to_owned(),
        stack_name: STACK.to_owned(),
        queue_base_url: aws_url.to_owned(),
    };
    Ok(template::read(&options.template, &read)?)
}

/// Deletes expired items each minute, as DynamoDB does some time.
async fn sweep(handles: Handles) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(SWEEP_EACH) => {}
            () = handles.draining() => return,
        }
        let database = handles.database.clone();
        match tokio::task::spawn_blocking(move || database.sweep_ttl()).await {
            Ok(Ok(0)) => {}
            Ok(Ok(items)) => tracing::debug!(items, "dynamodb.expired"),
            Ok(Err(error)) => tracing::warn!(%error, "dynamodb.sweep_failed"),
            Err(error) => tracing::warn!(%error, "dynamodb.sweep_failed"),
        }
    }
}
