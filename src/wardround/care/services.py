"""The services of the department, inferred from who uses whom, corrected by the site file.

A service is a tree over assets: to make CT images and show them to a reader takes one of the CTs with its archive, its
worklist, its names and its directory, and one of the viewers with theirs. What was not seen is not in the tree: the report
says that the tree holds what the evidence shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from wardround.care import activity, dependencies, trees
from wardround.care.application_entities import Asking
from wardround.model import Activity, Asset, Part, Service
from wardround.site import CareService, Site

#: Services that make images, by the role of the devices, and whether emergencies depend on them.
IMAGING: dict[str, bool] = {
    "ct": True, "mr": False, "x_ray": True, "mammography": False, "angiography": True, "ultrasound": False,
    "nuclear_medicine": False, "radiotherapy": False, "modality": False,
}  # fmt: skip

#: Codes of orders (OBR-24) and images that belong to a service.
_CODES = {"ct": ("CT",), "mr": ("MR",), "x_ray": ("CR", "DX", "RF"), "mammography": ("MG",), "angiography": ("XA",),
          "ultrasound": ("US",), "nuclear_medicine": ("NM", "PT")}  # fmt: skip

TITLES: dict[str, dict[str, str]] = {
    "ct": {"en": "CT, emergencies included", "fr": "Scanner, urgences comprises"},
    "mr": {"en": "MR imaging", "fr": "IRM"},
    "x_ray": {"en": "X-ray rooms", "fr": "Salles de radiographie"},
    "mammography": {"en": "Mammography", "fr": "Mammographie"},
    "angiography": {"en": "Interventional radiology", "fr": "Radiologie interventionnelle"},
    "ultrasound": {"en": "Ultrasound", "fr": "Échographie"},
    "nuclear_medicine": {"en": "Nuclear medicine", "fr": "Médecine nucléaire"},
    "radiotherapy": {"en": "Radiotherapy", "fr": "Radiothérapie"},
    "modality": {"en": "Other imaging", "fr": "Autres examens d’imagerie"},
    "reading": {"en": "Reading on site", "fr": "Lecture sur place"},
    "remote_reading": {"en": "Reading from home", "fr": "Lecture à domicile"},
    "teleradiology": {"en": "Teleradiology", "fr": "Téléradiologie"},
    "results": {"en": "Results to the wards", "fr": "Comptes rendus vers les services de soins"},
}

_REMOTE_ZONES = ("vpn_pool",)
_PARTNER_ZONES = ("partner", "internet")


@dataclass(frozen=True, slots=True)
class _Scene:
    """What the inference looks at: assets by name, zones of hosts, who uses whom, and which hosts archives are."""

    assets: Mapping[str, Asset]
    uses: dependencies.Uses
    archives: frozenset[str]
    passing: frozenset[str]
    site: Site

    def zone(self, name: str) -> str:
        found = self.assets.get(name)
        return found.zone if found and found.zone else self.site.zone_of(name)

    def makes(self, name: str) -> str:
        """The role of a host that makes images; empty for what only passes on those that others send to it."""
        role = self.role(name)
        return role if role in IMAGING and name not in self.passing else ""

    def role(self, name: str) -> str:
        found = self.assets.get(name)
        return found.roles[0].name if found and found.roles else ""


def inferred(
    tables: Asking, site: Site, assets: Sequence[Asset], rhythm: np.ndarray, uses: dependencies.Uses | None = None
) -> tuple[Service, ...]:
    """The services of a round in a fixed order; ``uses`` are those of the same assets, when known. Raises WardroundError."""
    names = addresses(assets)
    uses = uses or dependencies.seen(tables, names)
    known = {asset.name: asset for asset in assets}
    # A host that answers searches is an archive; so is what the site file or its own messages call one.
    archives = {host for client in uses.clients("queries") for host in uses.hosts(client, "queries")}
    archives |= {asset.name for asset in assets if any(role.name in ("pacs", "vna", "archive") for role in asset.roles[:1])}
    passing = frozenset(host for hosts in uses.of.get("stores", {}).values() for host in hosts)
    scene = _Scene(known, uses, frozenset(archives), passing, site)
    counted = activity.seen(tables, names)
    found = {service.name: service for service in _services(scene, counted, rhythm)}
    return tuple(_corrected(found, site, known))


def addresses(assets: Iterable[Asset]) -> dict[str, str]:
    """The name of the asset at each address, and at its own name."""
    found: dict[str, str] = {}
    for asset in assets:
        for address in asset.addresses:
            found.setdefault(address, asset.name)
        found.setdefault(asset.name, asset.name)
    return found


def _services(scene: _Scene, counted: activity.Seen, rhythm: np.ndarray) -> Iterator[Service]:
    reading = _reading(scene, _viewers(scene))
    for role, emergency in IMAGING.items():
        devices = [name for name in scene.assets if scene.makes(name) == role]
        if devices:
            made = trees.either((_device(scene, device) for device in devices), "imaging")
            tree = trees.every([made, *([reading] if reading else [])])
            done = _activity(role, devices, counted, scene.site.hospital.timezone, rhythm)
            local = trees.either((trees.asset(device, "imaging") for device in devices), "imaging")
            yield _service(scene, role, tree, emergency, done, local)
    if reading:
        yield _service(scene, "reading", reading, emergency=True, done=_everything(counted, scene, rhythm))
    others = {"remote_reading": _remote(scene), "teleradiology": _partners(scene), "results": _results(scene)}
    for name, found in others.items():
        if found is not None:
            yield _service(scene, name, found, emergency=name == "remote_reading", done=Activity("none"))


def _service(scene: _Scene, name: str, tree: Part, emergency: bool, done: Activity, local: Part | None = None) -> Service:
    members = list(trees.assets_of(tree))
    buffers = (asset.name for asset in scene.site.assets if asset.buffer_hours)
    keeps = {
        *buffers,
        *scene.uses.repeats,
        *(client for client in scene.uses.clients("commits") if client not in scene.archives),
    }
    viewers = [name for name in _viewers(scene) if name in members and not scene.uses.hosts(name, "directory")]
    return Service(
        name=name,
        title=TITLES[name],
        needs=tree,
        stated=False,
        emergency=emergency,
        activity=done,
        local=local,
        single_points=trees.single_points(tree),
        autonomous=tuple(member for member in members if member in keeps),
        # silence about the directory says something only where the directory was seen at all
        independent=tuple(viewers) if scene.uses.clients("directory") else (),
    )


def _device(scene: _Scene, device: str) -> Part:
    """A device with everything that it was seen to need to deliver its images."""
    uses = scene.uses
    worklists = uses.hosts(device, "worklist")
    sent = [t for t in uses.hosts(device, "stores", "commits") or uses.hosts(device, "dicom") if _holds(scene, t)]
    targets = [target for target in sent if target in scene.archives or target not in worklists]
    return trees.every(
        [
            trees.asset(device, "imaging"),
            *_any([_archive(scene, target) for target in targets], "archive"),
            *_any([trees.asset(host, "worklist") for host in worklists], "worklist"),
            *_infrastructure(scene, device),
        ]
    )  # fmt: skip


def _holds(scene: _Scene, target: str) -> bool:
    """Whether a host may be where images go: an archive, or one that passes them on."""
    if target in scene.archives or scene.uses.hosts(target, "stores"):
        return True
    return scene.role(target) in ("", "pacs", "vna", "archive", "interface_engine", "modality")


def _archive(scene: _Scene, target: str) -> Part:
    """An archive; or what passes images on, with the archives that it passes them to."""
    onward = [host for host in scene.uses.hosts(target, "stores") if host in scene.archives and host != target]
    if target in scene.archives or not onward:
        return trees.asset(target, "archive")
    return trees.every([trees.asset(target, "archive"), *_any([trees.asset(host, "archive") for host in onward], "archive")])


def _infrastructure(scene: _Scene, host: str) -> Iterator[Part]:
    for use in ("names", "directory", "addresses"):
        yield from _any([trees.asset(server, use) for server in scene.uses.hosts(host, use)], use)


def _any(parts: Sequence[Part], role: str) -> list[Part]:
    return [trees.either(parts, role)] if parts else []


def _viewers(scene: _Scene) -> list[str]:
    """Hosts on site that search and fetch images and make none."""
    asking = scene.uses.clients("queries")
    stated = [asset.name for asset in scene.assets.values() if scene.role(asset.name) == "workstation" and asset.ae_titles]
    found = dict.fromkeys([*stated, *asking])
    elsewhere = (*_REMOTE_ZONES, *_PARTNER_ZONES)
    return [
        name for name in found
        if scene.role(name) not in IMAGING and name not in scene.archives and scene.zone(name) not in elsewhere
    ]  # fmt: skip


def _reading(scene: _Scene, viewers: Sequence[str]) -> Part | None:
    parts = []
    for viewer in viewers:
        sources = scene.uses.hosts(viewer, "queries") or [h for h in scene.uses.hosts(viewer, "dicom") if h in scene.archives]
        archives = _any([trees.asset(host, "archive") for host in sources], "archive")
        parts.append(trees.every([trees.asset(viewer, "reading"), *archives, *_infrastructure(scene, viewer)]))
    return trees.either(parts, "reading") if parts else None


def _remote(scene: _Scene) -> Part | None:
    """Reading from home: a gateway, and an archive or a viewer that those who came through it use."""
    viewers = set(_viewers(scene))
    clients = [name for name in scene.uses.clients("queries", "desktop", "dicom") if scene.zone(name) in _REMOTE_ZONES]
    targets: dict[str, None] = {}
    for client in clients:
        for host in scene.uses.hosts(client, "queries", "desktop", "dicom"):
            if host in scene.archives or host in viewers:
                targets.setdefault(host)
    if not targets:
        return None
    gateways = [asset.name for asset in scene.assets.values() if scene.role(asset.name) == "vpn_gateway"]
    gateways += [host for client in clients for host in scene.uses.hosts(client, "gateway")]
    reached = [
        (_reading(scene, [host]) if host in viewers else None) or trees.asset(host, "archive") for host in targets
    ]  # fmt: skip
    gate = _any([trees.asset(name, "gateway") for name in dict.fromkeys(gateways)], "gateway")
    return trees.every([*gate, trees.either(reached, "reading")])


def _partners(scene: _Scene) -> Part | None:
    """Teleradiology: an archive of ours that sends to, or is asked by, hosts outside."""
    parts = []
    for client in scene.uses.clients("stores", "delivers", "queries", "dicom"):
        for host in scene.uses.hosts(client, "stores", "delivers", "queries", "dicom"):
            inside, outside = (client, host) if scene.zone(host) in _PARTNER_ZONES else (host, client)
            if scene.zone(outside) in _PARTNER_ZONES and inside in scene.archives and scene.zone(inside) not in _PARTNER_ZONES:
                parts.append(trees.every([trees.asset(inside, "archive"), trees.asset(outside, "partner")]))
    return trees.either(parts) if parts else None


def _results(scene: _Scene) -> Part | None:
    """Results to the wards: who sends reports and who receives them."""
    senders = [name for name in scene.uses.clients("results") if scene.role(name) not in ("laboratory",)]
    parts = [
        trees.every(
            [trees.asset(name, "results"), trees.either(trees.asset(h, "results") for h in scene.uses.hosts(name, "results"))]
        )
        for name in senders
    ]
    return trees.every(parts) if parts else None


def _activity(
    role: str, devices: Sequence[str], counted: activity.Seen, timezone: str, rhythm: np.ndarray
) -> Activity:  # fmt: skip
    times = [ts for (name, _), found in counted.studies.items() if name in devices for ts in found]
    if times:
        return activity.measured(times, counted, timezone, rhythm)
    ordered = [ts for code in _CODES.get(role, ()) for ts in counted.orders.get(code, ())]
    return activity.measured(ordered, counted, timezone, rhythm, "orders")


def _everything(counted: activity.Seen, scene: _Scene, rhythm: np.ndarray) -> Activity:
    """What there is to read: the examinations of all devices."""
    makers = {name for name in scene.assets if scene.makes(name)}
    times = [ts for (name, _), found in counted.studies.items() if name in makers for ts in found]
    return activity.measured(times, counted, scene.site.hospital.timezone, rhythm)


def _corrected(found: dict[str, Service], site: Site, known: Mapping[str, Asset]) -> Iterator[Service]:
    """What was inferred with what the site file says in its place."""
    stated = {service.name: service for service in site.services}
    by_name = addresses(known.values()) | {name.casefold(): name for name in known}
    for name, service in found.items():
        told = stated.pop(name, None)
        if told is None:
            yield service
        elif not told.absent:
            yield _stated(told, by_name, service)
    for told in stated.values():
        if not told.absent:
            title = TITLES.get(told.name, {"en": told.title or told.name, "fr": told.title or told.name})
            emergency = IMAGING.get(told.name, False)
            yield _stated(told, by_name, Service(told.name, title, trees.every([]), False, emergency, Activity("none")))


def _stated(told: CareService, by_name: Mapping[str, str], service: Service) -> Service:
    changed = service
    if told.title:
        changed = replace(changed, title={"en": told.title, "fr": told.title})
    if told.needs:
        rows = [[by_name.get(name, by_name.get(name.casefold(), name)) for name in group] for group in told.needs]
        tree = trees.every(trees.either(trees.asset(name) for name in group) for group in rows)
        changed = replace(changed, needs=tree, stated=True, single_points=trees.single_points(tree))
    if told.exams_per_day is not None:
        rate = told.exams_per_day
        changed = replace(changed, activity=replace(changed.activity, basis="stated", per_day=rate, low=rate, high=rate))
    if told.emergency is not None:
        changed = replace(changed, emergency=told.emergency)
    if told.emergencies_per_day is not None:
        changed = replace(changed, emergencies_per_day=told.emergencies_per_day, emergency=True)
    return changed
