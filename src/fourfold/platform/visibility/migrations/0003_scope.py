from pathlib import Path

from django.db import migrations

from fourfold.platform.visibility.operations import open_to_finder_v1

SQL = Path(__file__).parents[1] / "sql"
# What decides who sees what. A change to any of them is seen by the next request of everybody.
DECIDING = (
    "people_user",
    "people_organisation",
    "people_roleheld",
    "reference_referenceterm",
    "visibility_accesslabel",
    "visibility_accesslabel_named",
    "visibility_agreement",
    "visibility_agreement_parties",
    "visibility_compartment",
    "visibility_compartmentmember",
)


class Migration(migrations.Migration):
    """The stamp by which a scope knows that what people hold has changed, and how labels spread over a table."""

    dependencies = [("visibility", "0002_labels"), ("people", "0001_people"), ("reference", "0001_terms")]
    operations = [
        migrations.RunSQL((SQL / "scope_v1.sql").read_text(), (SQL / "unscope_v1.sql").read_text()),
        migrations.RunSQL("revoke execute on function visibility_restamp() from public", migrations.RunSQL.noop),
        *(
            migrations.RunSQL(
                f"create trigger visibility_restamp after insert or update or delete on {table} "
                "for each statement execute function visibility_restamp()",
                f"drop trigger visibility_restamp on {table}",
            )
            for table in DECIDING
        ),
        open_to_finder_v1("visibility_spread(regclass)"),
    ]
