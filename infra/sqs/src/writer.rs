//! The thread that writes the journal. Jobs that wait together share one commit.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::error::{Error, OpenError};
use crate::journal::Journal;
use crate::limits::GROUP_COMMIT_MAX;
use crate::store;

/// Changes to write, and whom to tell when they are safe.
struct Job {
    writes: Journal,
    done: oneshot::Sender<()>,
}

/// Writes changes in the order in which they are submitted. After a failed write it accepts nothing more: memory is
/// then ahead of the disk, and only opening the service again makes them agree.
#[derive(Debug)]
pub(crate) struct Writer {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

/// Resolves when the changes are safe.
#[derive(Debug)]
pub(crate) enum Ticket {
    Safe,
    Pending(oneshot::Receiver<()>),
    Refused,
}

impl Ticket {
    pub(crate) async fn wait(self) -> Result<(), Error> {
        match self {
            Self::Safe => Ok(()),
            Self::Pending(done) => done.await.map_err(|_| Error::Internal),
            Self::Refused => Err(Error::Internal),
        }
    }
}

impl Writer {
    pub(crate) fn start(db: Connection) -> Result<Self, OpenError> {
        // Unbounded, but every caller waits for its own job: there are as many jobs as there are requests.
        let (jobs, inbox) = channel();
        let thread = std::thread::Builder::new().name("sqs-journal".into()).spawn(move || {
            if let Err(error) = run(db, &inbox) {
                tracing::error!(error.message = %error, "queue.journal_failed");
            }
        });
        Ok(Self {
            jobs: Some(jobs),
            thread: Some(thread.map_err(OpenError::Thread)?),
        })
    }

    pub(crate) fn submit(&self, writes: Journal) -> Ticket {
        let (done, waiting) = oneshot::channel();
        match self.jobs.as_ref().map(|jobs| jobs.send(Job { writes, done })) {
            Some(Ok(())) => Ticket::Pending(waiting),
            Some(Err(_)) | None => Ticket::Refused,
        }
    }
}

impl Drop for Writer {
    /// Waits until what was submitted is written, so that the file can be opened again at once.
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("queue.journal_panicked");
        }
    }
}

fn run(mut db: Connection, inbox: &Receiver<Job>) -> rusqlite::Result<()> {
    while let Ok(first) = inbox.recv() {
        let rest = inbox.try_iter().take(GROUP_COMMIT_MAX.saturating_sub(1));
        let jobs: Vec<Job> = std::iter::once(first).chain(rest).collect();
        let transaction = db.transaction()?;
        for write in jobs.iter().flat_map(|job| &job.writes) {
            store::apply(&transaction, write)?;
        }
        transaction.commit()?;
        for job in jobs {
            // A caller that has gone away needs no answer.
            let _gone = job.done.send(());
        }
    }
    Ok(())
}
