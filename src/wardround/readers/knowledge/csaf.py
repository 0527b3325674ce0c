"""Reader of security advisories in CSAF 2.0 (OASIS), those of makers of medical devices among them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wardround.readers.base import Sink, Source, Span
from wardround.readers.instants import iso_instant
from wardround.readers.json_members import mapping, mappings, text, whole
from wardround.readers.knowledge.feed import Feed, Versions, worst_score, written_range

if TYPE_CHECKING:
    from wardround.readers.base import Reader

CSAF = "csaf_json"

_HEAD = re.compile(rb'"csaf_version"\s*:\s*"2')
_DEPTH = 32
_MOST_PRODUCTS = 20_000

_STATUS = {
    "known_affected": "affected", "first_affected": "affected", "last_affected": "affected", "fixed": "fixed",
    "first_fixed": "fixed", "known_not_affected": "not_affected", "under_investigation": "under_investigation",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Product:
    vendor: str
    name: str
    versions: Versions
    cpe: str
    purl: str


class CsafReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "csaf"

    def sniff(self, head: bytes) -> str | None:
        """An object with ``csaf_version``."""
        return CSAF if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and _HEAD.search(head) else None

    def split(self, source: Source) -> Iterator[Span]:
        """One span."""
        yield Span()

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read the advisory: every vulnerability with every product it says something about."""
        with source.open() as stream:
            advisory = mapping(whole(stream))
        feed = Feed("csaf", sink)
        document = mapping(advisory.get("document"))
        tracking = mapping(document.get("tracking"))
        feed.title = " ".join(filter(None, (text(tracking.get("id")), text(document.get("title")))))
        feed.version = text(tracking.get("version"))
        feed.date = iso_instant(tracking.get("current_release_date"))
        products = _products(mapping(advisory.get("product_tree")), sink)
        published = iso_instant(tracking.get("initial_release_date")) or feed.date
        for number, said in enumerate(mappings(advisory.get("vulnerabilities")), 1):
            feed.entries += 1
            _write(said, number, published, products, feed)
        feed.close()


def _products(tree: dict[str, Any], sink: Sink) -> dict[str, _Product]:
    found: dict[str, _Product] = {}
    pending: list[tuple[dict[str, Any], dict[str, str], int]] = [(tree, {}, 0)]
    while pending:
        node, names, depth = pending.pop()
        for branch in mappings(node.get("branches")):
            here = {**names, text(branch.get("category")): text(branch.get("name"))}
            if depth < _DEPTH:
                pending.append((branch, here, depth + 1))
            product = mapping(branch.get("product"))
            if identifier := text(product.get("product_id")):
                if len(found) >= _MOST_PRODUCTS:
                    sink.diagnose("too_many_products", f"More than {_MOST_PRODUCTS} products; the rest was not read.")
                    return found
                found[identifier] = _product(product, here)
    for product in mappings(tree.get("full_product_names")):
        found.setdefault(text(product.get("product_id")), _product(product, {}))
    for relation in mappings(tree.get("relationships")):
        base = found.get(text(relation.get("product_reference")))
        identifier = text(mapping(relation.get("full_product_name")).get("product_id"))
        if base and identifier and len(found) < _MOST_PRODUCTS:
            found.setdefault(identifier, base)
    return found


def _product(product: dict[str, Any], names: dict[str, str]) -> _Product:
    helper = mapping(product.get("product_identification_helper"))
    written = names.get("product_version_range") or names.get("product_version") or ""
    name = names.get("product_name") or names.get("product_family") or text(product.get("name"))
    return _Product(names.get("vendor", ""), name, written_range(written), text(helper.get("cpe")), text(helper.get("purl")))


def _write(said: dict[str, Any], number: int, published: int | None, products: dict[str, _Product], feed: Feed) -> None:
    score, severity = worst_score(said.get("scores"))
    identifier = text(said.get("cve")) or next((text(i.get("text")) for i in mappings(said.get("ids"))), "")
    common: dict[str, Any] = {"cve": identifier, "title": text(said.get("title")), "score": score, "severity": severity}
    told: set[tuple[str, str]] = set()
    for name, listed in mapping(said.get("product_status")).items():
        status = _STATUS.get(name)
        for reference in listed if status and isinstance(listed, list) else []:
            product = products.get(reference) if isinstance(reference, str) else None
            if product is None or (reference, status) in told:
                continue
            told.add((reference, status or ""))
            feed.vulnerability(
                number,
                published,
                product.versions,
                vendor=product.vendor,
                product=product.name,
                cpe=product.cpe,
                purl=product.purl,
                status=status,
                **common,
            )
    if not told:
        feed.vulnerability(number, published, status="under_investigation", **common)


READER: Reader = CsafReader()
