from typing import Any

from django.db import migrations, models
from django.db.models.deletion import PROTECT

from fourfold.platform.history.operations import stamp_by_policy_v1

TABLES = (
    "pole_personrecord",
    "pole_objectrecord",
    "pole_locationrecord",
    "pole_eventrecord",
    "pole_link",
    "pole_matchedge",
)
LABELLED = ("personrecord", "objectrecord", "locationrecord", "eventrecord", "link", "matchedge")
UNCHECKED: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("personrecord", "person", {"to": "pole.person", "related_name": "records"}),
    (
        "personrecord",
        "merged_into",
        {"to": "pole.personrecord", "related_name": "+", "null": True, "db_index": False},
    ),
    ("eventrecord", "location", {"to": "pole.locationrecord", "related_name": "events", "null": True}),
    ("matchedge", "left", {"to": "pole.personrecord", "related_name": "+", "db_index": False}),
    ("matchedge", "right", {"to": "pole.personrecord", "related_name": "+"}),
    *((model, "label", {"to": "visibility.accesslabel", "related_name": "+", "db_index": False}) for model in LABELLED),
)


class Migration(migrations.Migration):
    """Records come by the hundred thousand: what made each row dearer than its worth is checked once a statement."""

    dependencies = [("pole", "0005_take_stock")]
    operations = [
        *(stamp_by_policy_v1(table) for table in TABLES),
        *(
            migrations.AlterField(model, name, models.ForeignKey(on_delete=PROTECT, db_constraint=False, **settings))
            for model, name, settings in UNCHECKED
        ),
    ]
