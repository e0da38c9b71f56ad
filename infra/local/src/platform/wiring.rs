//! Wires every declared function.

use futures::future::try_join_all;
use runtime::Host;
use template::model::Stack;

use super::StartError;
use crate::environment;
use crate::functions::Functions;
use crate::invoke::Invoker;

/// All functions at once: each may read its secrets through the front.
pub(super) async fn wire(functions: &Functions, stack: &Stack, aws_url: &str) -> Result<Invoker, StartError> {
    let wired = stack.functions.values().map(|declared| async move {
        let host = Host::hosted(environment::of(declared, aws_url));
        let place = declared.place.0.clone();
        let Some(wiring) = functions.wire(&declared.binary, host) else {
            return Err(StartError::NoBinary {
                place,
                binary: declared.binary.clone(),
            });
        };
        let function = declared.logical_id.clone();
        let code = wiring.await.map_err(|source| StartError::Function {
            place,
            function,
            source,
        })?;
        Ok((declared.clone(), code))
    });
    Ok(Invoker::new(try_join_all(wired).await?))
}
