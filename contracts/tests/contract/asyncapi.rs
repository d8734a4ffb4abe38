//! The AsyncAPI file against the event types, in both directions.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;

use counterproof_contracts::protocol::{CloudEvent, EventType, middleware, signature};
use serde_json::{Value, json};

use crate::files;

fn asyncapi() -> Value {
    files::read("asyncapi").remove("events").unwrap()
}

fn target<'f>(file: &'f Value, reference: &Value) -> &'f Value {
    let pointer = reference["$ref"].as_str().unwrap().strip_prefix('#').unwrap();
    file.pointer(pointer).unwrap_or_else(|| panic!("{pointer} points to nothing"))
}

#[test]
fn every_event_type_has_a_message_and_no_other() {
    let file = asyncapi();
    let messages = file.pointer("/components/messages").unwrap().as_object().unwrap();
    let declared: BTreeMap<&str, Value> = messages
        .values()
        .map(|message| (message["name"].as_str().unwrap(), message["payload"]["schema"].clone()))
        .collect();
    assert_eq!(declared.len(), messages.len());
    let expected: BTreeMap<&str, Value> = EventType::ALL
        .into_iter()
        .map(|kind| {
            let data = format!("../../schemas/v1/{}.json", kind.data_schema());
            let narrowed = json!({ "properties": {
                "type": { "const": kind.name() },
                "source": { "const": format!("/{}", kind.source()) },
                "data": { "$ref": data },
            } });
            (kind.name(), json!({ "allOf": [{ "$ref": "../../schemas/v1/cloud-event.json" }, narrowed] }))
        })
        .collect();
    assert_eq!(declared, expected);
}

#[test]
fn every_message_has_one_channel_and_the_middleware_receives_it() {
    let file = asyncapi();
    let (channels, operations) =
        (file["channels"].as_object().unwrap(), file["operations"].as_object().unwrap());
    assert_eq!(channels.len(), EventType::ALL.len());
    assert_eq!(operations.len(), EventType::ALL.len());
    for channel in channels.values() {
        assert_eq!(channel["address"], middleware::RECEIVE_EVENT.path);
        let messages: Vec<&Value> = channel["messages"].as_object().unwrap().values().collect();
        let [message] = messages[..] else { panic!("{channel}") };
        let message = target(&file, message);
        assert_eq!(message["name"], channel["title"]);
        assert_eq!(message["contentType"], CloudEvent::MEDIA_TYPE);
        let headers = &target(&file, &message["headers"])["required"];
        assert_eq!(*headers, json!([signature::ID, signature::TIMESTAMP, signature::SIGNATURE]));
    }
    for operation in operations.values() {
        assert_eq!(operation["action"], "receive");
        assert!(channels.values().any(|channel| channel == target(&file, &operation["channel"])));
        target(&file, &operation["messages"][0]);
    }
}
