//! Any bytes are read as the body of an event, checked against its shape, and understood as far as they can be.
#![no_main]

use counterproof_contracts::{
    protocol::{CloudEvent, EventData},
    shape,
};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(body) = shape::parse_body(bytes) else { return };
    let _ = shape::event_shape(&body);
    if let Ok(event) = serde_json::from_value::<CloudEvent>(body)
        && let Some(kind) = event.known_type()
    {
        let _ = EventData::from_value(kind, &event.data);
    }
});
