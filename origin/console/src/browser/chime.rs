//! A short, soft sound. Where the browser does not allow one it stays silent.

use wasm_bindgen::JsValue;
use web_sys::{AudioContext, OscillatorType};

thread_local! {
    // Browsers limit how many a page may have, so one is kept.
    static CONTEXT: Option<AudioContext> = AudioContext::new().ok();
}

/// Plays it.
pub(crate) fn play() {
    CONTEXT.with(|context| {
        if let Some(context) = context {
            let _ = context.resume();
            let _ = notes(context);
        }
    });
}

fn notes(context: &AudioContext) -> Result<(), JsValue> {
    for (delay_seconds, hertz) in [(0.0, 660.0), (0.12, 880.0)] {
        let start = context.current_time() + delay_seconds;
        let oscillator = context.create_oscillator()?;
        let gain = context.create_gain()?;
        oscillator.set_type(OscillatorType::Sine);
        oscillator.frequency().set_value(hertz);
        gain.gain().set_value_at_time(0.0001, start)?;
        gain.gain()
            .exponential_ramp_to_value_at_time(0.12, start + 0.02)?;
        gain.gain()
            .exponential_ramp_to_value_at_time(0.0001, start + 0.35)?;
        oscillator.connect_with_audio_node(&gain)?;
        gain.connect_with_audio_node(&context.destination())?;
        oscillator.start_with_when(start)?;
        oscillator.stop_with_when(start + 0.4)?;
    }
    Ok(())
}
