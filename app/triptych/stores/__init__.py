"""What each store tells: XML files, registry, scheduler. `STORES` names them in the order a scan reads them."""

from triptych.stores.classes import CLASSES
from triptych.stores.host import HOST
from triptych.stores.job import StoreReader
from triptych.stores.legacy import LEGACY
from triptych.stores.proof import PROOF
from triptych.stores.registry import REGISTRY
from triptych.stores.scheduler import LISTINGS
from triptych.stores.targets import TARGETS
from triptych.stores.xml import EMPTY_FILES, XML

STORES: tuple[StoreReader, ...] = (XML, REGISTRY, HOST, LEGACY, LISTINGS)
__all__ = ["CLASSES", "EMPTY_FILES", "PROOF", "STORES", "TARGETS"]
