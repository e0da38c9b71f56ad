use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Bench, START_MS, attributes, grouped, message};
use crate::{AttributeValue, Error, NewMessage, Sqs};

/// A file of a test's own, removed with it.
pub(super) struct File(PathBuf);

impl File {
    pub(super) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("sqs-{}-{name}.db", std::process::id()));
        let file = Self(path);
        file.remove();
        file
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    fn part(&self, suffix: &str) -> PathBuf {
        PathBuf::from(format!("{}{suffix}", self.0.display()))
    }

    fn remove(&self) {
        for suffix in ["", "-wal", "-shm"] {
            let _absent = std::fs::remove_file(self.part(suffix));
        }
    }

    /// The bytes as a crash would leave them now.
    fn snapshot(&self, name: &str) -> Self {
        let copy = Self::new(name);
        for suffix in ["", "-wal"] {
            std::fs::copy(self.part(suffix), copy.part(suffix)).unwrap();
        }
        copy
    }
}

impl Drop for File {
    fn drop(&mut self) {
        self.remove();
    }
}

#[tokio::test]
async fn everything_is_as_it_was_after_a_restart() {
    let file = File::new("restart");
    let bench = Bench::on(Some(file.path()), START_MS);
    bench.create("q", &[("VisibilityTimeout", "30")]).await;
    for body in ["deleted", "held", "waiting"] {
        let mut new = message(body);
        new.attributes.insert("kind".into(), AttributeValue::text("test"));
        new.trace_header = Some("Root=1".into());
        bench.sqs.send("q", new).await.unwrap();
    }
    bench
        .sqs
        .send(
            "q",
            NewMessage {
                delay_s: Some(60),
                ..message("delayed")
            },
        )
        .await
        .unwrap();
    let received = bench.receive("q", 2).await;
    bench.sqs.delete("q", &received[0].receipt_handle).await.unwrap();
    let before = bench.sqs.statistics("q").unwrap();
    drop(bench);

    let bench = Bench::on(Some(file.path()), START_MS + 10_000);
    let after = bench.sqs.statistics("q").unwrap();
    assert_eq!((after.visible, after.in_flight, after.delayed), (1, 1, 1));
    assert_eq!(after.oldest_age_ms, before.oldest_age_ms.map(|age| age + 10_000));
    let waiting = bench.receive("q", 10).await;
    assert_eq!(waiting[0].content.body, "waiting");
    assert_eq!(waiting[0].content.attributes["kind"], AttributeValue::text("test"));
    assert_eq!(waiting[0].content.trace_header.as_deref(), Some("Root=1"));
    bench.advance(20_000);
    let held = bench.receive("q", 10).await;
    assert_eq!((held[0].content.body.as_str(), held[0].receive_count), ("held", 2));
    assert_eq!(held[0].first_received_ms, START_MS);
    bench.create("q", &[("VisibilityTimeout", "30")]).await;
}

#[tokio::test]
async fn a_receipt_handle_outlives_a_restart_and_means_no_other_message() {
    let file = File::new("handle");
    let bench = Bench::on(Some(file.path()), START_MS);
    bench.create("q", &[]).await;
    bench.send("q", "first").await;
    let handle = bench.receive("q", 1).await.remove(0).receipt_handle;
    drop(bench);
    let bench = Bench::on(Some(file.path()), START_MS);
    bench.sqs.delete("q", &handle).await.unwrap();
    drop(bench);
    let bench = Bench::on(Some(file.path()), START_MS);
    bench.send("q", "second").await;
    bench.receive("q", 1).await;
    bench.sqs.delete("q", &handle).await.unwrap();
    assert_eq!(bench.sqs.statistics("q").unwrap().in_flight, 1);
}

#[tokio::test]
async fn deduplication_sequence_and_blocked_groups_outlive_a_restart() {
    let file = File::new("fifo");
    let bench = Bench::on(Some(file.path()), START_MS);
    bench.create("q.fifo", &[]).await;
    let first = bench.sqs.send("q.fifo", grouped("G", "0")).await.unwrap();
    bench.send_to("q.fifo", "G", "1").await;
    bench.receive("q.fifo", 1).await;
    drop(bench);
    let bench = Bench::on(Some(file.path()), START_MS + 1_000);
    let repeat = bench.sqs.send("q.fifo", grouped("G", "0")).await.unwrap();
    assert_eq!(repeat.message_id, first.message_id);
    let second = bench.sqs.send("q.fifo", grouped("G", "2")).await.unwrap();
    assert!(second.sequence_number > first.sequence_number);
    assert!(
        bench.receive("q.fifo", 10).await.is_empty(),
        "the group is still blocked"
    );
    bench.advance(30_000);
    assert_eq!(bench.receive_bodies("q.fifo", 10).await, ["0", "1", "2"]);
    bench.advance(300_000);
    assert_ne!(
        bench.sqs.send("q.fifo", grouped("G", "0")).await.unwrap().message_id,
        first.message_id
    );
}

#[tokio::test]
async fn a_buried_message_is_in_one_queue_after_a_restart() {
    let file = File::new("buried");
    let bench = Bench::on(Some(file.path()), START_MS);
    bench.create("dead", &[]).await;
    let policy = format!(
        r#"{{"deadLetterTargetArn":"{}","maxReceiveCount":1}}"#,
        bench.sqs.queue_arn("dead")
    );
    bench
        .create("q", &[("VisibilityTimeout", "1"), ("RedrivePolicy", &policy)])
        .await;
    bench.send("q", "poison").await;
    bench.receive("q", 1).await;
    bench.advance(1_000);
    bench.receive("q", 1).await;
    drop(bench);
    let bench = Bench::on(Some(file.path()), START_MS + 2_000);
    assert!(bench.receive("q", 1).await.is_empty());
    let dead = bench.receive("dead", 1).await.remove(0);
    assert_eq!((dead.content.body.as_str(), dead.receive_count), ("poison", 2));
    assert_eq!(
        dead.dead_letter_source.as_deref(),
        Some(bench.sqs.queue_arn("q").as_str())
    );
}

#[tokio::test]
async fn what_was_answered_is_in_the_file_before_it_is_closed() {
    let file = File::new("open");
    let bench = Bench::on(Some(file.path()), START_MS);
    bench.create("q", &[]).await;
    bench.send("q", "kept").await;
    bench.send("q", "deleted").await;
    let received = bench.receive("q", 10).await;
    bench.sqs.delete("q", &received[1].receipt_handle).await.unwrap();
    let copy = file.snapshot("copy");
    bench.send("q", "later").await;
    let replayed = Bench::on(Some(copy.path()), START_MS + 60_000);
    assert_eq!(replayed.receive_bodies("q", 10).await, ["kept"]);
}

#[tokio::test]
async fn deleted_and_purged_queues_stay_empty_after_a_restart() {
    let file = File::new("purge");
    let bench = Bench::on(Some(file.path()), START_MS);
    for queue in ["purged", "gone"] {
        bench.create(queue, &[]).await;
        bench.send(queue, "a").await;
    }
    bench.sqs.purge("purged").await.unwrap();
    bench.sqs.delete_queue("gone").await.unwrap();
    drop(bench);
    let bench = Bench::on(Some(file.path()), START_MS);
    assert_eq!(bench.sqs.queues(), ["purged"]);
    assert!(bench.receive("purged", 1).await.is_empty());
}

#[tokio::test]
async fn nothing_is_accepted_any_more_when_the_journal_fails() {
    let file = File::new("fails");
    let bench = Bench::on(Some(file.path()), START_MS);
    bench.create("q", &[]).await;
    bench.sqs.break_journal().await;
    for _ in 0..2 {
        assert_eq!(bench.sqs.send("q", message("lost")).await, Err(Error::Internal));
    }
    drop(bench);
    let bench = Bench::on(Some(file.path()), START_MS);
    assert!(bench.receive("q", 1).await.is_empty());
}

/// Names the file of the process that is to be killed.
const CHILD_FILE: &str = "SQS_TEST_CHILD_FILE";

/// The other half of the next test: alone it does nothing.
#[tokio::test]
#[expect(
    clippy::disallowed_methods,
    reason = "a test starts itself anew and says so in the environment"
)]
async fn a_child_accepts_messages_until_it_is_killed() {
    let Some(path) = std::env::var_os(CHILD_FILE) else {
        return;
    };
    let sqs = Sqs::open(Some(Path::new(&path)), || START_MS).unwrap();
    sqs.create_queue("q", &attributes(&[])).await.unwrap();
    let mut out = std::io::stdout();
    for n in 0..1_000_000 {
        sqs.send("q", message(&n.to_string())).await.unwrap();
        writeln!(out, "\naccepted {n}").unwrap();
        if n % 2 == 0 {
            let received = sqs.receive("q", &crate::Receive::default()).await.unwrap();
            sqs.delete("q", &received[0].receipt_handle).await.unwrap();
            writeln!(out, "\ndeleted {}", received[0].content.body).unwrap();
        }
        out.flush().unwrap();
    }
}

#[tokio::test]
async fn accepted_messages_survive_a_kill_and_deleted_ones_stay_away() {
    let file = File::new("kill");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "tests::durability::a_child_accepts_messages_until_it_is_killed",
            "--nocapture",
        ])
        .env(CHILD_FILE, file.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut text = String::new();
    while !text.ends_with("accepted 300\n") {
        assert_ne!(
            output.read_line(&mut text).unwrap(),
            0,
            "the child ended by itself: {text}"
        );
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let mut rest = Vec::new();
    output.read_to_end(&mut rest).unwrap();
    text.push_str(&String::from_utf8_lossy(&rest));
    // The last line may be cut off; whole lines tell what the child was promised.
    let whole = text.rsplit_once('\n').unwrap().0;
    let told = |what: &str| -> BTreeSet<u32> {
        whole
            .lines()
            .filter_map(|line| line.strip_prefix(what)?.parse().ok())
            .collect()
    };
    let (accepted, deleted) = (told("accepted "), told("deleted "));

    let bench = Bench::on(Some(file.path()), START_MS + 60_000);
    let mut present = BTreeSet::new();
    loop {
        let bodies = bench.receive_bodies("q", 10).await;
        if bodies.is_empty() {
            break;
        }
        present.extend(bodies.iter().map(|body| body.parse::<u32>().unwrap()));
    }
    assert!(accepted.len() > 300 && deleted.len() > 100);
    assert_eq!(present.intersection(&deleted).collect::<Vec<_>>(), Vec::<&u32>::new());
    // One delete may have been done without the child having been told.
    let lost: Vec<_> = accepted.difference(&deleted).filter(|n| !present.contains(n)).collect();
    assert!(lost.len() <= 1, "{lost:?}");
    if let Some(lost) = lost.first() {
        let first_present = present.first().copied().unwrap();
        assert!(
            **lost < first_present,
            "only the head of the queue can have been deleted unannounced"
        );
    }
}
