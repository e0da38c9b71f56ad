//! The tables that a template declares.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use template::{Options, model::Table};

fn infra() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra")
}

/// The tables of `infra/<name>.yaml`, read alone: parameters without a default get stand-ins.
pub(crate) fn of_template(name: &str) -> Vec<Table> {
    let path = infra().join(format!("{name}.yaml"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let options = Options {
        parameters: stand_ins(&text),
        ..Options::default()
    };
    let stack = template::read(&path, &options).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    stack.tables.into_values().collect()
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
