//! What carriers really send.

use super::*;

#[tokio::test]
async fn a_notice_before_staff_entered_the_number_waits_for_them() {
    let shop = Shop::paid().await;
    let first = shop.allocate().await.remove(0);
    hear(&shop, &notice(&[(1, "1"), (9, "3")])).await;
    assert_eq!(shop.count("shipment.delivered").await, 0);
    let shipment = ship(&shop, first, "sf-express").await;
    // The desk asks for another look, without a notice.
    let look = TrackingNoticed {
        carrier: "sf-express".to_owned(),
        number: NUMBER.to_owned(),
        notice: None,
    };
    let look = Envelope::of(&look, &shop.world.ambient(), None).unwrap();
    assert!(deliver(&shop, &look).await);
    assert!(deliver(&shop, &look).await);
    assert_eq!(state(&shop, &shipment).await, (StateName::Delivered, Status::Delivered));
    assert_eq!(shop.count("order.delivered").await, 1);
}

#[tokio::test]
async fn a_scan_from_before_the_order_is_shown_and_not_refused() {
    let (shop, shipment) = shipped().await;
    let mut param = notice(&[]);
    param["lastResult"]["data"] = json!([{"ftime": "2020-01-01 00:00:00", "statusCode": "3"}]);
    hear(&shop, &param).await;
    let now = shop.fulfilment.shipment(shipment.id).await.unwrap().unwrap();
    assert_eq!(now.state.name(), StateName::Delivered);
    assert!(now.consignment().unwrap().status_at.unwrap() < now.consignment().unwrap().shipped_at);
}

#[tokio::test]
async fn trouble_is_told_of_and_a_return_after_delivery_reopens_the_shipment_not_the_order() {
    let (shop, shipment) = shipped().await;
    hear(&shop, &notice(&[(3, "14")])).await;
    assert_eq!(state(&shop, &shipment).await, (StateName::Exception, Status::Refused));
    assert_eq!(order_status(&shop, &shipment).await, ShipmentStatus::Exception);
    hear(&shop, &notice(&[(5, "3")])).await;
    hear(&shop, &notice(&[(7, "6")])).await;
    assert_eq!(state(&shop, &shipment).await, (StateName::Exception, Status::Returning));
    assert_eq!(order_status(&shop, &shipment).await, ShipmentStatus::Delivered);
    assert_eq!(shop.count("shipment.exception").await, 2);
}

#[tokio::test]
async fn a_parcel_that_comes_back_closes_as_returned() {
    let (shop, shipment) = shipped().await;
    hear(&shop, &notice(&[(3, "14"), (5, "6"), (9, "4")])).await;
    assert_eq!(state(&shop, &shipment).await, (StateName::Returned, Status::Returned));
    assert_eq!(order_status(&shop, &shipment).await, ShipmentStatus::Returned);
}

#[tokio::test]
async fn an_unknown_code_is_unknown_and_no_error() {
    let (shop, shipment) = shipped().await;
    hear(&shop, &notice(&[(3, "8888")])).await;
    assert_eq!(state(&shop, &shipment).await, (StateName::Shipped, Status::Unknown));
    assert_eq!(order_status(&shop, &shipment).await, ShipmentStatus::Shipped);
}

#[tokio::test]
async fn a_dead_subscription_asks_for_a_new_one_once_and_hides_nothing() {
    let (shop, shipment) = shipped().await;
    hear(&shop, &notice(&[(3, "0")])).await;
    let mut param = notice(&[(3, "0")]);
    param["status"] = json!("abort");
    hear(&shop, &param).await;
    param["message"] = json!("the same once more");
    hear(&shop, &param).await;
    assert_eq!(shop.count("tracking.watch_ended").await, 1);
    assert_eq!(state(&shop, &shipment).await, (StateName::InTransit, Status::InTransit));
}

#[tokio::test]
async fn a_corrected_carrier_is_followed_with_what_was_known() {
    let (shop, shipment) = shipped().await;
    hear(&shop, &notice(&[(1, "1")])).await;
    let mut param = notice(&[(9, "3")]);
    param["autoCheck"] = json!("1");
    param["comOld"] = json!("shunfeng");
    param["comNew"] = json!("ems");
    hear(&shop, &param).await;
    let now = shop.fulfilment.shipment(shipment.id).await.unwrap().unwrap();
    let consignment = now.consignment().unwrap();
    assert_eq!(
        (now.state.name(), consignment.parcel.carrier.as_str()),
        (StateName::Delivered, "ems")
    );
    assert_eq!(consignment.earlier, [key("sf-express")]);
    let (old, new) = (
        shop.fulfilment.parcel(&key("sf-express")).await.unwrap(),
        shop.fulfilment.parcel(&key("ems")).await.unwrap(),
    );
    assert_eq!((old.owner, old.moved_to.unwrap().as_str()), (None, "ems"));
    assert_eq!((new.owner.unwrap().shipment, new.scans.len()), (shipment.id, 2));
}

#[tokio::test]
async fn a_message_without_its_notice_stays_in_the_queue() {
    let (shop, _) = shipped().await;
    let lost = TrackingNoticed {
        carrier: "sf-express".to_owned(),
        number: NUMBER.to_owned(),
        notice: Some(fulfilment::events::v1::NoticeRef {
            provider: "kuaidi100".to_owned(),
            digest: "00".to_owned(),
        }),
    };
    let lost = Envelope::of(&lost, &shop.world.ambient(), None).unwrap();
    assert!(!deliver(&shop, &lost).await);
}

#[tokio::test]
async fn a_scan_sets_the_timer_of_the_next_silence() {
    let (shop, shipment) = shipped().await;
    hear(&shop, &notice(&[(1, "1")])).await;
    let timers = shop.world.items("TimersTable").await;
    assert!(
        timers
            .iter()
            .any(|timer| timer["entity_id"]["S"] == shipment.id.to_string())
    );
}

#[tokio::test]
async fn a_correction_between_two_shipments_takes_neither_from_its_owner() {
    let shop = Shop::paid().await;
    let mut shipments = shop.allocate().await;
    let second = ship(&shop, shipments.remove(1), "ems").await;
    let first = ship(&shop, shipments.remove(0), "sf-express").await;
    let mut param = notice(&[(9, "3")]);
    param["autoCheck"] = json!("1");
    param["comOld"] = json!("shunfeng");
    param["comNew"] = json!("ems");
    hear(&shop, &param).await;
    assert_eq!(state(&shop, &second).await, (StateName::Delivered, Status::Delivered));
    assert_eq!(state(&shop, &first).await, (StateName::Shipped, Status::Unknown));
    let old = shop.fulfilment.parcel(&key("sf-express")).await.unwrap();
    assert_eq!(old.owner.unwrap().shipment, first.id);
}
