//! The code of the functions, by the name of their binary: the one list here that is not in the templates.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use runtime::{ConfigError, Function, Host};

use crate::invoke::{Code, Failure};

type Wired = BoxFuture<'static, Result<Code, ConfigError>>;
type Wire = Arc<dyn Fn(Host) -> Wired + Send + Sync>;

/// Code by binary name.
#[derive(Clone, Default)]
pub struct Functions {
    wires: BTreeMap<String, Wire>,
}

impl Functions {
    /// The crates of `functions/`.
    pub fn of_this_build() -> Self {
        let mut functions = Self::default();
        macro_rules! host {
            ($($name:literal => $package:ident,)*) => {
                $(functions.add($name, |host| $package::wire(host));)*
            };
        }
        host! {}
        functions
    }

    /// Adds the code of one binary, as a function crate's `wire` gives it.
    pub fn add<F>(&mut self, binary: &str, wire: impl Fn(Host) -> F + Send + Sync + 'static)
    where
        F: Future<Output = Result<Function, ConfigError>> + Send + 'static,
    {
        let wire: Wire = Arc::new(move |host| {
            let wired = wire(host);
            async move { wired.await.map(code) }.boxed()
        });
        self.wires.insert(binary.to_owned(), wire);
    }

    /// Adds code that is made from its variables at once; for tests of the platform itself.
    pub fn add_host(&mut self, binary: &str, make: impl Fn(&Host) -> Code + Send + Sync + 'static) {
        let wire: Wire = Arc::new(move |host| futures::future::ready(Ok(make(&host))).boxed());
        self.wires.insert(binary.to_owned(), wire);
    }

    /// Names of the binaries.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.wires.keys().map(String::as_str)
    }

    /// Wires one binary; `None` when there is no such binary.
    pub(crate) fn wire(&self, binary: &str, host: Host) -> Option<Wired> {
        self.wires.get(binary).map(|wire| wire(host))
    }
}

fn code(function: Function) -> Code {
    Arc::new(move |event, context| {
        let function = function.clone();
        async move {
            let answer = function.invoke(event, context).await;
            answer.map_err(|error| Failure {
                error_type: error.error_type,
                message: error.message,
            })
        }
        .boxed()
    })
}
