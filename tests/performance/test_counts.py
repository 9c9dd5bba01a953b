"""Counts of other regions: imported by two at once, each region's count of a day is kept once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date

from django.db import connections

from fourfold.performance import services
from fourfold.performance.models import RegionCount
from fourfold.performance.rules import RegionCount as Said
from fourfold.platform.visibility.scope import acting_as


def test_two_imports_of_the_same_counts_at_once_keep_each_once(lasting_db, universe):
    manager = universe.nwrocu_data_manager
    counts = [Said(f"Region {number}", 100 + number, date(2024, 2, 1), "A letter") for number in range(20)]
    ready = threading.Barrier(2)

    def bring():
        ready.wait()
        try:
            with acting_as(manager):
                return services.import_region_counts(actor=manager, counts=counts)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        brought = [each.result() for each in [pool.submit(bring), pool.submit(bring)]]
    assert brought == [20, 20]
    with acting_as(manager):
        assert RegionCount.objects.count() == 20
