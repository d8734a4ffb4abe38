//! Alarms: set, replaced, stopped, and heard once.

use super::*;

fn act(rig: &Rig, work: impl FnOnce(&mut Scene<'_>)) {
    rig.desk.act(&ORDER.into(), "chain".into(), |_, scene| work(scene));
}

fn rang(rig: &Rig) -> Vec<String> {
    rig.desk.look(|desk| desk.rang.clone())
}

#[tokio::test(start_paused = true)]
async fn an_alarm_rings_once_and_is_open_work_until_then() {
    let rig = Rig::new(Script::default());
    act(&rig, |scene| scene.set_alarm("tea", Duration::from_mins(1), &ORDER.into()));
    rig.kernel.clock().sleep(Duration::from_secs(59)).await;
    assert_eq!(rig.kernel.open_work(Some(SCENARIO)), ["payment provider: tea"]);
    assert_eq!(rang(&rig), [""; 0]);
    rig.kernel.clock().sleep(Duration::from_mins(2)).await;
    assert_eq!(rang(&rig), ["tea in chain"]);
    assert_eq!(rig.kernel.open_work(None), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_later_alarm_takes_the_place_of_an_earlier_one_and_a_stopped_one_is_silent() {
    let rig = Rig::new(Script::default());
    act(&rig, |scene| {
        scene.set_alarm("tea", Duration::from_mins(1), &ORDER.into());
        scene.set_alarm("eggs", Duration::from_mins(1), &ORDER.into());
    });
    act(&rig, |scene| {
        scene.set_alarm("tea", Duration::from_secs(90), &ORDER.into());
        scene.stop_alarm("eggs");
        scene.stop_alarm("what was never set");
    });
    rig.kernel.clock().sleep(Duration::from_secs(70)).await;
    assert_eq!((rang(&rig).len(), rig.kernel.open_work(None).len()), (0, 1));
    rig.kernel.clock().sleep(Duration::from_secs(70)).await;
    assert_eq!(rang(&rig), ["tea in chain"]);
}
