"""A delivery with nothing new in one of its files is taken as it is."""

from datetime import timedelta
from pathlib import Path

from fourfold.pipeline import landing
from fourfold.simulation.run import simulate


def test_a_day_on_which_no_vehicle_was_entered_is_a_table_of_no_rows(tmp_path: Path) -> None:
    simulate(60, 1, tmp_path / "world", deliveries=2, every=timedelta(days=1))
    delta = max((tmp_path / "world" / "extracts" / "mark43_cumbria").iterdir())
    assert (delta / "items.jsonl").stat().st_size == 0

    landed = landing.land(delta, into=tmp_path / "landed")

    rows = {file.name: (file.rows, file.bad_rows) for file in landed.files}
    assert rows["items.jsonl"] == (0, 0)
    assert rows["attributes.jsonl"][0] > 0
    assert landed.findings == ()
