//! The store over an embedded DynamoDB.

use dynamo::CommitError;
use kernel::{Id, ProductId, StaffId, VariantId};
use testkit::World;

use super::{Catalog, ProductRefusal};
use crate::{
    Content, Criteria, Move, Product, Reviewer, ShopChange, Tree,
    rules::tests::{content, tree},
};

struct Shop {
    world: World,
    catalog: Catalog,
    tree: Tree,
}

impl Shop {
    async fn new() -> Self {
        let world = World::new(&["catalog"]).await;
        let catalog = Catalog::new(world.dynamo(), world.table("CatalogTable"));
        Self {
            world,
            catalog,
            tree: tree(),
        }
    }

    fn staff(&self) -> StaffId {
        StaffId::generate(&self.world.ambient())
    }

    fn content(&self, title: &str) -> Content {
        let mut content = content();
        content.title = crate::Localised::parse([("en", title)]).unwrap();
        for (index, variant) in content.variants.iter_mut().enumerate() {
            variant.id = VariantId::generate(&self.world.ambient());
            variant.sku = kernel::Text::parse(&format!("sku{index}")).unwrap();
        }
        content
    }

    async fn create(&self, content: Content) -> Product {
        let id = ProductId::generate(&self.world.ambient());
        let product = Product::new(id, content, self.staff(), self.world.now());
        self.world.clock().advance_seconds(1);
        self.catalog
            .dynamo()
            .commit(vec![self.catalog.create(&product).unwrap()])
            .await
            .unwrap();
        product
    }

    async fn step(&self, product: Product, step: Move) -> Result<Product, ProductRefusal> {
        let who = Reviewer {
            id: self.staff(),
            approves: true,
            admin: true,
        };
        let shown = self.catalog.listing(product.id).await.unwrap();
        let expected = product.version;
        let decision = product.make(step, who, self.world.now(), &self.tree).unwrap();
        let mut parts = vec![self.catalog.save(&decision.product, expected).unwrap()];
        match &decision.shop {
            ShopChange::None => {}
            ShopChange::Show(listing, _) => parts.extend(self.catalog.show(shown.as_ref(), listing).unwrap()),
            ShopChange::Hide(_) => parts.extend(self.catalog.hide(&shown.unwrap()).unwrap()),
        }
        assert!(parts.len() <= dynamo::PARTS_MAX - 2, "room for idempotency and outbox");
        self.catalog
            .dynamo()
            .commit(parts)
            .await
            .map_err(|error: CommitError<_>| error.first().unwrap())?;
        Ok(decision.product)
    }

    async fn publish(&self, content: Content) -> Product {
        let product = self.create(content).await;
        let product = self.step(product, Move::Submit).await.unwrap();
        self.step(product, Move::Approve).await.unwrap()
    }

    async fn found(&self, query: &str) -> Vec<ProductId> {
        let page = self
            .catalog
            .search(&Criteria::new(Some(query)), 50, None)
            .await
            .unwrap();
        page.listings.iter().map(|listing| listing.id).collect()
    }
}

#[tokio::test]
async fn a_product_reads_back_what_was_written() {
    let shop = Shop::new().await;
    let product = shop.create(shop.content("Trail Runner")).await;
    assert_eq!(shop.catalog.product(product.id).await.unwrap(), Some(product));
}

#[tokio::test]
async fn a_published_product_is_found_and_its_variants_can_be_sold() {
    let shop = Shop::new().await;
    let product = shop.publish(shop.content("Trail Runner")).await;
    assert_eq!(shop.found("runner").await, [product.id]);
    assert_eq!(shop.found("*").await, [product.id]);
    let ids: Vec<_> = product.content.variants.iter().map(|variant| variant.id).collect();
    let variants = shop.catalog.variants(&ids).await.unwrap();
    assert_eq!(variants.len(), 2);
    assert!(
        variants
            .iter()
            .all(|variant| variant.published && variant.minimum_quantity == 1)
    );
}

#[tokio::test]
async fn an_unpublished_product_leaves_no_trace_in_search_and_cannot_be_sold() {
    let shop = Shop::new().await;
    let product = shop.publish(shop.content("Trail Runner")).await;
    let product = shop.step(product, Move::Unpublish).await.unwrap();
    assert!(shop.found("runner").await.is_empty());
    let items = shop.world.items("CatalogTable").await;
    assert!(
        items
            .iter()
            .all(|item| item["entity"]["S"] != "index" && item["entity"]["S"] != "listing")
    );
    let variants = shop.catalog.variants(&[product.content.variants[0].id]).await.unwrap();
    assert!(!variants[0].published);
    let product = shop.step(product, Move::Submit).await.unwrap();
    shop.step(product, Move::Approve).await.unwrap();
    assert_eq!(shop.found("runner").await.len(), 1);
}

#[tokio::test]
async fn a_new_edition_replaces_the_words_of_the_old_one() {
    let shop = Shop::new().await;
    let product = shop.publish(shop.content("Trail Runner")).await;
    let mut edited = product.content.clone();
    edited.title = crate::Localised::parse([("en", "Forest Walker")]).unwrap();
    let product = shop.step(product, Move::Edit(Box::new(edited))).await.unwrap();
    assert_eq!(shop.found("runner").await, [product.id], "the shop stays as it is");
    let product = shop.step(product, Move::Submit).await.unwrap();
    let product = shop.step(product, Move::Approve).await.unwrap();
    assert!(shop.found("runner").await.is_empty());
    assert_eq!(shop.found("walker").await, [product.id]);
}

#[tokio::test]
async fn the_largest_change_of_the_shop_fits_one_transaction() {
    let shop = Shop::new().await;
    let mut large =
        shop.content("a1 b2 c3 d4 e5 f6 g7 h8 i9 j0 k1 l2 m3 n4 o5 p6 q7 r8 s9 t0 u1 v2 w3 x4 y5 z6 aa bb cc");
    let mut edited = shop.content("aA1 bB2 cC3 dD4 eE5 fF6 gG7 hH8 iI9 jJ0 kK1 lL2 mM3 nN4 oO5 pP6 qQ7 rR8 sS9 tT0 uU1 vV2 wW3 xX4 yY5 zZ6 aaa bbb");
    let labels: Vec<kernel::Text<50>> = (0..30)
        .map(|n| kernel::Text::parse(&format!("n{n}")).unwrap())
        .collect();
    let mut variants = Vec::new();
    for (n, label) in labels.iter().enumerate() {
        let mut variant = large.variants[0].clone();
        variant.id = VariantId::generate(&shop.world.ambient());
        variant.sku = kernel::Text::parse(&format!("s{n}")).unwrap();
        variant.options[0].label = label.clone();
        variants.push(variant);
    }
    for content in [&mut large, &mut edited] {
        content.options[0].values = labels.clone();
        content.variants = variants.clone();
    }
    assert_eq!(crate::faults(&large), []);
    let product = shop.publish(large).await;
    let product = shop.step(product, Move::Edit(Box::new(edited))).await.unwrap();
    let product = shop.step(product, Move::Submit).await.unwrap();
    let product = shop.step(product, Move::Approve).await.unwrap();
    shop.step(product, Move::Unpublish).await.unwrap();
}

#[tokio::test]
async fn a_stale_copy_and_a_foreign_variant_are_refused() {
    let shop = Shop::new().await;
    let product = shop.publish(shop.content("Trail Runner")).await;
    let before = product.clone();
    shop.step(product.clone(), Move::Edit(Box::new(product.content.clone())))
        .await
        .unwrap();
    assert_eq!(shop.step(before, Move::Unpublish).await, Err(ProductRefusal::Stale));
    let thief = shop.create(product.content.clone()).await;
    let thief = shop.step(thief, Move::Submit).await.unwrap();
    let taken = product.content.variants[0].id;
    assert_eq!(
        shop.step(thief, Move::Approve).await,
        Err(ProductRefusal::VariantTaken(taken))
    );
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repeat() {
    let shop = Shop::new().await;
    for n in 0..23 {
        shop.publish(shop.content(&format!("Runner {n}"))).await;
    }
    let criteria = Criteria::new(Some("runner"));
    let mut seen = Vec::new();
    let mut cursor = None;
    for expected in [10, 10, 3] {
        let page = shop.catalog.search(&criteria, 10, cursor.as_deref()).await.unwrap();
        assert_eq!(page.listings.len(), expected);
        seen.extend(page.listings.iter().map(|listing| listing.id));
        cursor = page.next;
    }
    assert_eq!(cursor, None);
    assert!(seen.is_sorted_by(|a, b| a > b), "newest first, none twice");
    let other = shop.catalog.search(&criteria, 10, None).await.unwrap().next;
    assert!(
        shop.catalog
            .search(&Criteria::new(Some("walker")), 10, other.as_deref())
            .await
            .is_err()
    );
    assert!(shop.catalog.search(&criteria, 10, Some("x")).await.is_err());
}

#[tokio::test]
async fn a_page_that_ends_with_the_last_match_has_no_next() {
    let shop = Shop::new().await;
    for n in 0..10 {
        shop.publish(shop.content(&format!("Runner {n}"))).await;
    }
    let page = shop.catalog.search(&Criteria::new(Some("*")), 10, None).await.unwrap();
    assert_eq!((page.listings.len(), page.next), (10, None));
}

#[tokio::test]
async fn ids_of_products_and_variants_are_looked_up_together() {
    let shop = Shop::new().await;
    let product = shop.publish(shop.content("Trail Runner")).await;
    let variant = product.content.variants[1].id;
    let nobody = ProductId::generate(&shop.world.ambient()).to_string();
    let ids = [
        product.id.to_string(),
        variant.to_string(),
        product.id.to_string(),
        nobody,
        "x".to_owned(),
    ];
    let (found, listings) = shop.catalog.look_up(&ids).await.unwrap();
    assert_eq!(
        found.iter().map(|found| found.variant).collect::<Vec<_>>(),
        [None, Some(variant)]
    );
    assert_eq!(listings.len(), 1);
}

#[tokio::test]
async fn working_copies_are_listed_by_state() {
    let shop = Shop::new().await;
    let first = shop.create(shop.content("First")).await;
    let second = shop.create(shop.content("Second")).await;
    let third = shop.create(shop.content("Third")).await;
    shop.step(third, Move::Submit).await.unwrap();
    let page = shop.catalog.products("draft", 1, None).await.unwrap();
    assert_eq!(page.items[0].id, first.id);
    let cursor = Catalog::products_cursor("draft", &page.next.unwrap().encode());
    assert_eq!(
        shop.catalog.products("draft", 5, cursor).await.unwrap().items[0].id,
        second.id
    );
    assert_eq!(
        shop.catalog.products("submitted", 5, None).await.unwrap().items.len(),
        1
    );
}

#[tokio::test]
async fn categories_are_written_once_per_version() {
    let shop = Shop::new().await;
    let category = tree().get(&"shoes".parse().unwrap()).unwrap().clone();
    let save = |expected| vec![shop.catalog.save_category(&category, expected).unwrap()];
    shop.catalog.dynamo().commit(save(0)).await.unwrap();
    assert!(shop.catalog.dynamo().commit(save(0)).await.is_err());
    shop.catalog.dynamo().commit(save(1)).await.unwrap();
    assert_eq!(
        shop.catalog.tree().await.unwrap().get(&category.slug).unwrap().version,
        2
    );
}
