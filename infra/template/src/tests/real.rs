//! The project's own templates.

use std::path::{Path, PathBuf};

use crate::{Options, overrides, read};

fn infra() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

#[test]
fn our_own_templates_read_in_every_environment_of_samconfig() {
    for environment in ["default", "dev", "staging", "production", "local"] {
        let mut parameters = overrides(&infra().join("../samconfig.toml"), environment).unwrap();
        parameters
            .entry("PublicUrl".to_owned())
            .or_insert_with(|| "http://127.0.0.1:3000".to_owned());
        let stack = read(
            &infra().join("template.yaml"),
            &Options {
                parameters,
                ..Options::default()
            },
        )
        .unwrap();
        let api = stack.api.unwrap();
        assert!(!api.authorizers.is_empty());
        assert_eq!(stack.tables["OutboxTable"].ttl_attribute.as_deref(), Some("expires_at"));
        assert!(stack.tables["OutboxTable"].stream_arn.is_some());
    }
}
