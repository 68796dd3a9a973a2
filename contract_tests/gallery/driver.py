"""The reference client as a driver: ``python -m contract_tests.gallery.driver``."""

from contract_tests.gallery.reference import Reference
from mockserver.contract.cases import SURFACES
from mockserver.contract.driver import drive
from mockserver.contract.protocol import KNOWN_FEATURES

if __name__ == "__main__":
    drive(Reference, client="reference", surfaces=SURFACES, features=KNOWN_FEATURES)
