//! Messages to people: which template, in which language, to whom.

mod letter;
mod template;

pub use letter::{Address, Channel, Language, Letter, notification_id, post};
pub use template::{RenderError, TEMPLATES, Template, render};
