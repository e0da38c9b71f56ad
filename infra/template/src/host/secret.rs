//! `AWS::SecretsManager::Secret`. Its value is never in a template.

use crate::application::Resource;
use crate::fields::Fields;
use crate::model::Secret;
use crate::problem::Problems;
use crate::{Options, known, names};

pub(super) fn build(resource: &Resource, options: &Options, problems: &mut Problems) -> Secret {
    let mut fields = Fields::new(&resource.properties, resource.place.key("Properties"), problems);
    fields.value("Name");
    if fields.value("SecretString").is_some() {
        fields.wrong(
            "SecretString",
            "a secret's value may not stand in a template; set it after deployment",
        );
    }
    fields.finish(known::ignored(&resource.identity.kind));
    Secret {
        logical_id: resource.identity.logical_id.clone(),
        place: resource.place.clone(),
        name: resource.identity.name.clone(),
        arn: names::resource_arn(&resource.identity, options),
    }
}
