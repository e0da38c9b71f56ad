//! Why a platform does not start.

use std::io;

use crate::data::DataError;
use crate::front::{OpenError, SecretsError};
use crate::gateway::RouteError;
use crate::queues::QueueError;
use crate::seed::SeedError;
use crate::sources::SourceError;
use crate::tables::TableError;

/// Why a platform does not start. Each names the place or the thing to change.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Someone else listens there.
    #[error(
        "port {port} is taken on this machine, perhaps by another tradepost: choose another with --port, or 0 for a free one"
    )]
    PortTaken {
        /// The port.
        port: u16,
    },
    /// A loopback port can't be had.
    #[error("no loopback port can be listened on")]
    Listener(#[source] io::Error),
    /// `samconfig.toml` can't be read.
    #[error(transparent)]
    Samconfig(#[from] template::SamconfigError),
    /// The templates can't be hosted.
    #[error(transparent)]
    Template(#[from] template::ReadError),
    /// A function's binary has no crate here.
    #[error("{place}: there is no function crate `{binary}` in functions/")]
    NoBinary {
        /// Where the function is declared.
        place: String,
        /// Name of the binary, the last part of `CodeUri`.
        binary: String,
    },
    /// A function could not be wired.
    #[error("{place}: the function {function} does not start")]
    Function {
        /// Where the function is declared.
        place: String,
        /// Logical id.
        function: String,
        /// Why.
        #[source]
        source: runtime::ConfigError,
    },
    /// The data directory can't be used.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The database can't be opened.
    #[error(transparent)]
    Database(#[from] OpenError),
    /// The tables can't be had.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The queues can't be had.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The secrets can't be had.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// A route can't be served.
    #[error(transparent)]
    Route(#[from] RouteError),
    /// An event source can't be hosted.
    #[error(transparent)]
    Sources(SourceError),
    /// The demo data can't be loaded.
    #[error(transparent)]
    Seed(#[from] SeedError),
}
