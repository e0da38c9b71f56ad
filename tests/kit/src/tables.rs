//! The tables that a template declares.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

use template::{Options, model::Table};

fn infra() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra")
}

/// The tables of `infra/<name>.yaml`, read alone: parameters without a default get stand-ins.
pub(crate) fn of_template(name: &str) -> Vec<Table> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let path = infra().join(format!("{name}.yaml"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let options = Options {
        parameters: stand_ins(&text),
        ..Options::default()
    };
    // Routes need the root's API, which a template that is read alone does not have: only its tables are read.
    let next = NEXT.fetch_add(1, Ordering::SeqCst);
    let alone = std::env::temp_dir().join(format!("tradepost-kit-{}-{next}-{name}.yaml", std::process::id()));
    std::fs::write(&alone, tables_only(&text)).unwrap_or_else(|error| panic!("{}: {error}", alone.display()));
    let read = template::read(&alone, &options);
    std::fs::remove_file(&alone).unwrap_or_else(|error| panic!("{}: {error}", alone.display()));
    let stack = read.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    stack.tables.into_values().collect()
}

/// The template without outputs, and without resources other than tables.
fn tables_only(text: &str) -> String {
    let mut kept = String::new();
    let mut section = String::new();
    let mut resource = String::new();
    for line in text.lines().chain(["End:"]) {
        let starts_section = line.starts_with(|c: char| c.is_ascii_alphabetic());
        let starts_resource = section == "Resources:" && line.starts_with("  ") && !line.starts_with("   ");
        if starts_section || starts_resource {
            if resource.contains("Type: AWS::DynamoDB::Table\n") {
                kept.push_str(&resource);
            }
            resource.clear();
        }
        if starts_section {
            line.clone_into(&mut section);
        }
        match section.as_str() {
            "Outputs:" | "Rules:" | "Globals:" | "End:" => {}
            "Resources:" if !starts_section => {
                resource.push_str(line);
                resource.push('\n');
            }
            _ => {
                kept.push_str(line);
                kept.push('\n');
            }
        }
    }
    kept
}

/// A value for each parameter of a template: its default, where there is one.
fn stand_ins(text: &str) -> BTreeMap<String, String> {
    let section = text.lines().skip_while(|line| *line != "Parameters:").skip(1);
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    let mut current = String::new();
    for line in section.take_while(|line| line.is_empty() || line.starts_with([' ', '#'])) {
        let indent = line.len() - line.trim_start().len();
        let line = line.trim();
        if indent == 2 && !line.starts_with('#') {
            line.split(':').next().unwrap_or_default().clone_into(&mut current);
            found.insert(
                current.clone(),
                if current == "Stage" {
                    "dev".to_owned()
                } else {
                    "stand-in".to_owned()
                },
            );
        }
        if line.contains("Default:") {
            found.remove(&current);
        }
    }
    found
}
