"""JSON Schemas of what an answer may be, for the official `ucp-schema`: made of the models of the official SDK.

The protocol's own schema files are in no package; the models are generated from them. A schema made of a model refuses more
than the model does, which takes "100" for 100, and null for what is left out.
"""

import json

from pydantic.json_schema import GenerateJsonSchema

# The only members that the protocol's schemas let be null. The models let every optional one.
NULLABLE = {"selected_destination_id", "selected_option_id", "fulfillable_on"}


def plain(part, defs):
    """The same schema with every reference replaced by what it names, which is much faster to check with, and strict."""
    if isinstance(part, list):
        return [plain(one, defs) for one in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        beside = {key: value for key, value in part.items() if key != "$ref"}
        return plain({**defs[part["$ref"].removeprefix("#/$defs/")], **beside}, defs)
    made = {key: plain(value, defs) for key, value in part.items() if key != "$defs"}
    for name, member in made.get("properties", {}).items():
        if name not in NULLABLE and "anyOf" in member:
            member["anyOf"] = [kind for kind in member["anyOf"] if kind != {"type": "null"}]
    return made


def write(model, folder):
    """Writes the schema of a model, in draft 2020-12, and tells where."""
    made = model.model_json_schema(mode="validation", by_alias=True)
    schema = {"$schema": GenerateJsonSchema.schema_dialect, **plain(made, made.get("$defs", {}))}
    path = folder / f"{model.__module__.removeprefix('ucp_sdk.models.schemas.')}.{model.__name__}.json"
    path.write_text(json.dumps(schema, indent=1), encoding="utf-8")
    return path
