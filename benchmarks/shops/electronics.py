"""An electronics shop drawn from word lists: long titles, kinds and brands that no lexicon has, codes, no photos."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any

_SEED = 4_242
_BRANDS = """
Auvion Brellman Cortado Duskline Ektra Fennwick Gantry Hollister-Rhee Ironvale Juno Kestrelle Lumatek Meridiax Norsk
Optavia Pellham Quarz Rivington Sombra Tessel Umbral Vantis Wexford Xyleo Yarrow Zellik
"""
_SERIES = """
Abyss Alpine Amber Anchor Apollo Arcade Argon Aspen Astra Atlas Aurora Avalon Badger Banjo Baron Basalt Beacon Bishop
Blizzard Bobcat Bravo Breeze Bronco Buckle Cadence Canyon Caravel Cascade Cedar Charm Chisel Cinder Citadel Clipper
Cobra Comet Condor Copper Coral Corsair Cosmo Coyote Crater Crescent Cricket Crimson Crystal Cyclone Dagger Dakota
Delta Denali Dingo Dolphin Drifter Dune Eagle Echo Eclipse Ember Encore Equinox Essence Everest Falcon Feather Fern
Fjord Flint Flux Forge Fossil Fox Galaxy Gazelle Geyser Ghost Glacier Granite Gravity Griffin Grove Gull Halo Harbor
Harvest Hawk Hazel Helix Heron Horizon Hornet Husky Ibis Icarus Impala Indigo Inferno Ion Island Ivory Jade Jaguar
Jasper Jet Jungle Kayak Kite Koala Lagoon Lantern Lark Laurel Ledger Legend Lemur Lotus Lynx Magma Magnet Mango Maple
Marlin Matrix Meadow Mesa Mirage Monarch Moose Mosaic Mustang Nebula Nimbus Nomad Nova Oasis Ocelot Onyx Opal Orbit
Orchid Osprey Otter Oxide Panda Panther Pebble Pelican Phoenix Pilot Pine Pioneer Pixel Plasma Polar Prism Puma Quartz
Quest Quill Raven Reef Ridge Ripple Robin Rogue Rover Saber Safari Saffron Sage Saturn Savanna Scout Sequoia Shadow
Sierra Silo Slate Solstice Sonar Spark Sphinx Spruce Stellar Stork Storm Summit Swift Talon Tango Tempest Terra
Thistle Thunder Tiger Titan Topaz Tornado Totem Trail Tundra Turbine Umber Utopia Valley Vector Velvet Venture Vertex
Violet Viper Vista Volt Vortex Walnut Warden Wasp Willow Wolf Wombat Yeti Zebra Zenith Zephyr
"""
_KINDS: Sequence[tuple[str, str, Sequence[str]]] = (
    ("Computers > Input > Keyboards", "mechanical keyboard", ("hot-swappable", "backlit", "tenkeyless", "ISO layout")),
    ("Computers > Input > Mice", "wireless mouse", ("silent clicks", "vertical grip", "rechargeable")),
    ("Computers > Storage > SSD", "solid state drive", ("NVMe", "M.2 2280", "heatsink", "1TB", "2TB", "500GB")),
    ("Computers > Storage > Memory cards", "microSD card", ("128GB", "256GB", "U3 V30", "with adapter")),
    ("Computers > Monitors", "curved monitor", ("27 inch", "32 inch", "165Hz", "height adjustable", "USB-C 90W")),
    ("Computers > Networking > Routers", "mesh router", ("WiFi 6E", "tri-band", "2.5G WAN", "three pack")),
    ("Computers > Networking > Switches", "gigabit switch", ("8-port", "16-port", "PoE+", "rack mount", "fanless")),
    ("Computers > Networking > Cables", "patch cable", ("RJ45", "Cat6a", "shielded", "3m", "10m", "snagless")),
    ("Computers > Accessories > Docks", "docking station", ("dual HDMI", "Thunderbolt 4", "13-in-1")),
    ("Computers > Accessories > Hubs", "USB hub", ("7-port", "powered", "aluminium", "USB 3.2")),
    ("Audio > Headphones", "noise cancelling headphones", ("over-ear", "40 hours", "foldable", "multipoint")),
    ("Audio > Earbuds", "true wireless earbuds", ("in-ear", "IPX7", "wireless charging case", "touch control")),
    ("Audio > Speakers", "bookshelf speakers", ("pair", "passive", "5.25 inch woofer", "walnut veneer")),
    ("Audio > Microphones", "condenser microphone", ("cardioid", "XLR", "shock mount", "pop filter")),
    ("Audio > Amplifiers", "stereo amplifier", ("class D", "bluetooth 5.0", "2x50W", "phono input")),
    ("Audio > Turntables", "belt drive turntable", ("33/45 rpm", "dust cover", "built-in preamp")),
    ("Cameras > Lenses", "prime lens", ("50mm f/1.8", "85mm f/1.4", "weather sealed", "E-mount")),
    ("Cameras > Tripods", "carbon fibre tripod", ("ball head", "travel size", "8kg load")),
    ("Cameras > Security", "outdoor security camera", ("night vision", "solar panel", "2K", "two-way talk")),
    ("Cameras > Action", "action camera", ("4K60", "waterproof 10m", "stabilisation", "dual screen")),
    ("Power > Chargers", "GaN wall charger", ("65W", "100W", "four port", "foldable plug")),
    ("Power > Power banks", "power bank", ("20000mAh", "10000mAh", "fast charging", "built-in cable")),
    ("Power > UPS", "uninterruptible power supply", ("1500VA", "line interactive", "LCD display")),
    ("Power > Batteries", "AA rechargeable batteries", ("pack of four", "pack of eight", "2800mAh")),
    ("Power > Surge protectors", "surge protector", ("8 outlets", "2m cord", "flat plug")),
    ("TV > Streaming", "streaming stick", ("4K HDR", "voice remote", "Dolby Vision")),
    ("TV > Mounts", "television wall mount", ("full motion", "37-75 inch", "VESA 600x400")),
    ("TV > Antennas", "indoor antenna", ("amplified", "120 mile range", "paper thin")),
    ("TV > Projectors", "short throw projector", ("1080p", "3000 lumens", "autofocus", "keystone")),
    ("Workshop > Soldering", "soldering station", ("60W", "temperature control", "ESD safe", "spare tips")),
    ("Workshop > Meters", "digital multimeter", ("true RMS", "auto-ranging", "6000 counts", "CAT III")),
    ("Workshop > Oscilloscopes", "handheld oscilloscope", ("100MHz", "two channel", "signal generator")),
    ("Workshop > Kits", "electronics starter kit", ("breadboard", "resistors", "jumper wires", "tutorial")),
    ("Workshop > Boards", "single board computer", ("8GB RAM", "dual Ethernet", "GPIO header")),
    ("Smart home > Plugs", "smart plug", ("energy monitoring", "two pack", "no hub required")),
    ("Smart home > Bulbs", "colour LED bulb", ("E27", "GU10", "dimmable", "1100 lumens")),
    ("Smart home > Sensors", "door window sensor", ("Zigbee 3.0", "coin cell", "five pack")),
    ("Smart home > Thermostats", "learning thermostat", ("C-wire adapter", "remote sensor")),
    ("Smart home > Doorbells", "video doorbell", ("battery powered", "package detection", "chime included")),
    ("Phones > Cases", "rugged phone case", ("magnetic ring", "kickstand", "clear back")),
    ("Phones > Screen protectors", "tempered glass", ("two pack", "privacy filter", "alignment frame")),
    ("Phones > Holders", "car phone holder", ("air vent", "suction cup", "Qi charging")),
    ("Gaming > Controllers", "game controller", ("hall effect sticks", "back paddles", "programmable")),
    ("Gaming > Chairs", "racing simulator cockpit", ("wheel stand", "adjustable seat")),
    ("Office > Printers", "laser printer", ("duplex", "monochrome", "WiFi Direct", "toner included")),
    ("Office > Scanners", "document scanner", ("sheet feeder", "60 ppm", "OCR software")),
    ("Office > Shredders", "paper shredder", ("cross cut", "12 sheet", "pull-out bin")),
    ("Office > Label makers", "label maker", ("thermal", "QWERTY keypad", "12mm tape")),
)  # fmt: skip
_COLOURS = ("Black", "White", "Grey", "Silver", "Blue", "Red", "Green", "")
_FOR = (
    "home office",
    "travel",
    "gaming",
    "professionals",
    "students",
    "studio use",
    "workshops",
    "small business",
)


def rows(count: int) -> Iterator[dict[str, Any]]:
    """Draw products as rows of a feed."""
    rng = random.Random(_SEED)
    brands, names = _BRANDS.split(), _SERIES.split()
    for place in range(count):
        category, kind, features = rng.choice(_KINDS)
        # Some series have many products, most have few.
        brand, series, colour = (
            rng.choice(brands),
            names[int(len(names) * rng.random() ** 3)],
            rng.choice(_COLOURS),
        )
        number = f"{rng.randrange(100, 9_999)}{rng.choice(('', 'B', 'W', 'X2'))}"
        model = f"{brand[:2].upper()}{rng.choice('ABDKMRXZ')}-{number}"
        chosen = rng.sample(features, min(len(features), rng.randrange(2, 5)))
        purpose = rng.choice(_FOR)
        title = f"{brand} {series} {kind.title()}, {', '.join(chosen)}, for {purpose}"
        if rng.random() < 0.5:
            title += f" ({model})"
        yield {
            "id": f"B0{rng.randrange(36**8):09d}"[:11] + f"{place:05d}",
            "title": f"{title}, {colour}" if colour else title,
            "brand": brand,
            "category": category,
            "price": round(rng.uniform(5, 900), 2),
            "colour": colour,
            "model": model,
            "ean": f"40{rng.randrange(10**11):011d}",
            "description": f"The {series} is a {kind} by {brand} for {purpose}. It comes with {', '.join(features)}. "
            f"Compare with the {rng.choice(names)} and the {rng.choice(names)} of the same maker.",
        }
