"""The product album that employees send from."""

from collections.abc import Iterator

from channels.providers.wecom.api.family import Family, Row, given


def _pictures(media_ids: list[str] | None) -> list[Row] | None:
    """Ids from media.upload_attachment for the album."""
    if media_ids is None:
        return None
    return [{"type": "image", "image": {"media_id": media_id}} for media_id in media_ids]


class Album(Family):
    def add(self, description: str, price: int, media_ids: list[str], number: str = "") -> str:
        """product_id. Price in fen, one to nine pictures, number of letters and digits."""
        fields = given(product_sn=number or None, attachments=_pictures(media_ids))
        path = "externalcontact/add_product_album"
        return str(
            self.client.write(path, description=description, price=price, **fields)["product_id"]
        )

    def one(self, product_id: str) -> Row:
        path = "externalcontact/get_product_album"
        return dict(self.client.read(path, product_id=product_id)["product"])

    def rows(self) -> Iterator[Row]:
        return self._pages("externalcontact/get_product_album_list", "product_list", limit=100)

    def update(
        self,
        product_id: str,
        *,
        description: str | None = None,
        price: int | None = None,
        media_ids: list[str] | None = None,
        number: str | None = None,
    ) -> None:
        fields = given(
            description=description,
            price=price,
            product_sn=number,
            attachments=_pictures(media_ids),
        )
        self.client.write("externalcontact/update_product_album", product_id=product_id, **fields)

    def delete(self, product_id: str) -> None:
        self.client.write("externalcontact/delete_product_album", product_id=product_id)
