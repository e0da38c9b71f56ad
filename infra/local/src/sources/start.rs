//! From the templates to running sources.

use std::sync::Arc;

use template::model::{EventSource, Function, Stack};
use tokio::task::JoinSet;

use super::activity::{Activity, Stop};
use super::checkpoints::{Checkpoints, Position, Reader};
use super::error::SourceError;
use super::queue::{self, QueueMapping, QueueSource};
use super::schedule::{self, ScheduleMapping, ScheduleSource};
use super::stream::{self, ShardSource, StreamMapping};
use super::{Options, Ports, Shared, Sources};

/// All sources of a stack, checked.
#[derive(Default)]
struct Checked {
    queues: Vec<QueueMapping>,
    streams: Vec<(Function, StreamMapping, String)>,
    /// With whether it is enabled.
    schedules: Vec<(ScheduleMapping, bool)>,
}

/// Checks what the templates declare, without starting anything: a template that cannot be hosted is named here.
pub fn check(stack: &Stack) -> Result<(), SourceError> {
    checked(stack).map(|_| ())
}

fn checked(stack: &Stack) -> Result<Checked, SourceError> {
    let mut checked = Checked::default();
    for function in stack.functions.values() {
        for source in &function.sources {
            match source {
                EventSource::Queue(declared) => {
                    let mapping = queue::check(stack, function, declared)?;
                    if declared.enabled {
                        checked.queues.push(mapping);
                    }
                }
                EventSource::Stream(declared) => {
                    let mapping = stream::check(stack, function, declared)?;
                    if declared.enabled {
                        checked.streams.push((function.clone(), mapping, declared.name.clone()));
                    }
                }
                EventSource::Schedule(declared) => {
                    checked
                        .schedules
                        .push((schedule::check(stack, function, declared)?, declared.enabled));
                }
            }
        }
    }
    Ok(checked)
}

impl Sources {
    /// Checks and starts every source. Tables and queues must exist by now. When it returns, a `LATEST` reader has its
    /// position: later writes reach it.
    pub async fn start(stack: &Stack, ports: Ports, options: Options) -> Result<Self, SourceError> {
        let checked = checked(stack)?;
        let (trigger, stop) = Stop::new();
        let checkpoints = Checkpoints::open(options.data.as_deref())?;
        let shared = Arc::new(Shared {
            ports,
            checkpoints,
            activity: Arc::new(Activity::default()),
            stop,
        });
        let mut shards = Vec::new();
        for (function, mapping, event) in checked.streams {
            shards.extend(open_shards(&shared, &function, mapping, &event).await?);
        }
        let mut tasks = JoinSet::new();
        let queues = checked.queues.iter().map(|mapping| mapping.queue.clone()).collect();
        for mapping in checked.queues {
            tasks.spawn(Arc::new(QueueSource::new(mapping, Arc::clone(&shared))).run());
        }
        for shard in &shards {
            tasks.spawn(Arc::clone(shard).run());
        }
        let mut schedules = Vec::new();
        for (mapping, enabled) in checked.schedules {
            let schedule = Arc::new(ScheduleSource::new(mapping, Arc::clone(&shared)));
            if enabled && options.schedules {
                tasks.spawn(Arc::clone(&schedule).run());
            }
            schedules.push(schedule);
        }
        Ok(Self {
            shared,
            trigger,
            tasks,
            queues,
            shards,
            schedules,
        })
    }
}

async fn open_shards(
    shared: &Arc<Shared>,
    function: &Function,
    mapping: StreamMapping,
    event: &str,
) -> Result<Vec<Arc<ShardSource>>, SourceError> {
    let unreadable = |source| SourceError::Stream {
        place: function.place.0.clone(),
        event: event.to_owned(),
        source,
    };
    let mapping = Arc::new(mapping);
    let streams = &shared.ports.streams;
    let info = streams.describe(&mapping.table).await.map_err(unreadable)?;
    let mut shards = Vec::new();
    for shard in info.shards {
        let reader = Reader {
            source: mapping.source.clone(),
            stream: format!("{}/{}", mapping.table, info.label),
            shard: shard.clone(),
        };
        let position = match shared.checkpoints.get(&reader)? {
            Some(position) => position,
            None if mapping.from_start => Position::Start,
            None => {
                let newest = streams.newest(&mapping.table, &shard).await.map_err(unreadable)?;
                let position = newest.map_or(Position::Start, Position::After);
                // Kept at once: a restart must not skip what came in between.
                shared.checkpoints.put(&reader, &position)?;
                position
            }
        };
        let wake = shared.ports.waker.register(&mapping.table);
        shards.push(Arc::new(ShardSource::new(
            Arc::clone(&mapping),
            reader,
            position,
            wake,
            Arc::clone(shared),
        )));
    }
    Ok(shards)
}
