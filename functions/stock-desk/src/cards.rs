//! Levels of a variant, and how its stock is split.

use inventory::{Card, Level, SHARDS_MAX, THRESHOLD_MAX};
use kernel::{LocationId, StaffId, VariantId};
use serde::{Deserialize, Serialize};
use web::{Body, Precondition, Request, Response, json_body, path_parameter};

use crate::{
    Error, Ports,
    writing::{self, Refused, Start, tagged},
};

/// What is set for a variant.
#[derive(Deserialize)]
struct Settings {
    shards: u16,
    low_stock_threshold: Option<u32>,
}

#[derive(Serialize)]
struct Shown {
    variant: VariantId,
    version: u64,
    shards: u16,
    low_stock_threshold: Option<u32>,
    low: bool,
    free: u64,
    reserved: u64,
    sold: u64,
    booked: u64,
    locations: Vec<AtLocation>,
}

#[derive(Serialize)]
struct AtLocation {
    location: LocationId,
    free: u64,
    reserved: u64,
    sold: u64,
    booked: u64,
    shards: Vec<Shard>,
}

#[derive(Serialize)]
struct Shard {
    #[serde(rename = "shard")]
    number: u16,
    free: u32,
    reserved: u32,
    sold: u32,
    booked: u32,
}

pub(crate) async fn levels(ports: &Ports, request: &Request) -> Result<Response<Body>, Error> {
    let variant: VariantId = path_parameter(request, "variant")?;
    let (card, levels) = ports.inventory.levels(variant).await?;
    let shown = shown(&card.unwrap_or_else(|| Card::new(variant)), &levels);
    Ok(tagged(web::json(200, &shown), shown.version))
}

pub(crate) async fn set(ports: &Ports, request: &Request, who: StaffId) -> Result<Response<Body>, Error> {
    let writing = match writing::begin(ports, request, who).await? {
        Start::Fresh(writing) => writing,
        Start::Done(response) => return Ok(response),
    };
    let precondition = Precondition::required(request)?;
    let variant: VariantId = path_parameter(request, "variant")?;
    let settings: Settings = json_body(request)?;
    if !(1..=SHARDS_MAX).contains(&settings.shards) {
        return Err(Error::field("/shards", format!("1 to {SHARDS_MAX}")));
    }
    if settings
        .low_stock_threshold
        .is_some_and(|threshold| threshold > THRESHOLD_MAX)
    {
        return Err(Error::field("/low_stock_threshold", format!("at most {THRESHOLD_MAX}")));
    }
    let (found, levels) = ports.inventory.levels(variant).await?;
    let expected = found.as_ref().map_or(0, |card| card.version);
    precondition.check(expected)?;
    let card = found.unwrap_or_else(|| Card::new(variant)).with_shards(settings.shards);
    let card = Card {
        threshold: settings.low_stock_threshold,
        version: expected + 1,
        ..card
    };
    let part = ports.inventory.save_card(&card, expected)?.map(Refused::Card);
    writing
        .commit(ports, vec![part], 200, &shown(&card, &levels))
        .await?
        .done()
}

fn shown(card: &Card, levels: &[Level]) -> Shown {
    let sum =
        |levels: &[&Level], count: fn(&Level) -> u32| levels.iter().map(|level| u64::from(count(level))).sum::<u64>();
    let at = |location: &LocationId| {
        let here: Vec<&Level> = levels.iter().filter(|level| level.location == *location).collect();
        AtLocation {
            location: *location,
            free: sum(&here, |level| level.free),
            reserved: sum(&here, |level| level.reserved),
            sold: sum(&here, |level| level.sold),
            booked: sum(&here, |level| level.booked),
            shards: here.into_iter().map(shard).collect(),
        }
    };
    let all: Vec<&Level> = levels.iter().collect();
    Shown {
        variant: card.variant,
        version: card.version,
        shards: card.shards,
        low_stock_threshold: card.threshold,
        low: card.low,
        free: sum(&all, |level| level.free),
        reserved: sum(&all, |level| level.reserved),
        sold: sum(&all, |level| level.sold),
        booked: sum(&all, |level| level.booked),
        locations: card.locations.iter().map(at).collect(),
    }
}

const fn shard(level: &Level) -> Shard {
    Shard {
        number: level.shard,
        free: level.free,
        reserved: level.reserved,
        sold: level.sold,
        booked: level.booked,
    }
}
